// SPDX-License-Identifier: LGPL-2.1-or-later
/// Attention over ring caches on libtorch.
#pragma once

#include <memory>
#include <span>

#include "ops/operations.h"
#include "ops/torch/torch_types.h"

namespace kyutaistt::ops {

std::unique_ptr<KeyValueCache> make_torch_cache(const Attention &attention, int64_t capacity,
                                                const at::Device &device);

/// See `Operations::attend`; `qkv` is [rows, 3 * heads * head_dimension].
at::Tensor torch_attend(const at::Tensor &qkv, const Attention &attention,
                        std::span<const AttentionRow> rows);

}  // namespace kyutaistt::ops
