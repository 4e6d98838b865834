// SPDX-License-Identifier: LGPL-2.1-or-later
/// The audio that every model of the family expects, and time: facts that all parts share.
///
/// Constants and functions of plain values; no thread rules, no cost.
#pragma once

#include <chrono>
#include <cstdint>

namespace kyutaistt {

/// A position in, or a length of, a stream's audio.
using Time = std::chrono::nanoseconds;

/// Mono samples a second.
inline constexpr int64_t sample_rate = 24000;

/// One step takes one frame: the codec turns it into one row of codes.
inline constexpr int64_t samples_per_frame = 1920;
inline constexpr Time frame_duration = std::chrono::milliseconds(80);
inline constexpr double frames_per_second = 12.5;
static_assert(frame_duration * sample_rate == std::chrono::seconds(samples_per_frame));

/// A stretch of this length without a word is a pause in the speech.
inline constexpr Time pause_duration = std::chrono::milliseconds(800);

/// Duration of a number of samples, rounded towards 0 to a nanosecond; exact for whole frames.
/// Seconds and the remainder are converted separately, so nothing overflows if the result fits a
/// `Time`.
constexpr Time duration_of(int64_t samples) noexcept {
  return std::chrono::seconds(samples / sample_rate) +
         Time(samples % sample_rate * std::nano::den / sample_rate);
}

/// Number of samples in a duration, rounded towards 0; valid for every `Time`.
constexpr int64_t samples_in(Time duration) noexcept {
  return duration.count() / std::nano::den * sample_rate +
         duration.count() % std::nano::den * sample_rate / std::nano::den;
}

/// Seconds as a `Time`, and back.
constexpr Time seconds(double duration) noexcept {
  return std::chrono::duration_cast<Time>(std::chrono::duration<double>(duration));
}
constexpr double in_seconds(Time duration) noexcept {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace kyutaistt
