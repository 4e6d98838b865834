// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/enums.h"

namespace kyutaistt::element {

GType precision_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Precision::Auto), "What suits the machine", "auto"},
      {static_cast<int>(Precision::F32), "32-bit floats", "f32"},
      {static_cast<int>(Precision::Bf16), "bfloat16", "bf16"},
      {static_cast<int>(Precision::Int8), "8-bit integers", "int8"},
      {static_cast<int>(Precision::Int4), "4-bit integers", "int4"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttPrecision", values);
  return type;
}

GType cache_precision_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(CachePrecision::Auto), "What suits the weights' precision", "auto"},
      {static_cast<int>(CachePrecision::F32), "32-bit floats", "f32"},
      {static_cast<int>(CachePrecision::Bf16), "bfloat16", "bf16"},
      {static_cast<int>(CachePrecision::Int8), "8-bit integers", "int8"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttCachePrecision", values);
  return type;
}

GType alignment_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(Alignment::Auto), "What the model's files ask for", "auto"},
      {static_cast<int>(Alignment::Aligned), "As in training", "aligned"},
      {static_cast<int>(Alignment::Hf), "As transformers with audio_window_size 1", "hf"},
      {static_cast<int>(Alignment::DropFirst), "As Kyutai's example scripts", "drop-first"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttAlignment", values);
  return type;
}

GType codec_attention_type() {
  static const GEnumValue values[] = {
      {static_cast<int>(CodecAttention::Auto), "What the model's files ask for", "auto"},
      {static_cast<int>(CodecAttention::Exact), "Exactly the trained window", "exact"},
      {static_cast<int>(CodecAttention::Ring2), "As Kyutai's streaming code", "ring2"},
      {static_cast<int>(CodecAttention::Frame), "Each frame alone", "frame"},
      {0, nullptr, nullptr},
  };
  static const GType type = g_enum_register_static("GstKyutaiSttCodecAttention", values);
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
