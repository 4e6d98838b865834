// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/waveform.h"

#include <algorithm>
#include <cmath>

namespace kyutaistt::program {

void Waveform::add(std::span<const float> samples, Time start) {
  int64_t position = samples_in(start);
  for (const float sample : samples) {
    if (position >= 0) {
      while (position / samples_per_peak_ >= static_cast<int64_t>(max_peaks)) {
        halve();
      }
      const auto index = static_cast<size_t>(position / samples_per_peak_);
      if (index >= peaks_.size()) {
        peaks_.resize(index + 1);
      }
      peaks_[index] = std::max(peaks_[index], std::min(std::fabs(sample), 1.0F));
    }
    ++position;
  }
}

void Waveform::halve() {
  samples_per_peak_ *= 2;
  for (size_t i = 0; i < peaks_.size(); i += 2) {
    peaks_[i / 2] = i + 1 < peaks_.size() ? std::max(peaks_[i], peaks_[i + 1]) : peaks_[i];
  }
  peaks_.resize((peaks_.size() + 1) / 2);
}

}  // namespace kyutaistt::program
