// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the levels of speech are like.
#pragma once

#include <cmath>

namespace kyutaistt::decode {

/// A frame of this level, in decibels of full scale, and so far below the loudest speech is voice:
/// it is no further below, and not as good as silent.
constexpr bool is_voice(float level, float depth) {
  constexpr float voice_depth = 30;
  constexpr float silence_level = -60;
  return depth < voice_depth && level > silence_level;
}

/// Speech is uneven: its level often changes by so much from a frame to the next. That of noise and
/// hum does not; that of some music does.
inline bool is_uneven(float before, float level) {
  constexpr float uneven_step = 6;
  return std::abs(level - before) > uneven_step;
}

}  // namespace kyutaistt::decode
