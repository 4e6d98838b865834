// SPDX-License-Identifier: LGPL-2.1-or-later
/// Confidence intervals by bootstrapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kyutaistt::metrics {

struct Interval {
  double low = 0;
  double high = 0;
};

/// Draws `size` indices below `size` with replacement, `count` times; always the same for the same
/// arguments. The scores of the resamples show how the score varies (Bisani and Ney 2004).
std::vector<std::vector<uint32_t>> resample(size_t size, size_t count);

/// The interval that contains the central 95 % of the values; there must be at least one.
Interval central_interval(std::vector<double> values);

}  // namespace kyutaistt::metrics
