// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether a stream's context should end where it is: the speaker has stopped, or it has gone deaf,
/// or it repeats itself.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/events.h>
#include <kyutaistt/model_info.h>
#include <kyutaistt/voice_level.h>

#include "decode/repeat_watch.h"

namespace kyutaistt::decode {

/// Compares what is heard with what is written. A plain value without thread rules; constant cost
/// for each frame, and memory for the delay and three seconds of levels.
class SpeechWatch {
 public:
  /// `pause`: silence after speech that counts as its end; 0 for none. `finds_faults`: speech of
  /// which nothing is written, and repetitions, are noticed.
  SpeechWatch(const ModelInfo &model, Time pause, bool finds_faults);

  /// A new context begins. `renewed`: why, if the last one had a fault.
  void begin_context(std::optional<Renewed::Reason> renewed);
  /// The context hears a frame of this level (see `level_of`), and writes a token of each text
  /// there.
  void hear(float level);
  void write(std::span<const int32_t> tokens);

  /// The speaker has stopped, and the context has heard him.
  bool has_ended() const noexcept;
  /// What is wrong with the context, if anything is.
  ///
  /// No text: there was speech, as loud as before and as uneven as speech is, for three seconds up
  /// to the model's delay ago, and all text since then is pads. After a renewal that brought no
  /// text it takes twice as long, up to ten minutes, until text comes: it was not speech then.
  ///
  /// Repetition: see `RepeatWatch`.
  std::optional<Renewed::Reason> fault() const noexcept;
  /// So many frames, none of them without text, might bring a repetition.
  bool may_repeat_within(int64_t frames) const noexcept;

  /// Frames that it takes to notice that no text comes.
  int64_t stalled_frames() const noexcept { return lead_ + speech_frames; }
  /// Frames to be heard again: if no text came, back to the beginning of the speech; if it repeated
  /// itself, those of which the text had not come yet.
  int64_t frames_to_hear_again(Renewed::Reason reason) const noexcept {
    return reason == Renewed::Reason::NoText ? stalled_frames() + speech_frames : lead_;
  }
  /// Frames that must be there for that; none if faults are not noticed.
  int64_t frames_to_keep() const noexcept {
    return finds_faults_ ? frames_to_hear_again(Renewed::Reason::NoText) : 0;
  }

 private:
  /// Speech without text that is one too many.
  static constexpr int64_t speech_frames = 38;

  bool was_speech() const noexcept;
  bool has_stalled() const noexcept;

  const int64_t lead_;
  const int64_t pause_frames_;
  const bool finds_faults_;
  VoiceLevel voice_;
  struct Frame {
    float level;
    bool is_voice;
  };
  /// The last frames, no more than `stalled_frames`.
  std::deque<Frame> frames_;
  bool heard_voice_ = false;
  int64_t quiet_frames_ = 0;
  int64_t frames_without_text_ = 0;
  /// `frames_without_text_` that it takes.
  int64_t patience_;
  /// Of each text.
  std::vector<RepeatWatch> repeats_;
};

}  // namespace kyutaistt::decode
