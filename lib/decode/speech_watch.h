// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether a stream's context should end where it is: the speaker has stopped, or it has gone deaf.
#pragma once

#include <cstdint>
#include <deque>

#include <kyutaistt/audio.h>
#include <kyutaistt/model_info.h>
#include <kyutaistt/voice_level.h>

namespace kyutaistt::decode {

/// Compares what is heard with what is written. A plain value without thread rules; constant cost
/// for each frame, and memory for the delay and three seconds of levels.
class SpeechWatch {
 public:
  /// `pause`: silence after speech that counts as its end; 0 for none. `mends_stalls`: speech of
  /// which nothing is written is noticed.
  SpeechWatch(const ModelInfo &model, Time pause, bool mends_stalls);

  /// A new context begins. `renewed`: because of a stall.
  void begin_context(bool renewed);
  /// The context hears a frame of this level (see `level_of`), and writes a token there.
  void hear(float level);
  void write(bool is_pad);

  /// The speaker has stopped, and the context has heard him.
  bool has_ended() const noexcept;
  /// There was speech, as loud as before and as uneven as speech is, for three seconds up to the
  /// model's delay ago, and all text since then is pads. After a renewal that brought no text it
  /// takes twice as long, up to ten minutes, until text comes: it was not speech then.
  bool has_stalled() const noexcept;

  /// Frames that it takes to notice a stall.
  int64_t stalled_frames() const noexcept { return lead_ + speech_frames; }
  /// Frames to be heard again after one, which reach back to the beginning of the speech; none if
  /// stalls are not noticed.
  int64_t frames_to_hear_again() const noexcept {
    return mends_stalls_ ? stalled_frames() + speech_frames : 0;
  }

 private:
  /// Speech without text that is one too many.
  static constexpr int64_t speech_frames = 38;

  bool was_speech() const noexcept;

  const int64_t lead_;
  const int64_t pause_frames_;
  const bool mends_stalls_;
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
};

}  // namespace kyutaistt::decode
