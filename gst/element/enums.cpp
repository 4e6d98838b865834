// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/enums.h"

#include <vector>

#include <kyutaistt/option_names.h>

namespace kyutaistt::element {

namespace {

/// Registers the library's choices of one kind.
template <typename Value>
GType register_options(const char *type_name) {
  static const auto values = [] {
    std::vector<GEnumValue> list;
    for (const OptionName<Value> &choice : option_names<Value>()) {
      list.push_back({static_cast<int>(choice.value), choice.description, choice.name});
    }
    list.push_back({0, nullptr, nullptr});
    return list;
  }();
  return g_enum_register_static(type_name, values.data());
}

}  // namespace

GType precision_type() {
  static const GType type = register_options<Precision>("GstKyutaiSttPrecision");
  return type;
}

GType cache_precision_type() {
  static const GType type = register_options<CachePrecision>("GstKyutaiSttCachePrecision");
  return type;
}

GType alignment_type() {
  static const GType type = register_options<Alignment>("GstKyutaiSttAlignment");
  return type;
}

GType codec_attention_type() {
  static const GType type = register_options<CodecAttention>("GstKyutaiSttCodecAttention");
  return type;
}

GType text_unit_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(TextUnit::Word), "One word a buffer", "word"},
      {static_cast<int>(TextUnit::Cue), "One cue a buffer", "cue"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttTextUnit", values);
  return type;
}

GType domain_change_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(DomainChange::Now), "With the next audio", "now"},
      {static_cast<int>(DomainChange::Pause), "At the next pause in the speech", "pause"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttDomainChange", values);
  return type;
}

GType cue_preset_type() {
  using captions::CuePreset;
  static const GEnumValue values[] = {
      {static_cast<int>(CuePreset::Default), "The BBC's lines, Netflix' durations", "default"},
      {static_cast<int>(CuePreset::Bbc), "BBC Subtitle Guidelines", "bbc"},
      {static_cast<int>(CuePreset::Netflix), "Netflix Timed Text Style Guide", "netflix"},
      {static_cast<int>(CuePreset::Cea608), "Lines as CEA-608 captions have them", "cea-608"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttCuePreset", values);
  return type;
}

}  // namespace kyutaistt::element
