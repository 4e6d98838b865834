// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a recording said, and the formats to write it in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/model.h>

namespace kyutaistt::program {

enum class Format { Text, Json, Srt, Vtt };

/// Collects the events of one recording. Not thread-safe.
struct Transcript {
  void add(const Event &event);

  /// Until when the word may be shown: its `WordEnd`, or the end of its last piece where that did
  /// not come.
  Time shown_until(size_t word) const;

  std::vector<Word> words;
  /// What `WordEnd` told, beside the words; unset where it has not come.
  std::vector<std::optional<Time>> ends;
  /// Every position's token, from 0 on, and the codes of every frame; with report_steps.
  std::vector<int32_t> tokens;
  std::vector<std::vector<int32_t>> codes;
  bool drained = false;
  Status failure;
};

/// What JSON says beside the words.
struct Details {
  std::string model;
  /// Empty where there is only one.
  std::string file;
  std::string domain;
  Time duration{};
  double delay_seconds = 0;
  /// Why the transcript ends early or is empty; empty where nothing went wrong.
  std::string error;
  bool tokens = false;
  bool codes = false;
};

/// The transcript as a whole document, with a line break at its end; JSON and text are one line.
std::string format_transcript(const Transcript &transcript, Format format, const Details &details);

}  // namespace kyutaistt::program
