// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/weight_loader.h"

#include <algorithm>
#include <vector>

#include "checkpoint/floats.h"

namespace kyutaistt::ops {

namespace {

/// Below this an unused entry's usage counts as this much, as in the training code.
constexpr float least_usage = 1e-5F;

}  // namespace

WeightLoader::WeightLoader(const checkpoint::TensorSource &tensors, Operations &operations,
                           const LoadProgress &progress, uint64_t total_elements)
    : tensors_(tensors),
      operations_(operations),
      progress_(progress),
      total_elements_(std::max<uint64_t>(total_elements, 1)) {}

checkpoint::TensorView WeightLoader::find(const std::string &name) {
  if (!status_.ok()) {
    return {};
  }
  auto found = tensors_.find(name);
  if (!found.ok()) {
    status_ = found.status();
    return {};
  }
  checkpoint::TensorView view = std::move(found).value();
  if (const auto element = checkpoint::find_non_finite(view)) {
    status_ = Status::corrupt(tensors_.location(name) + ": tensor " + name + ": element " +
                              std::to_string(*element) + " is not a finite number");
    return {};
  }
  loaded_elements_ += static_cast<uint64_t>(view.elements());
  const double share = static_cast<double>(loaded_elements_) / static_cast<double>(total_elements_);
  if (progress_ && !progress_(std::min(share, 1.0))) {
    status_ = Status::cancelled("loading the model was cancelled");
    return {};
  }
  return view;
}

std::shared_ptr<const Matrix> WeightLoader::matrix(std::initializer_list<std::string> names,
                                                   WeightType type) {
  std::vector<checkpoint::TensorView> parts;
  parts.reserve(names.size());
  for (const std::string &name : names) {
    parts.push_back(find(name));
  }
  if (!status_.ok()) {
    return nullptr;
  }
  auto packed = operations_.pack_matrix(parts, type);
  packed_bytes_ += packed->bytes();
  return packed;
}

std::shared_ptr<const Matrix> WeightLoader::table(const std::string &name, WeightType type) {
  const checkpoint::TensorView view = find(name);
  if (!status_.ok()) {
    return nullptr;
  }
  auto packed = operations_.pack_table(view, type);
  packed_bytes_ += packed->bytes();
  return packed;
}

Tensor WeightLoader::vector(const std::string &name) {
  const checkpoint::TensorView view = find(name);
  if (!status_.ok()) {
    return {};
  }
  Tensor packed = operations_.pack_vector(view);
  packed_bytes_ += static_cast<uint64_t>(packed.columns) * sizeof(float);
  return packed;
}

Convolution WeightLoader::convolution(const std::string &name, int64_t stride, bool has_bias,
                                      WeightType type) {
  const checkpoint::TensorView weight = find(name + ".weight");
  if (!status_.ok()) {
    return {};
  }
  Convolution convolution;
  convolution.outputs = weight.shape[0];
  convolution.inputs = weight.shape[1];
  convolution.kernel = weight.shape[2];
  convolution.stride = stride;
  convolution.weight = operations_.pack_convolution(weight, type);
  packed_bytes_ += convolution.weight->bytes();
  if (has_bias) {
    convolution.bias = vector(name + ".bias");
  }
  return convolution;
}

std::shared_ptr<const Codebook> WeightLoader::codebook(const std::string &name) {
  const checkpoint::TensorView sums = find(name + ".embed_sum");
  const checkpoint::TensorView usages = find(name + ".cluster_usage");
  if (!status_.ok()) {
    return nullptr;
  }
  std::vector<float> entries = checkpoint::to_floats(sums);
  const std::vector<float> usage = checkpoint::to_floats(usages);
  const int64_t dimension = sums.shape[1];
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] /= std::max(usage[i / static_cast<size_t>(dimension)], least_usage);
  }
  auto packed = operations_.pack_codebook(entries, dimension);
  packed_bytes_ += packed->bytes();
  return packed;
}

}  // namespace kyutaistt::ops
