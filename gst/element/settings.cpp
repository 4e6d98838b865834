// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/settings.h"

#include <charconv>
#include <string_view>

namespace kyutaistt::element {

namespace {

constexpr guint most_milliseconds = 600000;

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

/// Ids separated by commas, with spaces anywhere between.
Result<std::vector<int32_t>> parse_tokens(const std::string &text) {
  std::vector<int32_t> tokens;
  std::string_view rest = text;
  const auto skip_spaces = [&rest] {
    while (rest.starts_with(' ')) {
      rest.remove_prefix(1);
    }
  };
  for (skip_spaces(); !rest.empty();) {
    int32_t token = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), token);
    rest.remove_prefix(static_cast<size_t>(parsed.ptr - rest.data()));
    skip_spaces();
    const bool more = rest.starts_with(',');
    if (parsed.ec != std::errc() || !(more || rest.empty())) {
      return Status::invalid_argument("property prompt-tokens: found " + text +
                                      ", expected token ids separated by commas");
    }
    tokens.push_back(token);
    if (more) {
      rest.remove_prefix(1);
      skip_spaces();
    }
  }
  return tokens;
}

constexpr auto common_flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto any_time = static_cast<GParamFlags>(common_flags | GST_PARAM_MUTABLE_PLAYING);
constexpr auto before_paused = static_cast<GParamFlags>(common_flags | GST_PARAM_MUTABLE_READY);
constexpr auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

void install_model_properties(GObjectClass *object_class) {
  const Settings defaults;
  const auto install = [object_class](guint property, GParamSpec *spec) {
    g_object_class_install_property(object_class, property, spec);
  };
  install(PROP_MODEL,
          g_param_spec_string("model", "Model",
                              "Model folder, or id in the local Hugging Face cache such as "
                              "mideind/kyutai-stt-1b-is-en; nothing is ever downloaded",
                              nullptr, before_paused));
  install(PROP_DOMAIN,
          g_param_spec_string("domain", "Domain",
                              "Task that the model is prompted for, e.g. asr_is_is or asr_is_en "
                              "(empty: the model's default); what follows a change while running "
                              "starts a new context",
                              nullptr, any_time));
  install(PROP_PROMPT_TOKENS,
          g_param_spec_string("prompt-tokens", "Prompt tokens",
                              "Token ids to force instead of a domain's, separated by commas "
                              "(empty: the domain's)",
                              nullptr, any_time));
  install(PROP_PAD_STEPS,
          g_param_spec_int("pad-steps", "Pad steps",
                           "Pads forced behind the prompt, in steps of 80 ms (-1: the model's)", -1,
                           750, defaults.pad_steps, any_time));
  install(PROP_DEVICE,
          g_param_spec_string("device", "Device",
                              "Device to compute on: cpu, or one of libtorch, e.g. cuda:0",
                              defaults.device.c_str(), before_paused));
  install(PROP_PRECISION,
          g_param_spec_enum("precision", "Precision", "How the language model's weights are held",
                            precision_type(), static_cast<int>(defaults.precision), before_paused));
  install(PROP_CACHE_PRECISION,
          g_param_spec_enum("cache-precision", "Cache precision",
                            "How the language model's keys and values are held: the largest part "
                            "of a stream's memory",
                            cache_precision_type(), static_cast<int>(defaults.cache_precision),
                            before_paused));
  install(PROP_THREADS, g_param_spec_uint("threads", "Threads",
                                          "CPU threads of the computation (0: one for each core)",
                                          0, 1024, defaults.threads, before_paused));
  install(PROP_ALIGNMENT,
          g_param_spec_enum("alignment", "Alignment",
                            "Which audio frame the language model hears at which position",
                            alignment_type(), static_cast<int>(defaults.alignment), before_paused));
  install(PROP_CODEC_ATTENTION,
          g_param_spec_enum("codec-attention", "Codec attention",
                            "Which earlier positions the codec sees, for parity with other "
                            "programs",
                            codec_attention_type(), static_cast<int>(defaults.codec_attention),
                            before_paused));
}

