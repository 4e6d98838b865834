// SPDX-License-Identifier: LGPL-2.1-or-later
/// The tensors that inference needs, with their names and shapes: one list for checking a
/// checkpoint, for making up a synthetic one, and for counting parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kyutaistt/model_info.h>

namespace kyutaistt::checkpoint {

/// Name in the Hugging Face layout and expected shape.
struct TensorSpec {
  std::string name;
  std::vector<int64_t> shape;

  uint64_t elements() const noexcept;
};

/// Every tensor of a model of this shape, in the order in which the model uses them.
std::vector<TensorSpec> required_tensors(const ModelInfo &info);

/// Elements of all of them.
uint64_t count_parameters(const std::vector<TensorSpec> &tensors) noexcept;

}  // namespace kyutaistt::checkpoint
