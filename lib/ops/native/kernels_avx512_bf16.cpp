// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/vector_avx512.h"

// After the vectors that it is written in.
#include "ops/native/kernels_body.h"

namespace kyutaistt::ops {

const Kernels &avx512_bf16_kernels() {
  static constexpr Kernels kernels = make_kernels("avx512-bf16");
  return kernels;
}

}  // namespace kyutaistt::ops
