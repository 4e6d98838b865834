// SPDX-License-Identifier: LGPL-2.1-or-later
/// BLEU of translations against one reference, as sacreBLEU computes it by default. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyutaistt::metrics {

/// Splits a text into the tokens of mteval-v13a, WMT's standard.
std::vector<std::string> tokenize_13a(std::string_view text);

/// The counts that a score needs. Those of several texts add up.
struct BleuStatistics {
  static constexpr size_t max_order = 4;

  int64_t heard = 0;
  int64_t said = 0;
  /// For each order, the n-grams of the hypothesis that are in the reference, and all of them.
  std::array<int64_t, max_order> matches{};
  std::array<int64_t, max_order> total{};

  BleuStatistics &operator+=(const BleuStatistics &other);
};

BleuStatistics count_bleu(std::string_view said, std::string_view heard);

/// From 0 to 100, with exponential smoothing.
double bleu(const BleuStatistics &statistics);

/// The settings of the score, in the form of sacreBLEU's signatures.
std::string bleu_signature();

}  // namespace kyutaistt::metrics
