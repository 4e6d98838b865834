// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/relay_schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <kyutaistt/audio.h>

namespace kyutaistt::decode {

namespace {

/// From this age on a fresh context begins in a deep pause (see `RelaySchedule::share_of_room`), of
/// so many decibels below the loudest speech.
constexpr double earliest_share = 0.2;
constexpr float deep_pause = 55;
/// From this age on it begins at once. In between, the pause that is wanted gets shallower evenly,
/// down to this one.
constexpr double deadline_share = 0.5;
constexpr float shallow_pause = 30;
/// Text that a fresh context has before it goes on with it: it has the sentence from that.
constexpr int64_t history_frames = 25;

int64_t delay_frames(const ModelInfo &model) {
  return static_cast<int64_t>(std::llround(model.delay_seconds * frames_per_second));
}

}  // namespace

RelaySchedule::RelaySchedule(const ModelInfo &model, int64_t forced)
    : lead_(std::max(delay_frames(model), forced)), window_(model.language_model.window) {}

bool RelaySchedule::has_room() const noexcept {
  return share_of_room(lead_ + history_frames) < earliest_share;
}

double RelaySchedule::share_of_room(int64_t age) const noexcept {
  return static_cast<double>(age - lead_) / static_cast<double>(window_ - lead_);
}

bool RelaySchedule::hear(float level, int64_t age) {
  const float depth = voice_.hear(level);
  // Of two frames, because a long stop of the voice within a word is as quiet for one.
  const float pause = std::min(depth, std::exchange(last_depth_, depth));
  if (fresh_frames_ >= 0) {
    ++fresh_frames_;
    return false;
  }
  const double share = share_of_room(age);
  const auto gone =
      static_cast<float>((share - earliest_share) / (deadline_share - earliest_share));
  return gone >= 1 || (gone >= 0 && pause >= std::lerp(deep_pause, shallow_pause, gone));
}

bool RelaySchedule::can_take_over() const noexcept {
  return fresh_frames_ >= lead_ + history_frames;
}

}  // namespace kyutaistt::decode
