// SPDX-License-Identifier: LGPL-2.1-or-later
/// Cuts the samples of a recording into pieces.
#pragma once

#include <deque>
#include <span>
#include <utility>
#include <vector>

#include <kyutaistt/audio.h>

#include "program/cut_schedule.h"

namespace kyutaistt::program {

/// Holds samples back until it is certain to which piece they belong: no more than 25 s. Not
/// thread-safe.
class PieceCutter {
 public:
  /// Samples of one piece that follow each other.
  struct Section {
    /// Of the first sample.
    Time start{};
    std::vector<float> samples;
    /// The piece ends with the last sample.
    bool ends_piece = false;
  };

  /// More audio, the first sample at `start`.
  void push(std::span<const float> samples, Time start);
  /// No more audio follows: the last piece ends with what is held, if anything is.
  void finish();
  /// What is certain since the last call, in order.
  std::vector<Section> take() { return std::exchange(ready_, {}); }

 private:
  void hear_frame();
  /// Passes on the first `count` of the samples that are held.
  void release(int64_t count);

  CutSchedule schedule_;
  /// The last samples, which are no whole frame yet.
  std::vector<float> frame_;
  std::deque<Section> held_;
  std::vector<Section> ready_;
  /// Samples of the running piece that have been passed on.
  int64_t released_ = 0;
};

}  // namespace kyutaistt::program
