// SPDX-License-Identifier: LGPL-2.1-or-later
/// chrF2 of translations against one reference, as sacreBLEU computes it by default. Pure
/// functions.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kyutaistt::metrics {

/// The counts that a score needs: n-grams of characters without white space. Those of several texts
/// add up.
struct ChrfStatistics {
  static constexpr size_t max_order = 6;

  struct Order {
    int64_t heard = 0;
    int64_t said = 0;
    int64_t matches = 0;
  };
  std::array<Order, max_order> orders;

  ChrfStatistics &operator+=(const ChrfStatistics &other);
};

ChrfStatistics count_chrf(std::string_view said, std::string_view heard);

/// From 0 to 100; recall counts twice as much as precision.
double chrf(const ChrfStatistics &statistics);

/// The settings of the score, in the form of sacreBLEU's signatures.
std::string chrf_signature();

}  // namespace kyutaistt::metrics
