// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every property as GObject knows it: name, blurb, range, default, and when it can be changed.
#include "element/settings.h"

namespace kyutaistt::element {

namespace {

constexpr guint max_milliseconds = 600000;

constexpr auto common_flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
constexpr auto any_time = static_cast<GParamFlags>(common_flags | GST_PARAM_MUTABLE_PLAYING);
constexpr auto before_paused = static_cast<GParamFlags>(common_flags | GST_PARAM_MUTABLE_READY);
constexpr auto read_only = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

guint milliseconds_of(Time time) {
  return static_cast<guint>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

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
                           max_pad_steps, defaults.pad_steps, any_time));
  install(
      PROP_DOMAIN_CHANGE,
      g_param_spec_enum("domain-change", "Domain change",
                        "When a change of domain, prompt-tokens or pad-steps takes effect",
                        domain_change_type(), static_cast<int>(defaults.domain_change), any_time));
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
                                          0, max_threads, defaults.threads, before_paused));
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
    return g_param_spec_uint(name, nick, blurb, least, max_milliseconds, value, any_time);
  };
  install(PROP_TEXT_UNIT,
          g_param_spec_enum("text-unit", "Text unit",
                            "What one buffer of text/x-raw holds; the subtitle formats always hold "
                            "cues",
                            text_unit_type(), static_cast<int>(defaults.text_unit), any_time));
  install(PROP_LATENCY, milliseconds("latency", "Latency",
                                     "Latency to report in live pipelines, in milliseconds (0: the "
                                     "model's delay and what processing needs, raised by up to "
                                     "max-backlog where text comes late)",
                                     0, defaults.latency));
  install(PROP_LATENESS,
          milliseconds("lateness", "Lateness",
                       "By how much to shift the running time of the text, in milliseconds", 0,
                       defaults.lateness));
  install(PROP_MAX_BACKLOG,
          g_param_spec_uint("max-backlog", "Maximum backlog",
                            "Live audio that may wait for the model before whole frames are "
                            "dropped, in milliseconds",
                            80, max_milliseconds, defaults.max_backlog, before_paused));
  install(PROP_MAX_STREAMS,
          g_param_spec_uint("max-streams", "Maximum streams",
                            "Streams that may share the model in this process, this one included",
                            1, 64, defaults.max_streams, before_paused));
  install(PROP_CHANNEL,
          g_param_spec_string("channel", "Channel",
                              "Which channel is heard: mix (all of them), left, right, or a number "
                              "from 1 on",
                              defaults.channel.c_str(), before_paused));
  install(PROP_LANGUAGE_CODE,
          g_param_spec_string("language-code", "Language code",
                              "ISO 639 code of the text for the stream's tags (empty: the "
                              "domain's)",
                              nullptr, any_time));
  install(PROP_POST_WORDS,
          g_param_spec_boolean("post-words", "Post words",
                               "Post a message kyutaistt/word on the bus for every word",
                               defaults.post_words, any_time));
  install(PROP_RELAY,
          g_param_spec_boolean("relay", "Relay",
                               "Go on in fresh contexts, with the prompt forced anew, so that a "
                               "stream may last for days; off: as the reference does",
                               defaults.relay, before_paused));
  install(PROP_POST_PAUSES,
          g_param_spec_boolean("post-pauses", "Post pauses",
                               "Post a message kyutaistt/pause on the bus when nobody speaks any "
                               "more",
                               defaults.post_pauses, any_time));
  install(PROP_CUE_PRESET,
          g_param_spec_enum("cue-preset", "Cue preset",
                            "Known shape of cues; sets all other cue properties, which can be "
                            "changed afterwards",
                            cue_preset_type(), static_cast<int>(defaults.cue_preset), any_time));
  install(PROP_CUE_COLUMNS,
          g_param_spec_uint("cue-columns", "Cue columns", "Most characters in a line of a cue", 8,
                            200, static_cast<guint>(defaults.cue_shape.columns), any_time));
  install(PROP_CUE_LINES,
          g_param_spec_uint("cue-lines", "Cue lines", "Most lines that one cue may have", 1, 10,
                            static_cast<guint>(defaults.cue_shape.lines), any_time));
  const auto cue_time = [](const char *name, const char *nick, const char *blurb, guint least,
                           Time value) {
    return g_param_spec_uint(name, nick, blurb, least, max_milliseconds, milliseconds_of(value),
                             any_time);
  };
  install(PROP_CUE_MIN_DURATION,
          cue_time("cue-min-duration", "Minimum cue duration",
                   "How long a cue stays at least if no other comes, in milliseconds", 0,
                   defaults.cue_shape.minimum_duration));
  install(PROP_CUE_MAX_DURATION, cue_time("cue-max-duration", "Maximum cue duration",
                                          "Longest time that a cue stays, in milliseconds", 500,
                                          defaults.cue_shape.maximum_duration));
  install(PROP_CUE_GAP,
          cue_time("cue-gap", "Cue gap", "Least time between two cues, in milliseconds", 0,
                   defaults.cue_shape.gap));
  install(PROP_CUE_WORD_DURATION,
          cue_time("cue-word-duration", "Cue word duration",
                   "How long a cue stays for each of its words if no other comes, in milliseconds",
                   0, defaults.cue_shape.word_duration));
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

void install_properties(GObjectClass *object_class) {
  install_model_properties(object_class);
  install_output_properties(object_class);
  install_read_only_properties(object_class);
}

}  // namespace kyutaistt::element
