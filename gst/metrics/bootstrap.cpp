// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace kyutaistt::metrics {

std::vector<std::vector<uint32_t>> resample(size_t size, size_t count) {
  // The generator's numbers are laid down by the standard; those of its distributions are not.
  std::mt19937_64 generator;
  std::vector<std::vector<uint32_t>> samples(count);
  for (std::vector<uint32_t> &drawn : samples) {
    drawn.resize(size);
    for (uint32_t &index : drawn) {
      index = static_cast<uint32_t>(generator() % size);
    }
  }
  return samples;
}

Interval central_interval(std::vector<double> values) {
  constexpr double tail = 0.025;
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  const auto at = [&](double share) {
    return values[static_cast<size_t>(std::lround(share * last))];
  };
  return {at(tail), at(1 - tail)};
}

}  // namespace kyutaistt::metrics
