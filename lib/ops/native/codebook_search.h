// SPDX-License-Identifier: LGPL-2.1-or-later
/// Residual vector quantization: the nearest entries, exactly, at half the cost of reading them
/// all.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ops/native/kernels.h"
#include "ops/native/product.h"
#include "ops/native/thread_pool.h"
#include "ops/tensor.h"

namespace kyutaistt::ops {

/// `entries`: [entries, dimension].
std::shared_ptr<const Codebook> make_native_codebook(std::span<const float> entries,
                                                     int64_t dimension, ThreadPool &pool);

/// The entries are kept twice: as 16-bit integers, for comparing all of them, and as f32, for those
/// that the rounding leaves in question. The error of a comparison is bounded (Cauchy-Schwarz), so
/// the result is that of f32.
/// Threads: one at a time. Lifetime: borrows both.
class CodebookSearch {
 public:
  CodebookSearch(const Kernels &kernels, Multiplier &multiplier)
      : kernels_(kernels), multiplier_(multiplier) {}

  /// See `Operations::nearest_codes`; `x` is [rows, dimension].
  std::vector<int32_t> nearest_codes(std::span<const float> x, int64_t dimension,
                                     std::span<const std::shared_ptr<const Codebook>> codebooks);

 private:
  const Kernels &kernels_;
  Multiplier &multiplier_;
  std::vector<float> residuals_;
  std::vector<float> nearness_;
};

}  // namespace kyutaistt::ops
