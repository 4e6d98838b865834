// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/vector_neon.h"

// After the vectors that it is written in.
#include "ops/native/kernels_body.h"

namespace kyutaistt::ops {

const Kernels &neon_i8mm_kernels() {
  static constexpr Kernels kernels = make_kernels("neon-i8mm");
  return kernels;
}

}  // namespace kyutaistt::ops
