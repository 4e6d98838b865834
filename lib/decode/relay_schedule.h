// SPDX-License-Identifier: LGPL-2.1-or-later
/// When a stream goes on in a fresh context.
#pragma once

#include <cstdint>

#include <kyutaistt/model_info.h>
#include <kyutaistt/voice_level.h>

namespace kyutaistt::decode {

/// Listens to a stream and decides when a fresh context begins beside the running one, and when it
/// takes over (see docs/long-streams.md). It begins in a pause of the voice, as clips do; the older
/// the running context, the less of a pause will do.
///
/// A plain value without thread rules, made anew for a context that begins afresh; constant cost
/// and memory for each frame.
class RelaySchedule {
 public:
  /// `forced`: tokens that are forced at the start of a context.
  RelaySchedule(const ModelInfo &model, int64_t forced);

  /// One more frame. `level`: power of its samples in decibels, of which only differences count;
  /// `age`: positions of the running context. True if a fresh context should begin with this frame.
  bool hear(float level, int64_t age);
  /// It did.
  void begin() { fresh_frames_ = 0; }
  /// It is no longer there.
  void end() { fresh_frames_ = -1; }

  /// The fresh context has heard for so long that what is written now is about audio that both
  /// hear.
  bool shares_audio() const noexcept { return fresh_frames_ >= lead_; }
  /// It has enough of the text to go on with it.
  bool can_take_over() const noexcept;
  /// False for a window so small that a fresh context would be as old as the one that it follows.
  bool has_room() const noexcept;

 private:
  /// Age of a context, as a share of the window's room: of what is left of it after the delay.
  double share_of_room(int64_t age) const noexcept;

  int64_t lead_;
  int64_t window_;
  VoiceLevel voice_;
  /// How far the frame before was below the voice.
  float last_depth_ = 0;
  /// Frames that the fresh context has heard, but for the first; -1 if there is none.
  int64_t fresh_frames_ = -1;
};

}  // namespace kyutaistt::decode
