// SPDX-License-Identifier: LGPL-2.1-or-later
/// Puts weights into the form that products read.
#pragma once

#include <cstdint>
#include <span>

#include "checkpoint/tensor_source.h"
#include "ops/native/aligned_memory.h"
#include "ops/native/panel_format.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt::ops {

/// Where a matrix to be packed comes from: views [rows_i, columns] below each other.
struct PackingSource {
  std::span<const checkpoint::TensorView> parts;
  /// Above 1 for a convolution [outputs, inputs, kernel]: its rows are packed in the order
  /// [kernel, inputs], as the rows of a channels-last input lie.
  int64_t kernel = 1;
};

/// Packs on all threads, straight from the views. Throws std::bad_alloc.
AlignedMemory pack_panels(const PanelFormat &format, const PackingSource &source, ThreadPool &pool);

/// False if a scale (or a bf16 value) of packed weights is NaN or infinite.
bool has_finite_scales(const PanelFormat &format, std::span<const std::byte> packed,
                       ThreadPool &pool);

}  // namespace kyutaistt::ops
