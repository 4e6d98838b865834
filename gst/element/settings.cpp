// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/settings.h"

#include <kyutaistt/model.h>

namespace kyutaistt::element {

namespace {

std::string string_of(const GValue *value) {
  const gchar *text = g_value_get_string(value);
  return text == nullptr ? "" : text;
}

guint milliseconds_of(Time time) {
  return static_cast<guint>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

Time time_of(const GValue *value) {
  return std::chrono::milliseconds(g_value_get_uint(value));
}

}  // namespace

ModelOptions Settings::model_options() const {
  ModelOptions options;
  options.device = device;
  options.precision = precision;
  options.cache_precision = cache_precision;
  options.threads = static_cast<int>(threads);
  options.alignment = alignment;
  options.codec_attention = codec_attention;
  return options;
}

Result<Prompt> Settings::prompt() const {
  Prompt result;
  if (!domain.empty()) {
    result.domain = domain;
  }
  if (pad_steps >= 0) {
    result.pad_steps = pad_steps;
  }
  auto tokens = parse_token_ids(prompt_tokens, "property prompt-tokens");
  if (!tokens.ok()) {
    return tokens.status();
  }
  result.tokens = std::move(tokens).value();
  return result;
}

bool Settings::set(guint property, const GValue *value) {
  switch (property) {
    case PROP_MODEL:
      model = string_of(value);
      return true;
    case PROP_DOMAIN:
      domain = string_of(value);
      return true;
    case PROP_PROMPT_TOKENS:
      prompt_tokens = string_of(value);
      return true;
    case PROP_PAD_STEPS:
      pad_steps = g_value_get_int(value);
      return true;
    case PROP_DOMAIN_CHANGE:
      domain_change = static_cast<DomainChange>(g_value_get_enum(value));
      return true;
    case PROP_DEVICE:
      device = string_of(value);
      return true;
    case PROP_CACHE_PRECISION:
      cache_precision = static_cast<CachePrecision>(g_value_get_enum(value));
      return true;
    case PROP_PRECISION:
      precision = static_cast<Precision>(g_value_get_enum(value));
      return true;
    case PROP_THREADS:
      threads = g_value_get_uint(value);
      return true;
    case PROP_ALIGNMENT:
      alignment = static_cast<Alignment>(g_value_get_enum(value));
      return true;
    case PROP_CODEC_ATTENTION:
      codec_attention = static_cast<CodecAttention>(g_value_get_enum(value));
      return true;
    case PROP_TEXT_UNIT:
      text_unit = static_cast<TextUnit>(g_value_get_enum(value));
      return true;
    case PROP_LATENCY:
      latency = g_value_get_uint(value);
      return true;
    case PROP_LATENESS:
      lateness = g_value_get_uint(value);
      return true;
    case PROP_MAX_BACKLOG:
      max_backlog = g_value_get_uint(value);
      return true;
    case PROP_MAX_STREAMS:
      max_streams = g_value_get_uint(value);
      return true;
    case PROP_CHANNEL:
      channel = string_of(value);
      return true;
    case PROP_LANGUAGE_CODE:
      language_code = string_of(value);
      return true;
    case PROP_POST_WORDS:
      post_words = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_RELAY:
      relay = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_POST_PAUSES:
      post_pauses = g_value_get_boolean(value) != FALSE;
      return true;
    case PROP_CUE_PRESET:
      cue_preset = static_cast<captions::CuePreset>(g_value_get_enum(value));
      cue_shape = captions::cue_shape_of(cue_preset);
      return true;
    case PROP_CUE_COLUMNS:
      cue_shape.columns = static_cast<int>(g_value_get_uint(value));
      return true;
    case PROP_CUE_LINES:
      cue_shape.lines = static_cast<int>(g_value_get_uint(value));
      return true;
    case PROP_CUE_MIN_DURATION:
      cue_shape.minimum_duration = time_of(value);
      return true;
    case PROP_CUE_MAX_DURATION:
      cue_shape.maximum_duration = time_of(value);
      return true;
    case PROP_CUE_GAP:
      cue_shape.gap = time_of(value);
      return true;
    case PROP_CUE_WORD_DURATION:
      cue_shape.word_duration = time_of(value);
      return true;
    default:
      return false;
  }
}

bool Settings::get(guint property, GValue *value) const {
  switch (property) {
    case PROP_MODEL:
      g_value_set_string(value, model.c_str());
      return true;
    case PROP_DOMAIN:
      g_value_set_string(value, domain.c_str());
      return true;
    case PROP_PROMPT_TOKENS:
      g_value_set_string(value, prompt_tokens.c_str());
      return true;
    case PROP_PAD_STEPS:
      g_value_set_int(value, pad_steps);
      return true;
    case PROP_DOMAIN_CHANGE:
      g_value_set_enum(value, static_cast<int>(domain_change));
      return true;
    case PROP_DEVICE:
      g_value_set_string(value, device.c_str());
      return true;
    case PROP_CACHE_PRECISION:
      g_value_set_enum(value, static_cast<int>(cache_precision));
      return true;
    case PROP_PRECISION:
      g_value_set_enum(value, static_cast<int>(precision));
      return true;
    case PROP_THREADS:
      g_value_set_uint(value, threads);
      return true;
    case PROP_ALIGNMENT:
      g_value_set_enum(value, static_cast<int>(alignment));
      return true;
    case PROP_CODEC_ATTENTION:
      g_value_set_enum(value, static_cast<int>(codec_attention));
      return true;
    case PROP_TEXT_UNIT:
      g_value_set_enum(value, static_cast<int>(text_unit));
      return true;
    case PROP_LATENCY:
      g_value_set_uint(value, latency);
      return true;
    case PROP_LATENESS:
      g_value_set_uint(value, lateness);
      return true;
    case PROP_MAX_BACKLOG:
      g_value_set_uint(value, max_backlog);
      return true;
    case PROP_MAX_STREAMS:
      g_value_set_uint(value, max_streams);
      return true;
    case PROP_CHANNEL:
      g_value_set_string(value, channel.c_str());
      return true;
    case PROP_LANGUAGE_CODE:
      g_value_set_string(value, language_code.c_str());
      return true;
    case PROP_POST_WORDS:
      g_value_set_boolean(value, post_words ? TRUE : FALSE);
      return true;
    case PROP_RELAY:
      g_value_set_boolean(value, relay ? TRUE : FALSE);
      return true;
    case PROP_POST_PAUSES:
      g_value_set_boolean(value, post_pauses ? TRUE : FALSE);
      return true;
    case PROP_CUE_PRESET:
      g_value_set_enum(value, static_cast<int>(cue_preset));
      return true;
    case PROP_CUE_COLUMNS:
      g_value_set_uint(value, static_cast<guint>(cue_shape.columns));
      return true;
    case PROP_CUE_LINES:
      g_value_set_uint(value, static_cast<guint>(cue_shape.lines));
      return true;
    case PROP_CUE_MIN_DURATION:
      g_value_set_uint(value, milliseconds_of(cue_shape.minimum_duration));
      return true;
    case PROP_CUE_MAX_DURATION:
      g_value_set_uint(value, milliseconds_of(cue_shape.maximum_duration));
      return true;
    case PROP_CUE_GAP:
      g_value_set_uint(value, milliseconds_of(cue_shape.gap));
      return true;
    case PROP_CUE_WORD_DURATION:
      g_value_set_uint(value, milliseconds_of(cue_shape.word_duration));
      return true;
    default:
      return false;
  }
}

}  // namespace kyutaistt::element
