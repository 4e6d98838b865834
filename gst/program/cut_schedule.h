// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where a recording is cut, so that its pieces can be recognised at the same time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kyutaistt/voice_level.h>

namespace kyutaistt::program {

/// Finds pauses of the voice from the level of every frame. A piece ends in the middle of the
/// longest pause between its 8th and 25th second. If there is none, it goes on until the next one:
/// anywhere else a word would be cut. A plain value without thread rules.
class CutSchedule {
 public:
  /// No piece but the last has fewer frames.
  static constexpr int64_t min_frames = 100;
  /// When a piece has so many, the longest pause is chosen.
  static constexpr int64_t usual_frames = 312;
  /// Two frames or more on either side of a cut are quiet.
  static constexpr int64_t min_pause_frames = 5;

  /// One more frame, of this power in decibels of full scale. If the piece ends, returns how many
  /// frames it has; later ones belong to the next piece.
  std::optional<int64_t> hear(float level);
  /// How many frames of the piece lie before any cut that is still to come.
  int64_t settled() const;

 private:
  static constexpr float min_loudness = -45;

  bool is_quiet(float level);
  std::optional<int64_t> middle_of_longest_pause() const;
  int64_t frames() const { return static_cast<int64_t>(quiet_.size()); }

  VoiceLevel voice_{min_loudness};
  /// Of each frame of the piece.
  std::vector<bool> quiet_;
  /// Quiet frames at the end of the piece.
  int64_t pause_frames_ = 0;
};

}  // namespace kyutaistt::program