void install_output_properties(GObjectClass *object_class) {
  const Settings defaults;
  const auto install = [object_class](guint property, GParamSpec *spec) {
    g_object_class_install_property(object_class, property, spec);
  };
  const auto milliseconds = [](const char *name, const char *nick, const char *blurb, guint least,
                               guint value) {
    return g_param_spec_uint(name, nick, blurb, least, most_milliseconds, value, any_time);
  };
  install(PROP_TEXT_UNIT,
          g_param_spec_enum("text-unit", "Text unit",
                            "What one buffer of text/x-raw holds; the subtitle formats always hold "
                            "cues",
                            text_unit_type(), static_cast<int>(defaults.text_unit), before_paused));
  install(PROP_LATENCY, milliseconds("latency", "Latency",
                                     "Latency to report in live pipelines, in milliseconds (0: the "
                                     "model's delay and what processing needs)",
                                     0, defaults.latency));
  install(PROP_LATENESS,
          milliseconds("lateness", "Lateness",
                       "By how much to shift the running time of the text, in milliseconds", 0,
                       defaults.lateness));
  install(PROP_MAX_BACKLOG,
          g_param_spec_uint("max-backlog", "Maximum backlog",
                            "Live audio that may wait for the model before whole frames are "
                            "dropped, in milliseconds",
                            80, most_milliseconds, defaults.max_backlog, before_paused));
  install(PROP_LANGUAGE_CODE,
          g_param_spec_string("language-code", "Language code",
                              "ISO 639 code of the text for the stream's tags (empty: the "
                              "domain's)",
                              nullptr, any_time));
  install(PROP_CUE_COLUMNS,
          g_param_spec_uint("cue-columns", "Cue columns", "Most characters in a line of a cue", 8,
                            200, static_cast<guint>(defaults.cue_shape.columns), before_paused));
  install(PROP_CUE_LINES,
          g_param_spec_uint("cue-lines", "Cue lines", "Most lines that one cue may have", 1, 10,
                            static_cast<guint>(defaults.cue_shape.lines), before_paused));
  const auto cue_time = [](const char *name, const char *nick, const char *blurb, guint least,
                           Time value) {
    return g_param_spec_uint(name, nick, blurb, least, most_milliseconds, milliseconds_of(value),
                             before_paused);
  };
  install(PROP_CUE_MIN_DURATION,
          cue_time("cue-min-duration", "Minimum cue duration",
                   "How long a cue stays at least if no other comes, in milliseconds", 0,
                   defaults.cue_shape.minimum_duration));
  install(PROP_CUE_MAX_DURATION, cue_time("cue-max-duration", "Maximum cue duration",
                                          "Longest stretch of speech in a cue, in milliseconds",
                                          500, defaults.cue_shape.maximum_duration));
  install(PROP_CUE_GAP,
          cue_time("cue-gap", "Cue gap", "Least time between two cues, in milliseconds", 0,
                   defaults.cue_shape.gap));
}

void install_read_only_properties(GObjectClass *object_class) {
  g_object_class_install_property(
      object_class, PROP_MAX_OBSERVED_DELAY,
      g_param_spec_uint("max-observed-delay", "Maximum observed delay",
                        "Longest time between a text's own time and its output in a live pipeline, "
                        "in milliseconds",
                        0, G_MAXUINT, 0, read_only));
  g_object_class_install_property(
      object_class, PROP_STATS,
      g_param_spec_boxed("stats", "Statistics", "Counters of this element's stream and its engine",
                         GST_TYPE_STRUCTURE, read_only));
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
  auto tokens = parse_tokens(prompt_tokens);
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
    case PROP_LANGUAGE_CODE:
      language_code = string_of(value);
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
    case PROP_LANGUAGE_CODE:
      g_value_set_string(value, language_code.c_str());
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
    default:
      return false;
  }
}

void install_properties(GObjectClass *object_class) {
  install_model_properties(object_class);
  install_output_properties(object_class);
  install_read_only_properties(object_class);
}

}  // namespace kyutaistt::element
