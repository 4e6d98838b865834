// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's writable properties: their values, and their descriptions for GObject.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "captions/cue.h"
#include "element/enums.h"

namespace kyutaistt::element {

/// Numbers of all properties, the read-only ones included.
enum Property : guint {
  PROP_0,
  PROP_MODEL,
  PROP_DOMAIN,
  PROP_PROMPT_TOKENS,
  PROP_PAD_STEPS,
  PROP_DOMAIN_CHANGE,
  PROP_DEVICE,
  PROP_PRECISION,
  PROP_CACHE_PRECISION,
  PROP_THREADS,
  PROP_ALIGNMENT,
  PROP_CODEC_ATTENTION,
  PROP_TEXT_UNIT,
  PROP_LATENCY,
  PROP_LATENESS,
  PROP_MAX_BACKLOG,
  PROP_MAX_STREAMS,
  PROP_CHANNEL,
  PROP_LANGUAGE_CODE,
  PROP_POST_WORDS,
  PROP_POST_PAUSES,
  PROP_RELAY,
  PROP_CUE_PRESET,
  PROP_CUE_COLUMNS,
  PROP_CUE_LINES,
  PROP_CUE_MIN_DURATION,
  PROP_CUE_MAX_DURATION,
  PROP_CUE_GAP,
  PROP_CUE_WORD_DURATION,
  PROP_MAX_OBSERVED_DELAY,
  PROP_STATS,
};

/// A plain value; the element keeps one under a lock and hands out copies.
struct Settings {
  std::string model;
  std::string domain;
  /// As written by the user: ids separated by commas.
  std::string prompt_tokens;
  int pad_steps = -1;
  DomainChange domain_change = DomainChange::Now;
  std::string device = "cpu";
  Precision precision = Precision::Auto;
  CachePrecision cache_precision = CachePrecision::Auto;
  guint threads = 0;
  Alignment alignment = Alignment::Auto;
  CodecAttention codec_attention = CodecAttention::Auto;
  TextUnit text_unit = TextUnit::Word;
  guint latency = 0;
  guint lateness = 0;
  guint max_backlog = 2000;
  guint max_streams = 64;
  std::string channel = "mix";
  std::string language_code;
  bool post_words = false;
  bool post_pauses = false;
  bool relay = true;
  captions::CuePreset cue_preset = captions::CuePreset::Default;
  captions::CueShape cue_shape;

  ModelOptions model_options() const;
  /// Fails if `prompt_tokens` is no list of numbers.
  Result<Prompt> prompt() const;

  /// Both return false for a property that is not among these.
  bool set(guint property, const GValue *value);
  bool get(guint property, GValue *value) const;
};

/// Registers every property with GObject, with blurb, range, default and unit.
void install_properties(GObjectClass *object_class);

}  // namespace kyutaistt::element
