// SPDX-License-Identifier: LGPL-2.1-or-later
/// The outline of a recording's sound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <kyutaistt/audio.h>

namespace kyutaistt::program {

/// Peaks of a recording of any length, in at most `max_peaks` intervals of equal length: when they
/// do not suffice, two become one. Not thread-safe; 16 KB.
class Waveform {
 public:
  static constexpr size_t max_peaks = 4000;

  /// More audio, the first sample at `start`. What lies before 0 is left out.
  void add(std::span<const float> samples, Time start);

  /// Length of an interval.
  Time interval() const { return duration_of(samples_per_peak_); }
  /// From 0 on, in [0, 1]; silence where there was no audio.
  const std::vector<float> &peaks() const { return peaks_; }

 private:
  void halve();

  int64_t samples_per_peak_ = samples_per_frame / 8;
  std::vector<float> peaks_;
};

}  // namespace kyutaistt::program
