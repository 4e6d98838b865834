// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the handles of ops/tensor.h hold in the native implementation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "ops/native/aligned_memory.h"
#include "ops/native/panel_format.h"
#include "ops/tensor.h"

namespace kyutaistt::ops {

/// [rows, columns] of f32, row after row. Gives its memory back to a pool if it came from one.
class NativeStorage final : public Storage {
 public:
  NativeStorage(AlignedMemory memory, std::shared_ptr<MemoryPool> pool)
      : memory_(std::move(memory)), pool_(std::move(pool)) {}
  ~NativeStorage() override {
    if (pool_ != nullptr) {
      pool_->give_back(std::move(memory_));
    }
  }

  float *values() const noexcept { return memory_.as<float>(); }

 private:
  AlignedMemory memory_;
  const std::shared_ptr<MemoryPool> pool_;
};

inline float *values_of(const Tensor &tensor) {
  return static_cast<NativeStorage &>(*tensor.storage).values();
}

/// The values, or null for an empty tensor.
inline const float *values_or_null(const Tensor &tensor) {
  return tensor.storage == nullptr ? nullptr : values_of(tensor);
}

/// Weights for products, in panels.
class PanelMatrix final : public Matrix {
 public:
  PanelMatrix(const PanelFormat &panel_format, AlignedMemory packed)
      : Matrix(panel_format.rows, panel_format.columns),
        format(panel_format),
        memory_(std::move(packed)),
        panels_(memory_.data()) {}
  /// Panels in memory of others, which must outlive the matrix.
  PanelMatrix(const PanelFormat &panel_format, const std::byte *panels)
      : Matrix(panel_format.rows, panel_format.columns), format(panel_format), panels_(panels) {}

  uint64_t bytes() const noexcept override { return format.bytes(); }
  const std::byte *panels() const noexcept { return panels_; }

  const PanelFormat format;

 private:
  const AlignedMemory memory_;
  const std::byte *const panels_;
};

/// Rows to be looked up, one after the other, in f32 or bf16.
class TableMatrix final : public Matrix {
 public:
  TableMatrix(int64_t row_count, int64_t column_count, bool bf16, AlignedMemory row_values)
      : Matrix(row_count, column_count), is_bf16(bf16), memory(std::move(row_values)) {}

  uint64_t bytes() const noexcept override {
    return static_cast<uint64_t>(rows * columns) * (is_bf16 ? sizeof(uint16_t) : sizeof(float));
  }

  const bool is_bf16;
  const AlignedMemory memory;
};

/// The last columns of a convolution's input: [context, inputs].
class NativeConvolutionContext final : public ConvolutionContext {
 public:
  explicit NativeConvolutionContext(size_t count) : columns(count) {}
  std::vector<float> columns;
};

}  // namespace kyutaistt::ops
