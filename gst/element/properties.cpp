// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/property.h"
#include "element/property_values.h"

namespace kyutaistt::element {

namespace {

constexpr guint max_milliseconds = 600000;
constexpr guint max_streams = 64;
constexpr auto min_backlog = static_cast<guint>(frame_duration / std::chrono::milliseconds(1));

constexpr OptionName<TextUnit> text_unit_names[] = {
    {TextUnit::Word, "word", "One word a buffer"},
    {TextUnit::Cue, "cue", "One cue a buffer"},
    {TextUnit::Line, "line", "The lines that are seen, with every word, in any format"},
};

constexpr OptionName<DomainChange> domain_change_names[] = {
    {DomainChange::Now, "now", "With the next audio"},
    {DomainChange::Pause, "pause", "At the next pause in the speech"},
};

void follow_preset(Settings &settings) {
  settings.cue_shape = captions::cue_shape_of(settings.cue_preset);
}

guint milliseconds_of_delay(const Transcriber &transcriber) {
  return static_cast<guint>(transcriber.max_observed_delay() / GST_MSECOND);
}

GstStructure *stats(const Transcriber &transcriber) {
  return transcriber.stats();
}

// The strings must live as long as the class, which is never freed: they are literals.
std::vector<Property> make_table() {
  return {
      // The model, and how it computes.
      {.name = "model",
       .nick = "Model",
       .blurb = "Model folder, or id in the local Hugging Face cache such as "
                "mideind/kyutai-stt-1b-is-en; nothing is ever downloaded",
       .value = text(&Settings::model),
       .mutability = Mutability::BeforePaused},
      {.name = "domain",
       .nick = "Domain",
       .blurb = "Task that the model is prompted for, e.g. asr_is_is or asr_is_en (empty: the "
                "model's default); what follows a change while running starts a new context",
       .value = text(&Settings::domain),
       .effect = Effect::Prompt},
      {.name = "prompt-tokens",
       .nick = "Prompt tokens",
       .blurb = "Token ids to force instead of a domain's, separated by commas (empty: the "
                "domain's)",
       .value = text(&Settings::prompt_tokens),
       .effect = Effect::Prompt},
      {.name = "pad-steps",
       .nick = "Pad steps",
       .blurb = "Pads forced after the prompt, in steps of 80 ms (-1: the model's)",
       .value = integer(&Settings::pad_steps, -1, max_pad_steps),
       .effect = Effect::Prompt},
      {.name = "domain-change",
       .nick = "Domain change",
       .blurb = "When a change of domain, prompt-tokens or pad-steps takes effect",
       .value = choice<DomainChange>(&Settings::domain_change, "GstKyutaiSttDomainChange",
                                     domain_change_names)},
      {.name = "device",
       .nick = "Device",
       .blurb = "Device to compute on: cpu, or one of libtorch's, e.g. cuda:0",
       .value = text(&Settings::device),
       .mutability = Mutability::BeforePaused},
      {.name = "precision",
       .nick = "Precision",
       .blurb = "How the language model's weights are held",
       .value = choice(&Settings::precision, "GstKyutaiSttPrecision"),
       .mutability = Mutability::BeforePaused},
      {.name = "cache-precision",
       .nick = "Cache precision",
       .blurb = "How the language model's keys and values are held: the largest part of a "
                "stream's memory",
       .value = choice(&Settings::cache_precision, "GstKyutaiSttCachePrecision"),
       .mutability = Mutability::BeforePaused},
      {.name = "threads",
       .nick = "Threads",
       .blurb = "CPU threads of the computation (0: one for each core)",
       .value = integer(&Settings::threads, 0, max_threads),
       .mutability = Mutability::BeforePaused},
      {.name = "alignment",
       .nick = "Alignment",
       .blurb = "Which audio frame the language model hears at which position",
       .value = choice(&Settings::alignment, "GstKyutaiSttAlignment"),
       .mutability = Mutability::BeforePaused},
      {.name = "codec-attention",
       .nick = "Codec attention",
       .blurb = "Which earlier positions the codec sees, for parity with other programs",
       .value = choice(&Settings::codec_attention, "GstKyutaiSttCodecAttention"),
       .mutability = Mutability::BeforePaused},
      {.name = "packed-weights",
       .nick = "Packed weights",
       .blurb = "How weights that kyutaistt quantize wrote get into memory; a mapped file must not "
                "be changed in place while it is used",
       .value = choice(&Settings::packed_weights, "GstKyutaiSttPackedWeights"),
       .mutability = Mutability::BeforePaused},

      // The stream and its text.
      {.name = "text-unit",
       .nick = "Text unit",
       .blurb =
           "What one buffer of text/x-raw holds; the subtitle formats hold lines, or else cues",
       .value = choice<TextUnit>(&Settings::text_unit, "GstKyutaiSttTextUnit", text_unit_names),
       .effect = Effect::Writing},
      {.name = "begin-empty",
       .nick = "Begin empty",
       .blurb =
           "Begin raw text with an empty buffer where its segment begins, for elements that take "
           "the time of the first for the beginning, as qtmux does in fragmented files",
       .value = flag(&Settings::begin_empty),
       .mutability = Mutability::BeforePaused},
      {.name = "latency",
       .nick = "Latency",
       .blurb = "Latency to report in live pipelines, in milliseconds (0: the model's delay and "
                "what processing needs, raised by up to max-backlog where text comes late; "
                "4294967295: none, text is not synchronised but stamped when it comes)",
       .value = integer(&Settings::latency, 0, not_synchronised)},
      {.name = "lateness",
       .nick = "Lateness",
       .blurb = "By how much to shift the running time of the text, in milliseconds",
       .value = integer(&Settings::lateness, 0, max_milliseconds),
       .effect = Effect::Writing},
      {.name = "max-backlog",
       .nick = "Maximum backlog",
       .blurb = "Live audio that may wait for the model before whole frames are dropped, in "
                "milliseconds",
       .value = integer(&Settings::max_backlog, min_backlog, max_milliseconds),
       .mutability = Mutability::BeforePaused},
      {.name = "max-streams",
       .nick = "Maximum streams",
       .blurb = "Streams that may share the model in this process, this one included",
       .value = integer(&Settings::max_streams, 1, max_streams),
       .mutability = Mutability::BeforePaused},
      {.name = "channel",
       .nick = "Channel",
       .blurb = "Which channel is heard: mix (all of them), left, right, or a number from 1 on",
       .value = text(&Settings::channel),
       .mutability = Mutability::BeforePaused},
      {.name = "language-code",
       .nick = "Language code",
       .blurb = "ISO 639 code of the text for the stream's tags (empty: the domain's)",
       .value = text(&Settings::language_code),
       .effect = Effect::Language},
      {.name = "post-words",
       .nick = "Post words",
       .blurb = "Post a message kyutaistt/word on the bus for every word",
       .value = flag(&Settings::post_words),
       .effect = Effect::Writing},
      {.name = "post-pauses",
       .nick = "Post pauses",
       .blurb = "Post a message kyutaistt/pause on the bus when speech pauses",
       .value = flag(&Settings::post_pauses),
       .effect = Effect::Writing},
      {.name = "relay",
       .nick = "Relay",
       .blurb = "Go on in fresh contexts, with the prompt forced anew, so that a stream may last "
                "for days; off: as the reference does",
       .value = flag(&Settings::relay),
       .mutability = Mutability::BeforePaused},
      {.name = "flush-on-pause",
       .nick = "Flush on pause",
       .blurb = "Silence after speech, in milliseconds, after which the last words come as fast as "
                "they can be computed (0: they come with the model's delay)",
       .value = integer(&Settings::flush_on_pause, 0, max_milliseconds),
       .mutability = Mutability::BeforePaused},
      {.name = "voice-gate",
       .nick = "Voice gate",
       .blurb = "Time without anything that may be speech, in milliseconds, after which the model "
                "hears nothing until there is some, so that it writes no words of tones, hum and "
                "noise (0: it hears everything)",
       .value = integer(&Settings::voice_gate, 0, max_milliseconds),
       .mutability = Mutability::BeforePaused},

      // Cues.
      {.name = "cue-preset",
       .nick = "Cue preset",
       .blurb = "Known shape of cues; sets all other cue properties, which can be changed "
                "afterwards",
       .value = choice<captions::CuePreset>(&Settings::cue_preset, "GstKyutaiSttCuePreset",
                                            captions::cue_preset_names, follow_preset),
       .effect = Effect::Writing},
      {.name = "cue-columns",
       .nick = "Cue columns",
       .blurb = "Maximum number of characters in a line of a cue",
       .value = cue_integer(captions::cue_columns),
       .effect = Effect::Writing},
      {.name = "cue-lines",
       .nick = "Cue lines",
       .blurb = "Maximum number of lines in a cue",
       .value = cue_integer(captions::cue_lines),
       .effect = Effect::Writing},
      {.name = "cue-min-duration",
       .nick = "Minimum cue duration",
       .blurb = "Minimum time that a cue is shown unless the next one comes, in milliseconds",
       .value = cue_duration(captions::cue_min_duration),
       .effect = Effect::Writing},
      {.name = "cue-max-duration",
       .nick = "Maximum cue duration",
       .blurb = "Maximum time that a cue is shown, in milliseconds",
       .value = cue_duration(captions::cue_max_duration),
       .effect = Effect::Writing},
      {.name = "cue-gap",
       .nick = "Cue gap",
       .blurb = "Minimum time between two cues, in milliseconds",
       .value = cue_duration(captions::cue_gap),
       .effect = Effect::Writing},
      {.name = "cue-word-duration",
       .nick = "Cue word duration",
       .blurb = "Minimum time that a cue is shown for each of its words unless the next one comes, "
                "in milliseconds",
       .value = cue_duration(captions::cue_word_duration),
       .effect = Effect::Writing},

      // What happened.
      {.name = "max-observed-delay",
       .nick = "Maximum observed delay",
       .blurb = "Longest time between a text's own time and its output in a live pipeline, in "
                "milliseconds",
       .value = reading(milliseconds_of_delay)},
      {.name = "stats",
       .nick = "Statistics",
       .blurb = "Counters of this element's stream and its engine",
       .value = reading(stats)},
  };
}

GParamFlags flags_of(const Property &property) {
  const int read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  if (property.value.set == nullptr) {
    return static_cast<GParamFlags>(read);
  }
  const bool always = property.mutability == Mutability::Always;
  return static_cast<GParamFlags>(read | G_PARAM_WRITABLE |
                                  (always ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY));
}

}  // namespace

std::span<const Property> properties() {
  static const std::vector<Property> table = make_table();
  return table;
}

const Property &property_of(guint number) {
  return properties()[number - 1];
}

void install_properties(GObjectClass *object_class) {
  guint number = 0;
  for (const Property &property : properties()) {
    g_object_class_install_property(object_class, ++number,
                                    property.value.new_spec(property, flags_of(property)));
  }
}

}  // namespace kyutaistt::element
