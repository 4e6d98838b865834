// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/voice_gate.h"

#include <bit>

#include "decode/voice.h"

namespace kyutaistt::decode {

namespace {

/// A second.
constexpr int seen_frames = 12;
constexpr uint32_t seen = (1U << seen_frames) - 1;
/// So many of them are loud, and change the level, if it is speech.
constexpr int loud_frames = 3;
constexpr int uneven_frames = 2;

}  // namespace

void VoiceGate::hear(float level) {
  if (hold_frames_ == 0) {
    return;
  }
  const bool is_loud = is_voice(level, voice_.hear(level));
  loud_frames_ = (loud_frames_ << 1 | (is_loud ? 1U : 0U)) & seen;
  uneven_frames_ = (uneven_frames_ << 1 | (is_uneven(last_level_, level) ? 1U : 0U)) & seen;
  last_level_ = level;
  if (may_be_speech()) {
    frames_without_speech_ = 0;
    is_open_ = true;
  } else if (++frames_without_speech_ >= hold_frames_) {
    is_open_ = false;
  }
}

bool VoiceGate::may_be_speech() const noexcept {
  return std::popcount(loud_frames_) >= loud_frames &&
         std::popcount(uneven_frames_) >= uneven_frames;
}

}  // namespace kyutaistt::decode
