// SPDX-License-Identifier: LGPL-2.1-or-later
/// BLEU of translations against one reference, as sacreBLEU computes it by default. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyutaistt::metrics {

/// mteval-v13a's tokens, which WMT measures by.
std::vector<std::string> tokenize_13a(std::string_view text);

/// What sums of texts are scored by.
struct BleuStatistics {
  static constexpr size_t max_order = 4;

  int64_t heard = 0;
  int64_t said = 0;
  /// N-grams of each order that were heard and said, and all that were heard.
  std::array<int64_t, max_order> matches{};
  std::array<int64_t, max_order> total{};

  BleuStatistics &operator+=(const BleuStatistics &other);
};

BleuStatistics count_bleu(std::string_view said, std::string_view heard);

/// From 0 to 100, with exponential smoothing.
double bleu(const BleuStatistics &statistics);

/// What the score depends on, in sacreBLEU's form.
std::string bleu_signature();

}  // namespace kyutaistt::metrics
