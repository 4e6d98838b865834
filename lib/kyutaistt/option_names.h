// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the choices of `options.h` are called wherever a person writes or reads them: properties,
/// command lines, sidecars, packed weights, reports.
///
/// Plain values, no thread rules.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

/// One choice.
template <typename Value>
struct OptionName {
  Value value;
  const char *name;
  const char *description;
};

inline constexpr OptionName<Precision> precision_names[] = {
    {Precision::Auto, "auto", "What suits the machine"},
    {Precision::F32, "f32", "32-bit floats"},
    {Precision::Bf16, "bf16", "bfloat16"},
    {Precision::Int8, "int8", "8-bit integers"},
    {Precision::Int4, "int4", "4-bit integers"},
};

inline constexpr OptionName<CachePrecision> cache_precision_names[] = {
    {CachePrecision::Auto, "auto", "What suits the weights' precision"},
    {CachePrecision::F32, "f32", "32-bit floats"},
    {CachePrecision::Bf16, "bf16", "bfloat16"},
    {CachePrecision::Int8, "int8", "8-bit integers"},
};

inline constexpr OptionName<Alignment> alignment_names[] = {
    {Alignment::Auto, "auto", "What the model's files ask for"},
    {Alignment::Aligned, "aligned", "As in training"},
    {Alignment::Hf, "hf", "As transformers with audio_window_size 1"},
    {Alignment::DropFirst, "drop-first", "As Kyutai's example scripts"},
};

inline constexpr OptionName<CodecAttention> codec_attention_names[] = {
    {CodecAttention::Auto, "auto", "What the model's files ask for"},
    {CodecAttention::Exact, "exact", "Exactly the trained window"},
    {CodecAttention::Ring2, "ring2", "As Kyutai's streaming code"},
    {CodecAttention::Frame, "frame", "Each frame alone"},
};

inline constexpr OptionName<PackedWeights> packed_weights_names[] = {
    {PackedWeights::Copied, "copied", "Copied when the model is loaded"},
    {PackedWeights::Mapped, "mapped", "The file's own pages, shared by processes"},
};

/// The precisions that `quantize_model` packs weights in.
inline constexpr std::span<const OptionName<Precision>> packed_precision_names =
    std::span(precision_names).last(3);
static_assert(packed_precision_names.front().value == Precision::Bf16);

/// All choices of one kind.
template <typename Value>
constexpr std::span<const OptionName<Value>> option_names() {
  if constexpr (std::is_same_v<Value, Precision>) {
    return precision_names;
  } else if constexpr (std::is_same_v<Value, CachePrecision>) {
    return cache_precision_names;
  } else if constexpr (std::is_same_v<Value, Alignment>) {
    return alignment_names;
  } else if constexpr (std::is_same_v<Value, CodecAttention>) {
    return codec_attention_names;
  } else {
    static_assert(std::is_same_v<Value, PackedWeights>, "this kind of choice has no names");
    return packed_weights_names;
  }
}

/// A string literal, e.g. "drop-first".
template <typename Value>
constexpr const char *option_name(Value value) {
  for (const OptionName<Value> &choice : option_names<Value>()) {
    if (choice.value == value) {
      return choice.name;
    }
  }
  return "unknown";
}

/// Some or all choices of one kind.
template <typename Value>
using OptionNames = std::span<const OptionName<std::type_identity_t<Value>>>;

/// "auto, f32, bf16, int8 or int4", or with other separators.
template <typename Value>
std::string list_options(OptionNames<Value> choices = option_names<Value>(),
                         std::string_view separator = ", ", std::string_view last = " or ") {
  std::string list;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) {
      list += i + 1 == choices.size() ? last : separator;
    }
    list += choices[i].name;
  }
  return list;
}

/// The choice of this name, where an underscore stands for a hyphen.
template <typename Value>
std::optional<Value> find_option(std::string_view name,
                                 OptionNames<Value> choices = option_names<Value>()) {
  std::string hyphenated(name);
  std::replace(hyphenated.begin(), hyphenated.end(), '_', '-');
  for (const OptionName<Value> &choice : choices) {
    if (hyphenated == choice.name) {
      return choice.value;
    }
  }
  return std::nullopt;
}

/// As `find_option`; else `InvalidArgument` with a message that lists the names: "`what`: found
/// `name`, expected f32 or bf16".
template <typename Value>
Result<Value> parse_option(std::string_view name, std::string_view what,
                           OptionNames<Value> choices = option_names<Value>()) {
  if (const auto value = find_option<Value>(name, choices)) {
    return *value;
  }
  return Status::invalid_argument(std::string(what) + ": found " + std::string(name) +
                                  ", expected " + list_options<Value>(choices));
}

}  // namespace kyutaistt
