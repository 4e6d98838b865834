// SPDX-License-Identifier: LGPL-2.1-or-later
/// The layout that transformers writes (`KyutaiSpeechToTextForConditionalGeneration`).
#pragma once

#include <memory>
#include <string>

#include <kyutaistt/audio.h>
#include <kyutaistt/model_info.h>
#include <kyutaistt/status.h>

#include "checkpoint/safetensors.h"
#include "checkpoint/tensor_source.h"

namespace kyutaistt::checkpoint {

/// What the folder's config.json, generation_config.json and preprocessor_config.json (or
/// transformers 5's processor_config.json) say. Feed-forward widths are left to
/// `HuggingFaceTensors`. Sets alignment to what transformers would do, codec attention to exact,
/// and warns where transformers would do something else.
Result<ModelInfo> read_hugging_face_configs(const std::string &folder);

/// The folder's weights. Presents the canonical names for every spelling that transformers has
/// used: the codec's convolutions may be stored with their norm apart (`weight_g` and `weight_v`,
/// or `parametrizations.weight.original0` and `1`), its codebooks as `embedding_sum`.
/// Threads: immutable.
class HuggingFaceTensors final : public TensorSource {
 public:
  HuggingFaceTensors(SafetensorsFolder folder, PackedIndex packed)
      : folder_(std::move(folder)), packed_(std::move(packed)) {}

  bool contains(std::string_view name) const override;
  /// True if the tensor is stored packed and in another form too: what is checked and what is used
  /// could then be different ones.
  bool is_ambiguous(std::string_view name) const;
  Result<TensorView> find(std::string_view name) const override;
  Result<std::optional<PackedView>> find_packed(std::span<const std::string> names) const override;
  std::string location(std::string_view name) const override { return folder_.location(name); }

  /// Shape without the values; empty if there is no such tensor.
  std::vector<int64_t> shape(std::string_view name) const;
  DataType type(std::string_view name) const;
  /// `Auto` if the weights are not packed.
  Precision packed_precision() const noexcept { return packed_.precision(); }
  uint64_t bytes() const noexcept { return folder_.bytes(); }

 private:
  /// A weight in two parts: its direction and its length.
  struct NormedWeight {
    std::string length_name;
    std::string direction_name;
    /// Null if there are no such parts.
    const TensorView *direction = nullptr;
  };

  /// The name that a tensor which needs no computing is stored under.
  std::string stored_name(std::string_view name) const;
  /// The tensor under any of its names that need no computing.
  const TensorView *find_stored(std::string_view name) const;
  /// Both parts, or neither.
  NormedWeight find_normed(std::string_view name) const;

  SafetensorsFolder folder_;
  PackedIndex packed_;
};

}  // namespace kyutaistt::checkpoint
