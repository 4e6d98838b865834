// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/chrf.h"

#include <algorithm>
#include <unordered_map>

#include "metrics/unicode_text.h"

namespace kyutaistt::metrics {

namespace {

std::u32string without_spaces(std::string_view text) {
  std::u32string characters = to_characters(text);
  characters.erase(std::remove_if(characters.begin(), characters.end(), is_space),
                   characters.end());
  return characters;
}

using NGrams = std::unordered_map<std::u32string_view, int64_t>;

NGrams count_ngrams(std::u32string_view characters, size_t order) {
  NGrams ngrams;
  for (size_t i = 0; i + order <= characters.size(); ++i) {
    ++ngrams[characters.substr(i, order)];
  }
  return ngrams;
}

}  // namespace

ChrfStatistics &ChrfStatistics::operator+=(const ChrfStatistics &other) {
  for (size_t i = 0; i < max_order; ++i) {
    orders[i].heard += other.orders[i].heard;
    orders[i].said += other.orders[i].said;
    orders[i].matches += other.orders[i].matches;
  }
  return *this;
}

ChrfStatistics count_chrf(std::string_view said, std::string_view heard) {
  const std::u32string said_characters = without_spaces(said);
  const std::u32string heard_characters = without_spaces(heard);
  ChrfStatistics statistics;
  for (size_t i = 0; i < ChrfStatistics::max_order; ++i) {
    const NGrams expected = count_ngrams(said_characters, i + 1);
    ChrfStatistics::Order &order = statistics.orders[i];
    for (const auto &[ngram, count] : expected) {
      order.said += count;
    }
    for (const auto &[ngram, count] : count_ngrams(heard_characters, i + 1)) {
      const auto found = expected.find(ngram);
      // An order of which the reference has no n-gram is not counted at all.
      order.heard += expected.empty() ? 0 : count;
      order.matches += found == expected.end() ? 0 : std::min(count, found->second);
    }
  }
  return statistics;
}

double chrf(const ChrfStatistics &statistics) {
  constexpr double recall_weight = 4;
  double precision = 0;
  double recall = 0;
  int orders = 0;
  for (const ChrfStatistics::Order &order : statistics.orders) {
    if (order.heard > 0 && order.said > 0) {
      precision += static_cast<double>(order.matches) / static_cast<double>(order.heard);
      recall += static_cast<double>(order.matches) / static_cast<double>(order.said);
      ++orders;
    }
  }
  if (orders == 0 || precision + recall == 0) {
    return 0;
  }
  precision /= orders;
  recall /= orders;
  constexpr double hundred = 100;
  return hundred * (1 + recall_weight) * precision * recall / (recall_weight * precision + recall);
}

std::string chrf_signature() {
  return "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|kyutaistt:" KYUTAISTT_VERSION;
}

}  // namespace kyutaistt::metrics
