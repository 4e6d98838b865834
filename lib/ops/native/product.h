// SPDX-License-Identifier: LGPL-2.1-or-later
/// Products of rows of inputs with packed weights, on all threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/native/aligned_memory.h"
#include "ops/native/kernels.h"
#include "ops/native/native_types.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt::ops {

/// Where a product goes.
struct ProductOutput {
  float *values = nullptr;
  /// Floats from one row to the next.
  int64_t stride = 0;
  /// One for each column, or null.
  const float *bias = nullptr;
  const float *scale = nullptr;
  /// values += scale * (product + bias) instead of values = product + bias.
  bool accumulate = false;
};

/// Computes products; keeps the memory that they need between calls.
/// Threads: one at a time. Lifetime: borrows pool and kernels.
class Multiplier {
 public:
  Multiplier(const Kernels &kernels, ThreadPool &pool);

  /// Row r of the output is weight * rows[r]. The inputs' rows may overlap, but not the output.
  void multiply(const PanelMatrix &weight, std::span<const float *const> rows,
                const ProductOutput &output);

 private:
  /// Some neighbouring panels of the weight with some rows of inputs.
  struct Task {
    int64_t first_panel = 0;
    int64_t panels = 0;
    std::span<const void *const> rows;
    /// Of the first of these rows.
    ProductOutput output;
    /// The thread's memory for sums.
    float *partial = nullptr;
  };

  void multiply_task(const PanelMatrix &weight, const Task &task) const;
  void multiply_panels(const PanelMatrix &weight, const Task &task, int64_t panel,
                       int64_t panels) const;
  /// The inputs in the form that the weight's precision multiplies with.
  std::span<const void *const> prepare(const PanelFormat &format,
                                       std::span<const float *const> rows);
  void prepare_bf16(const PanelFormat &format, std::span<const float *const> rows);
  void prepare_quantized(const PanelFormat &format, std::span<const float *const> rows);
  /// Calls prepare_row(index) for every row, on all threads if that pays.
  template <typename PrepareRow>
  void for_each_row(size_t count, int64_t columns, const PrepareRow &prepare_row);
  std::byte *prepared_memory(size_t bytes);

  const Kernels &kernels_;
  ThreadPool &pool_;
  AlignedMemory prepared_;
  std::vector<const void *> pointers_;
  std::vector<QuantizedRow> quantized_;
  /// Sums between the cuts of long rows, for each thread.
  std::vector<AlignedMemory> partial_;
};

}  // namespace kyutaistt::ops
