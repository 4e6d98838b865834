// SPDX-License-Identifier: LGPL-2.1-or-later
/// How sure a score of a sum of texts is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kyutaistt::metrics {

struct Interval {
  double low = 0;
  double high = 0;
};

/// Indices of what is drawn from `size` things, with replacement, for each of `count` resamples:
/// always the same for the same arguments. Scores of the resamples' sums are as far apart as those
/// of other things of the same kind (Bisani and Ney 2004).
std::vector<std::vector<uint32_t>> resample(size_t size, size_t count);

/// What 95 % of the values lie between. There must be one.
Interval central_interval(std::vector<double> values);

}  // namespace kyutaistt::metrics
