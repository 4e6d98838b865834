// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/file_clock.h"

namespace kyutaistt::program {

namespace {

constexpr uint64_t sample_rate = 24000;
/// Audio that is no further off than half a frame follows: containers round their times.
constexpr Time tolerance = std::chrono::milliseconds(40);
/// As in the element: up to this long, what is lost is heard as silence, so that speech keeps its
/// rhythm; over more, only the clock moves.
constexpr Time longest_silence = std::chrono::seconds(1);
/// Audio that is no earlier than this overlaps a little; what is earlier is told by another clock.
constexpr Time longest_overlap = std::chrono::seconds(1);

}  // namespace

Time FileClock::now() const {
  // In two parts, so that no length of a recording overflows.
  return anchor_ + std::chrono::seconds(samples_ / sample_rate) +
         Time(samples_ % sample_rate * std::nano::den / sample_rate);
}

FileClock::Joint FileClock::take(std::optional<Time> position, size_t samples) {
  Joint joint;
  if (position) {
    const Time ahead = *position + shift_ - now();
    if (ahead > tolerance) {
      joint.silence = begun_ && ahead <= longest_silence ? ahead : Time();
      anchor_ = now() + ahead;
      samples_ = 0;
      joint.timestamp = anchor_;
    } else if (ahead < -longest_overlap) {
      // Words never run backwards, so what follows is behind what came before.
      shift_ -= ahead;
    }
  }
  samples_ += samples;
  begun_ = true;
  return joint;
}

}  // namespace kyutaistt::program
