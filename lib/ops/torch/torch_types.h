// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the handles of ops/tensor.h hold in the libtorch implementation.
#pragma once

#include <memory>
#include <utility>

// Clang needs it before the rest: libtorch 1.13 forward-declares what C++20 wants to be complete.
// clang-format off
#include <ATen/core/ivalue.h>
// clang-format on
#include <ATen/ATen.h>

#include "ops/tensor.h"

namespace kyutaistt::ops {

class TorchStorage final : public Storage {
 public:
  explicit TorchStorage(at::Tensor values) : tensor(std::move(values)) {}
  /// [rows, columns], f32.
  at::Tensor tensor;
};

class TorchMatrix final : public Matrix {
 public:
  explicit TorchMatrix(const at::Tensor &values)
      : Matrix(values.size(0), values.size(1)), tensor(values) {}
  uint64_t bytes() const noexcept override { return tensor.nbytes(); }
  /// [rows, columns], f32 or bf16.
  const at::Tensor tensor;
};

inline Tensor wrap(at::Tensor tensor) {
  const int64_t rows = tensor.size(0);
  const int64_t columns = tensor.size(1);
  return {rows, columns, std::make_shared<TorchStorage>(std::move(tensor))};
}

inline at::Tensor &unwrap(const Tensor &tensor) {
  return static_cast<TorchStorage &>(*tensor.storage).tensor;
}

inline const at::Tensor &weight_of(const Matrix &matrix) {
  return static_cast<const TorchMatrix &>(matrix).tensor;
}

}  // namespace kyutaistt::ops
