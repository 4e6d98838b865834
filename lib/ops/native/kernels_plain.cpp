// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/vector_plain.h"

// After the vectors that it is written in.
#include "ops/native/kernels_body.h"

namespace kyutaistt::ops {

const Kernels &plain_kernels() {
  static constexpr Kernels kernels = make_kernels("plain");
  return kernels;
}

}  // namespace kyutaistt::ops
