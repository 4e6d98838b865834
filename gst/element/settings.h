// SPDX-License-Identifier: LGPL-2.1-or-later
/// The values of the element's properties. What GObject knows of them is in `properties.cpp`.
#pragma once

#include <string>

#include <gst/gst.h>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "captions/cue.h"

namespace kyutaistt::element {

/// What text is written in.
enum class TextUnit {
  Word,
  Cue,
  /// The caption as it is seen, with every word.
  Line,
};

/// The value of `Settings::latency` for text that is stamped with the time of its arrival.
inline constexpr guint not_synchronised = G_MAXUINT;

/// When another domain takes effect.
enum class DomainChange {
  /// With the next audio.
  Now,
  /// With the audio that arrives once a pause has been recognised: at once if recognition is in a
  /// pause.
  Pause,
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
  PackedWeights packed_weights = PackedWeights::Copied;
  TextUnit text_unit = TextUnit::Word;
  bool begin_empty = false;
  guint latency = 0;
  guint lateness = 0;
  guint max_backlog = 2000;
  guint max_streams = 64;
  std::string channel = "mix";
  std::string language_code;
  bool post_words = false;
  bool post_pauses = false;
  bool relay = true;
  guint flush_on_pause = 0;
  guint voice_gate = 0;
  captions::CuePreset cue_preset = captions::CuePreset::Default;
  captions::CueShape cue_shape;

  ModelOptions model_options() const;
  /// Fails if `prompt_tokens` is not a list of numbers.
  Result<Prompt> prompt() const;
};

}  // namespace kyutaistt::element
