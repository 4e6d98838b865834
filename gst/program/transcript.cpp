// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/transcript.h"

#include <cmath>

#include "captions/cue_format.h"
#include "captions/cue_shaper.h"
#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// Seconds with milliseconds.
double seconds(Time time) {
  constexpr double precision = 1e3;
  return std::round(std::chrono::duration<double>(time).count() * precision) / precision;
}

std::string plain_text(const Transcript &transcript) {
  std::string text;
  for (const Word &word : transcript.words) {
    text += (text.empty() ? "" : " ") + word.text;
  }
  return text;
}

std::string format_json(const Transcript &transcript, const Details &details) {
  OrderedJson json;
  if (!details.file.empty()) {
    json["file"] = details.file;
  }
  json["model"] = details.model;
  json["domain"] = details.domain;
  json["duration"] = seconds(details.duration);
  json["delay"] = details.delay_seconds;
  json["words"] = OrderedJson::array();
  for (size_t i = 0; i < transcript.words.size(); ++i) {
    const Word &word = transcript.words[i];
    constexpr double precision = 1e4;
    json["words"].push_back({{"text", word.text},
                             {"start", seconds(word.start)},
                             {"end", seconds(transcript.shown_until(i))},
                             {"confidence", std::round(word.confidence * precision) / precision}});
  }
  json["text"] = plain_text(transcript);
  if (!details.error.empty()) {
    json["error"] = details.error;
  }
  if (details.tokens) {
    json["tokens"] = transcript.tokens;
  }
  if (details.codes) {
    json["codes"] = transcript.codes;
  }
  return json_text(json) + "\n";
}

std::vector<captions::Cue> shape_cues(const Transcript &transcript) {
  captions::CueShaper shaper{captions::CueShape()};
  for (size_t i = 0; i < transcript.words.size(); ++i) {
    // A pause is measured from the word's last piece, so its end stays what it was.
    shaper.add(transcript.words[i]);
    if (const auto &end = transcript.ends[i]) {
      shaper.add(WordEnd{transcript.words[i].index, *end});
    }
  }
  shaper.finish();
  return shaper.take();
}

}  // namespace

void Transcript::add(const Event &event) {
  if (const auto *word = std::get_if<Word>(&event)) {
    words.push_back(*word);
    ends.emplace_back();
  } else if (const auto *end = std::get_if<WordEnd>(&event)) {
    ends[end->index] = end->end;
  } else if (const auto *step = std::get_if<Step>(&event)) {
    tokens.push_back(step->token);
    if (!step->codes.empty()) {
      codes.push_back(step->codes);
    }
  } else if (const auto *stopped = std::get_if<Failure>(&event)) {
    failure = stopped->status;
  } else if (std::holds_alternative<Drained>(event)) {
    drained = true;
  }
}

Time Transcript::shown_until(size_t word) const {
  return ends[word].value_or(words[word].end);
}

std::string format_transcript(const Transcript &transcript, Format format, const Details &details) {
  switch (format) {
    case Format::Json:
      return format_json(transcript, details);
    case Format::Text:
      return plain_text(transcript) + "\n";
    case Format::Srt: {
      std::string text;
      uint64_t number = 0;
      for (const captions::Cue &cue : shape_cues(transcript)) {
        text += captions::format_subrip(cue, ++number, captions::Escapes::Standard);
      }
      return text;
    }
    case Format::Vtt:
      break;
  }
  std::string text = captions::webvtt_header;
  for (const captions::Cue &cue : shape_cues(transcript)) {
    text += captions::format_webvtt(cue, captions::Escapes::Standard);
  }
  return text;
}

}  // namespace kyutaistt::program
