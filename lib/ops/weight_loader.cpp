// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/weight_loader.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "checkpoint/floats.h"

namespace kyutaistt::ops {

namespace {

/// Below this an unused entry's usage counts as this much, as in the training code.
constexpr float min_usage = 1e-5F;

}  // namespace

WeightLoader::WeightLoader(const checkpoint::TensorSource &tensors, Operations &operations,
                           const LoadProgress &progress, uint64_t total_elements,
                           checkpoint::PackedWriter *writer)
    : tensors_(tensors),
      operations_(operations),
      progress_(progress),
      total_elements_(std::max<uint64_t>(total_elements, 1)),
      writer_(writer) {}

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
  return report(view.elements()) ? view : checkpoint::TensorView();
}

bool WeightLoader::report(int64_t elements) {
  loaded_elements_ += static_cast<uint64_t>(elements);
  const double share = static_cast<double>(loaded_elements_) / static_cast<double>(total_elements_);
  if (progress_ && !progress_(std::min(share, 1.0))) {
    status_ = Status::cancelled("loading the model was cancelled");
  }
  return status_.ok();
}

std::shared_ptr<const Matrix> WeightLoader::find_packed(std::span<const std::string> names,
                                                        WeightType type) {
  if (!status_.ok()) {
    return {};
  }
  const auto found = tensors_.find_packed(names);
  if (!found.ok()) {
    status_ = found.status();
    return {};
  }
  if (!found.value()) {
    return {};
  }
  const checkpoint::PackedView &view = *found.value();
  const int64_t rows = view.shape.front();
  int64_t elements = 1;
  for (const int64_t dimension : view.shape) {
    elements *= dimension;
  }
  const std::string where =
      tensors_.location(checkpoint::packed_name(names.front())) + ": tensor " + names.front();
  if (view.type != weight_type_name(type)) {
    status_ = Status::corrupt(where + ": is packed as " + view.type + ", expected " +
                              weight_type_name(type));
    return {};
  }
  auto adopted = operations_.adopt_matrix(type, rows, elements / rows, view.bytes.bytes);
  if (!adopted.ok()) {
    status_ = Status(adopted.status().code(), where + ": " + adopted.status().message());
    return {};
  }
  packed_bytes_ += adopted.value()->bytes();
  return report(elements) ? adopted.value() : nullptr;
}

void WeightLoader::note(std::span<const std::string> names,
                        std::span<const checkpoint::TensorView> views, WeightType type,
                        const Matrix &matrix) {
  packed_bytes_ += matrix.bytes();
  if (writer_ == nullptr) {
    return;
  }
  if (type != WeightType::F32) {
    writer_->add_packed(names, views, weight_type_name(type), operations_.packed_bytes(matrix));
    return;
  }
  for (size_t i = 0; i < names.size(); ++i) {
    writer_->add(names[i], views[i]);
  }
}

std::shared_ptr<const Matrix> WeightLoader::matrix(const checkpoint::MatrixSpec &spec,
                                                   WeightType type) {
  const std::vector<std::string> names = spec.names();
  if (auto packed = find_packed(names, type); packed != nullptr || !status_.ok()) {
    return packed;
  }
  std::vector<checkpoint::TensorView> parts;
  parts.reserve(names.size());
  for (const std::string &name : names) {
    parts.push_back(find(name));
  }
  if (!status_.ok()) {
    return nullptr;
  }
  auto packed = operations_.pack_matrix(parts, type);
  note(names, parts, type, *packed);
  return packed;
}

std::shared_ptr<const Matrix> WeightLoader::table(const checkpoint::TensorSpec &spec,
                                                  WeightType type) {
  const checkpoint::TensorView view = find(spec.name);
  if (!status_.ok()) {
    return nullptr;
  }
  auto packed = operations_.pack_table(view, type);
  // Stored as it is: bf16 where the checkpoint has it.
  note({&spec.name, 1}, {&view, 1}, WeightType::F32, *packed);
  return packed;
}

Tensor WeightLoader::vector(const checkpoint::TensorSpec &spec) {
  const checkpoint::TensorView view = find(spec.name);
  if (!status_.ok()) {
    return {};
  }
  if (writer_ != nullptr) {
    writer_->add(spec.name, view);
  }
  Tensor packed = operations_.pack_vector(view);
  packed_bytes_ += static_cast<uint64_t>(packed.columns) * sizeof(float);
  return packed;
}

Convolution WeightLoader::convolution(const checkpoint::ConvolutionSpec &spec, WeightType type) {
  const std::string name = spec.weight().name;
  Convolution convolution;
  convolution.weight = find_packed({&name, 1}, type);
  if (convolution.weight == nullptr) {
    const checkpoint::TensorView view = find(name);
    if (!status_.ok()) {
      return {};
    }
    convolution.weight = operations_.pack_convolution(view, type);
    note({&name, 1}, {&view, 1}, type, *convolution.weight);
  }
  convolution.outputs = spec.outputs;
  convolution.inputs = spec.inputs;
  convolution.kernel = spec.kernel;
  convolution.stride = spec.stride;
  if (spec.starts_replicated) {
    convolution.start = Convolution::Start::Replicate;
  }
  if (spec.has_bias) {
    convolution.bias = vector(spec.bias());
  }
  return convolution;
}

std::shared_ptr<const Codebook> WeightLoader::codebook(const checkpoint::CodebookSpec &spec) {
  const checkpoint::TensorView sums = find(spec.sums.name);
  const checkpoint::TensorView usages = find(spec.usages.name);
  if (!status_.ok()) {
    return nullptr;
  }
  if (writer_ != nullptr) {
    writer_->add(spec.sums.name, sums);
    writer_->add(spec.usages.name, usages);
  }
  std::vector<float> entries = checkpoint::to_floats(sums);
  const std::vector<float> usage = checkpoint::to_floats(usages);
  const int64_t dimension = sums.shape[1];
  for (size_t i = 0; i < entries.size(); ++i) {
    entries[i] /= std::max(usage[i / static_cast<size_t>(dimension)], min_usage);
    if (!std::isfinite(entries[i])) {
      status_ = Status::corrupt(tensors_.location(spec.sums.name) + ": tensor " + spec.sums.name +
                                ": element " + std::to_string(i) + " divided by its " +
                                "cluster_usage is not a finite number");
      return nullptr;
    }
  }
  auto packed = operations_.pack_codebook(entries, dimension);
  packed_bytes_ += packed->bytes();
  return packed;
}

}  // namespace kyutaistt::ops
