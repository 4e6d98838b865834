// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/voice_level.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kyutaistt::decode {

namespace {

/// The loudest speech is forgotten by so many decibels with each frame.
constexpr float loudness_decay = 0.1F;

}  // namespace

float level_of(std::span<const float> samples) {
  const float sum = std::inner_product(samples.begin(), samples.end(), samples.begin(), 0.0F);
  return 10 * std::log10(sum / static_cast<float>(samples.size()) + 1e-10F);
}

float VoiceLevel::hear(float level) {
  loudness_ = std::max(level, loudness_ - loudness_decay);
  return loudness_ - level;
}

}  // namespace kyutaistt::decode
