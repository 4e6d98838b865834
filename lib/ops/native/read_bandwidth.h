// SPDX-License-Identifier: LGPL-2.1-or-later
/// How fast this machine reads memory.
#pragma once

#include <deque>
#include <vector>

#include "ops/native/aligned_memory.h"
#include "ops/native/kernels.h"
#include "ops/native/native_types.h"
#include "ops/native/product.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt::ops {

/// Reads half a gigabyte in many ways, on all threads: in one place and in several at once, with
/// and without asking for what comes next, and as products with one row read their weights. Which
/// is the fastest differs between processors.
/// Threads: one at a time. Lifetime: borrows the kernels.
class ReadBandwidth {
 public:
  /// Throws std::bad_alloc.
  ReadBandwidth(const Kernels &kernels, int threads);

  /// Reads once in each way; some hundredths of a second each. Returns the best rate of all so far,
  /// in bytes a second: what else runs on the machine makes a single one too low, never too high.
  double measure();

 private:
  void read_plainly(int places, bool asks);
  void read_as_product(const PanelMatrix &weight);

  ThreadPool pool_;
  const Kernels &kernels_;
  Multiplier multiplier_;
  AlignedMemory memory_;
  std::deque<PanelMatrix> weights_;
  std::vector<float> input_;
  std::vector<float> output_;
  double best_ = 0;
};

}  // namespace kyutaistt::ops
