// SPDX-License-Identifier: LGPL-2.1-or-later
/// Attention over ring caches, for many streams at once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "ops/native/aligned_memory.h"
#include "ops/native/kernels.h"
#include "ops/native/thread_pool.h"
#include "ops/operations.h"

namespace kyutaistt::ops {

std::unique_ptr<KeyValueCache> make_native_cache(const Attention &attention, int64_t capacity,
                                                 CachePrecision precision);

/// Threads: one at a time. Lifetime: borrows pool and kernels.
class Attender {
 public:
  Attender(const Kernels &kernels, ThreadPool &pool) : kernels_(kernels), pool_(pool) {}

  /// See `Operations::attend`. `output`: [rows, heads * head_dimension].
  void attend(const float *qkv, const Attention &attention, std::span<const AttentionRow> rows,
              float *output);

 private:
  /// Fills `cosines_` and `sines_` for the rows' positions, unless they are already.
  void prepare_rotation(const Attention &attention, std::span<const AttentionRow> rows);
  void prepare_scratch(int64_t floats);

  const Kernels &kernels_;
  ThreadPool &pool_;
  /// All layers of a step rotate by the same angles: they are kept from call to call.
  Attention rotated_attention_;
  std::vector<int64_t> rotated_positions_;
  std::vector<double> frequencies_;
  /// [rows, head_dimension / 2]
  std::vector<float> cosines_;
  std::vector<float> sines_;
  /// For each thread.
  std::vector<AlignedMemory> scratch_;
};

}  // namespace kyutaistt::ops
