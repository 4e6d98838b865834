// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a stream that is late hears several frames in one step.
///
/// The codec encodes them at once, which is exact: it knows nothing of the text. The language model
/// hears them at once too, on the chance that it writes what was guessed; what comes of the frames
/// after the first wrong guess is forgotten, and computed again in the next step. So the text is
/// the same, token for token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "decode/relay_schedule.h"
#include "decode/speech_watch.h"
#include "engine/audio_queue.h"
#include "lm/language_model.h"

namespace kyutaistt::engine {

struct StreamState;

/// A frame that the codec hears next, or has heard, and the language model has not.
struct FrameAhead {
  QueuedFrame frame;
  /// Empty until the codec has heard it.
  std::vector<int32_t> codes;

  // Of the stream's relay, as it is at this frame.

  /// A fresh context hears the frame as well, as these codes.
  bool has_fresh = false;
  std::vector<int32_t> fresh_codes;
  bool shares_audio = false;
  /// With this frame the fresh context takes over.
  bool hands_over = false;
};

/// How many frames of a context are tried at once, by how many have proved right lately.
class Pace {
 public:
  size_t frames() const noexcept { return frames_; }
  /// So many were tried, and so many of them were right.
  void note(size_t tried, size_t right) noexcept;

 private:
  static constexpr size_t least = 2;
  static constexpr auto greatest = static_cast<size_t>(lm::LanguageModel::max_positions_ahead);

  size_t frames_ = greatest;
};

/// Whether more frames of a stream can be taken before those that were have been computed: as long
/// as nothing that comes of these can change what the next one is for. One that may be the last of
/// its context, with which a fresh context begins, or with which that takes over, is the last that
/// is taken.
///
/// For one step, on the engine's worker. Cost: a copy of what the stream knows of its audio.
class Outlook {
 public:
  explicit Outlook(const StreamState &stream);

  /// The stream hears one more frame.
  void take(float level);
  bool is_open() const noexcept { return is_open_; }

 private:
  /// `is_last`: by the relay.
  void pass(float level, bool is_last);

  decode::SpeechWatch watch_;
  decode::RelaySchedule schedule_;
  const bool may_relay_;
  const bool has_fresh_;
  /// One for each text.
  const std::vector<int32_t> pads_;
  /// Positions of the context before the next frame.
  int64_t age_;
  /// Frames of which it is not known what is written.
  int64_t unknown_ = 0;
  bool is_open_ = true;
};

/// What a text is fed at some positions of which only the first is known: guesses.
class Attempt {
 public:
  /// `known`: the first token. `expected`: what may be written at these positions but the last.
  Attempt(int32_t known, std::span<const int32_t> expected);

  const std::vector<int32_t> &tokens() const noexcept { return fed_; }
  /// How many positions were fed the right token, if this is what was written there.
  size_t count_right(std::span<const int32_t> written) const noexcept;

 private:
  std::vector<int32_t> fed_;
};

}  // namespace kyutaistt::engine
