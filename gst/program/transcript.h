// SPDX-License-Identifier: LGPL-2.1-or-later
/// The text of a recording in every output format.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include <kyutaistt/events.h>
#include <kyutaistt/model.h>

#include "captions/cue.h"

namespace kyutaistt::program {

enum class Format { Text, Json, JsonLines, Srt, Vtt, Html };

/// How a transcript is written, and what JSON has beside the words.
struct Details {
  std::string model;
  /// Empty where there is only one.
  std::string file;
  std::string domain;
  /// Of the text, as an ISO 639-1 code; empty if unknown.
  std::string language;
  /// Pages refer from the result, a path that is empty for standard output, to the recording.
  std::string recording;
  std::string result;
  double delay_seconds = 0;
  bool tokens = false;
  bool codes = false;
  captions::CueShape cue_shape;
};

/// How the recording ended.
struct Ending {
  /// How much of it was heard.
  Time duration{};
  /// Why the transcript ends early or is empty; empty where nothing went wrong.
  std::string error;
};

/// Turns a stream's events into text as they arrive. Not thread-safe.
class Transcript {
 public:
  Transcript() = default;
  Transcript(const Transcript &) = delete;
  Transcript &operator=(const Transcript &) = delete;
  virtual ~Transcript() = default;

  /// More of the recording's audio, the first sample at `start`, before the events of it.
  virtual void hear(std::span<const float> /*samples*/, Time /*start*/) {}
  virtual void add(const Event &event) = 0;
  /// No more events follow: the rest of the text is final, a line break at its end.
  virtual void finish(const Ending &ending) = 0;
  /// The text that became final since the last call. JSON of a whole recording and pages are final
  /// at its end.
  std::string take() { return std::exchange(final_, {}); }

 protected:
  std::string final_;
};

std::unique_ptr<Transcript> make_transcript(Format format, const Details &details);

}  // namespace kyutaistt::program
