// SPDX-License-Identifier: LGPL-2.1-or-later
/// How loud a stream is, and how far below its speech.
#pragma once

#include <limits>
#include <span>

namespace kyutaistt::decode {

/// Power of samples in decibels of full scale; of digital silence -100.
float level_of(std::span<const float> samples);

/// Follows the loudest speech of a stream, which is forgotten slowly. A plain value without thread
/// rules.
class VoiceLevel {
 public:
  /// One more frame: by how many decibels its level is below the loudest speech.
  float hear(float level);

 private:
  float loudness_ = std::numeric_limits<float>::lowest();
};

}  // namespace kyutaistt::decode
