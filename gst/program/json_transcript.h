// SPDX-License-Identifier: LGPL-2.1-or-later
/// Transcripts as JSON: one object for a recording, or one for each word.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "program/heard_words.h"
#include "program/transcript.h"

namespace kyutaistt::program {

/// Seconds with milliseconds.
double rounded_seconds(Time time);
double rounded_confidence(double confidence);
nlohmann::ordered_json describe_word(const Word &word, Time end);
/// An object with the file, if there are several, and what is known of the recording.
nlohmann::ordered_json describe_recording(const Details &details, const Ending &ending);

/// One object, in one line, when the recording has ended.
class JsonTranscript : public Transcript {
 public:
  explicit JsonTranscript(Details details) : details_(std::move(details)) {}

  void add(const Event &event) override;
  void finish(const Ending &ending) override;

 private:
  const Details details_;
  HeardWords heard_;
  /// Every position's token, from 0 on, and the codes of every frame; with report_steps.
  std::vector<int32_t> tokens_;
  std::vector<std::vector<int32_t>> codes_;
  /// Positions from which on another context went on.
  std::vector<size_t> relays_;
};

/// An object in a line for each word as soon as its end is known, and a last one for the recording.
class JsonLinesTranscript : public Transcript {
 public:
  explicit JsonLinesTranscript(Details details) : details_(std::move(details)) {}

  void add(const Event &event) override;
  void finish(const Ending &ending) override;

 private:
  void write_word(Time end);

  const Details details_;
  /// Its end is not known yet.
  std::optional<Word> open_;
};

}  // namespace kyutaistt::program
