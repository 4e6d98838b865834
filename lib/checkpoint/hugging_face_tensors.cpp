// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>
#include <string>

#include "base/guard.h"
#include "checkpoint/floats.h"
#include "checkpoint/hugging_face.h"

namespace kyutaistt::checkpoint {

namespace {

/// w = v * g / |v|, the norm over all but the first dimension.
TensorView apply_norm(const TensorView &length, const TensorView &direction) {
  auto values = std::make_shared<std::vector<float>>(to_floats(direction));
  const std::vector<float> lengths = to_floats(length);
  const size_t row = lengths.empty() ? 0 : values->size() / lengths.size();
  for (size_t i = 0; i < lengths.size(); ++i) {
    double squares = 0;
    for (size_t k = i * row; k < (i + 1) * row; ++k) {
      squares += static_cast<double>((*values)[k]) * static_cast<double>((*values)[k]);
    }
    const auto scale = static_cast<float>(static_cast<double>(lengths[i]) / std::sqrt(squares));
    for (size_t k = i * row; k < (i + 1) * row; ++k) {
      (*values)[k] *= scale;
    }
  }
  TensorView result;
  result.type = DataType::F32;
  result.shape = direction.shape;
  result.bytes = std::as_bytes(std::span(*values));
  result.owner = std::move(values);
  return result;
}

}  // namespace

std::string HuggingFaceTensors::stored_name(std::string_view name) const {
  static constexpr std::string_view sums = ".embed_sum";
  if (folder_.find(name) == nullptr && name.ends_with(sums)) {
    return std::string(name.substr(0, name.size() - sums.size())) + ".embedding_sum";
  }
  return std::string(name);
}

const TensorView *HuggingFaceTensors::find_stored(std::string_view name) const {
  return folder_.find(stored_name(name));
}

HuggingFaceTensors::NormedWeight HuggingFaceTensors::find_normed(std::string_view name) const {
  static constexpr std::string_view suffix = ".weight";
  if (!name.ends_with(suffix)) {
    return {};
  }
  const std::string stem(name.substr(0, name.size() - suffix.size()));
  for (const auto &[length_name, direction_name] :
       {std::pair(".weight_g", ".weight_v"),
        std::pair(".parametrizations.weight.original0", ".parametrizations.weight.original1")}) {
    const TensorView *length = folder_.find(stem + length_name);
    const TensorView *direction = folder_.find(stem + direction_name);
    const bool fits = length != nullptr && direction != nullptr && !direction->shape.empty() &&
                      length->elements() == direction->shape.front() &&
                      is_floating_point(length->type) && is_floating_point(direction->type);
    if (fits) {
      return {stem + length_name, stem + direction_name, direction};
    }
  }
  return {};
}

bool HuggingFaceTensors::contains(std::string_view name) const {
  return find_stored(name) != nullptr || packed_.find(name) != nullptr ||
         find_normed(name).direction != nullptr;
}

bool HuggingFaceTensors::is_ambiguous(std::string_view name) const {
  return packed_.find(name) != nullptr &&
         (find_stored(name) != nullptr || find_normed(name).direction != nullptr);
}

std::vector<int64_t> HuggingFaceTensors::shape(std::string_view name) const {
  const TensorView *view = find_stored(name);
  if (const auto *packed = packed_.find(name); view == nullptr && packed != nullptr) {
    return packed->shape;
  }
  if (view == nullptr) {
    view = find_normed(name).direction;
  }
  return view == nullptr ? std::vector<int64_t>() : view->shape;
}

DataType HuggingFaceTensors::type(std::string_view name) const {
  const TensorView *view = find_stored(name);
  return view == nullptr ? DataType::F32 : view->type;
}

Result<TensorView> HuggingFaceTensors::find(std::string_view name) const {
  const NormedWeight parts = find_normed(name);
  if (find_stored(name) != nullptr || parts.direction == nullptr) {
    return folder_.read(stored_name(name));
  }
  KYUTAISTT_ASSIGN(length, folder_.read(parts.length_name));
  KYUTAISTT_ASSIGN(direction, folder_.read(parts.direction_name));
  return apply_norm(length, direction);
}

Result<std::optional<PackedView>> HuggingFaceTensors::find_packed(
    std::span<const std::string> names) const {
  const std::string &first = names.front();
  const PackedIndex::Part *beginning = packed_.find(first);
  if (beginning == nullptr) {
    return std::optional<PackedView>();
  }
  PackedView result{beginning->type, beginning->shape, {}};
  result.shape[0] = 0;
  for (const std::string &name : names) {
    const PackedIndex::Part *part = packed_.find(name);
    if (part == nullptr || part->first != first || part->type != beginning->type) {
      return Status::corrupt(location(packed_name(first)) + ": tensor " + name +
                             ": is not packed together with " + first);
    }
    // The shapes were checked when the folder was opened: all dimensions are the configs', and no
    // product of them overflows.
    result.shape[0] += part->shape[0];
  }
  const TensorView *bytes = folder_.find(packed_name(first));
  if (bytes == nullptr || bytes->type != DataType::U8) {
    return Status::corrupt(location(first) + ": has no tensor " + packed_name(first) +
                           " of type U8");
  }
  // Used in place, for as long as the source lives.
  KYUTAISTT_TRY(folder_.keep(packed_name(first)));
  result.bytes = *bytes;
  return std::optional(std::move(result));
}

}  // namespace kyutaistt::checkpoint
