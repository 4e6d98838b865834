// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/json_transcript.h"

#include <cmath>

#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// The first field of a line: its file, if there are several.
OrderedJson begin_object(const Details &details) {
  OrderedJson json = OrderedJson::object();
  if (!details.file.empty()) {
    json["file"] = details.file;
  }
  return json;
}

}  // namespace

double rounded_seconds(Time time) {
  constexpr double precision = 1e3;
  return std::round(in_seconds(time) * precision) / precision;
}

double rounded_confidence(double confidence) {
  constexpr double precision = 1e4;
  return std::round(confidence * precision) / precision;
}

OrderedJson describe_word(const Word &word, Time end) {
  return {{"text", word.text},
          {"start", rounded_seconds(word.start)},
          {"end", rounded_seconds(end)},
          {"confidence", rounded_confidence(word.confidence)}};
}

OrderedJson describe_recording(const Details &details, const Ending &ending) {
  OrderedJson json = begin_object(details);
  json["model"] = details.model;
  json["domain"] = details.domain;
  json["duration"] = rounded_seconds(ending.duration);
  json["delay"] = details.delay_seconds;
  return json;
}

void JsonTranscript::add(const Event &event) {
  heard_.add(event);
  if (const auto *step = std::get_if<Step>(&event)) {
    if (step->relayed) {
      relays_.push_back(tokens_.size());
    }
    tokens_.push_back(step->token);
    if (!step->codes.empty()) {
      codes_.push_back(step->codes);
    }
  }
}

void JsonTranscript::finish(const Ending &ending) {
  OrderedJson json = describe_recording(details_, ending);
  json["words"] = OrderedJson::array();
  for (const Word &word : heard_.words()) {
    json["words"].push_back(describe_word(word, word.end));
  }
  json["text"] = heard_.text();
  if (!ending.error.empty()) {
    json["error"] = ending.error;
  }
  if (details_.tokens) {
    json["tokens"] = tokens_;
    json["relays"] = relays_;
  }
  if (details_.codes) {
    json["codes"] = codes_;
  }
  final_ += json_text(json) + "\n";
}

void JsonLinesTranscript::add(const Event &event) {
  if (const auto *word = std::get_if<Word>(&event)) {
    open_ = *word;
  } else if (const auto *end = std::get_if<WordEnd>(&event)) {
    write_word(end->end);
  }
}

void JsonLinesTranscript::finish(const Ending &ending) {
  if (open_) {
    write_word(open_->end);
  }
  OrderedJson json = describe_recording(details_, ending);
  if (!ending.error.empty()) {
    json["error"] = ending.error;
  }
  final_ += json_text(json) + "\n";
}

void JsonLinesTranscript::write_word(Time end) {
  if (open_) {
    OrderedJson json = begin_object(details_);
    json.update(describe_word(*open_, end));
    final_ += json_text(json) + "\n";
    open_.reset();
  }
}

}  // namespace kyutaistt::program
