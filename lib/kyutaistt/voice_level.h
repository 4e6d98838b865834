// SPDX-License-Identifier: LGPL-2.1-or-later
/// How loud audio is, and how far below its speech, from which pauses of the voice are found.
///
/// Plain values without thread rules; the cost of reading the samples once.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

namespace kyutaistt {

/// Power of samples in decibels of full scale; of digital silence -100. At least one sample.
inline float level_of(std::span<const float> samples) {
  const float sum = std::inner_product(samples.begin(), samples.end(), samples.begin(), 0.0F);
  return 10 * std::log10(sum / static_cast<float>(samples.size()) + 1e-10F);
}

/// Follows the loudest speech of a stream, which is forgotten slowly.
class VoiceLevel {
 public:
  /// `quietest`: in decibels of full scale; nobody's loudest speech is quieter than this.
  explicit VoiceLevel(float quietest = std::numeric_limits<float>::lowest())
      : quietest_(quietest), loudness_(quietest) {}

  /// One more frame of 80 ms: by how many decibels its level is below the loudest speech.
  float hear(float level) {
    loudness_ = std::max({level, loudness_ - decay, quietest_});
    return loudness_ - level;
  }

 private:
  /// By so many decibels a frame it is forgotten.
  static constexpr float decay = 0.1F;

  float quietest_;
  float loudness_;
};

}  // namespace kyutaistt
