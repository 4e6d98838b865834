// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reading the values of floating-point tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

/// True for F64, F32, F16 and BF16.
bool is_floating_point(DataType type) noexcept;

/// All values as f32 (F64 is rounded). `view` must be floating point.
std::vector<float> to_floats(const TensorView &view);

/// The values from element `first` on, as many as `output` holds, as f32. `view` must be floating
/// point and have them.
void copy_floats(const TensorView &view, int64_t first, std::span<float> output);

/// Index of the first value that is infinite, as f32, or not a number. Bound by memory bandwidth
/// for the types that large tensors have (F32, BF16, F16). `view` must be floating point.
std::optional<int64_t> find_non_finite(const TensorView &view);

}  // namespace kyutaistt::checkpoint
