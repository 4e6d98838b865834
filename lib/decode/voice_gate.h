// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether what is heard may be speech.
#pragma once

#include <cstdint>

#include <kyutaistt/audio.h>
#include <kyutaistt/voice_level.h>

namespace kyutaistt::decode {

/// Opens at sound that changes its level as speech does, and closes when there has been none for a
/// time. Silence, tones, hum and noise do not change theirs; music and applause may. A plain value
/// without thread rules; constant cost and memory.
class VoiceGate {
 public:
  /// `hold`: time without speech after which it closes; 0: never.
  explicit VoiceGate(Time hold)
      : hold_frames_((hold + frame_duration - Time(1)) / frame_duration) {}

  /// One more frame of this level (see `level_of`).
  void hear(float level);
  bool is_open() const noexcept { return is_open_; }

  /// It opens so many frames after the sound that opened it began, at most; with some before.
  static constexpr int64_t frames_before_opening = 18;

 private:
  bool may_be_speech() const noexcept;

  const int64_t hold_frames_;
  VoiceLevel voice_;
  float last_level_ = 0;
  /// A bit for each of the last frames, the newest one lowest: is it loud enough, and is it louder
  /// or softer than the one before.
  uint32_t loud_frames_ = 0;
  uint32_t uneven_frames_ = 0;
  int64_t frames_without_speech_ = 0;
  bool is_open_ = true;
};

}  // namespace kyutaistt::decode
