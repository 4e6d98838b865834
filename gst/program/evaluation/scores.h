// SPDX-License-Identifier: LGPL-2.1-or-later
/// Scores of pairs of texts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metrics/bleu.h"
#include "metrics/bootstrap.h"
#include "metrics/chrf.h"
#include "metrics/text_errors.h"
#include "program/evaluation/text_pairs.h"

namespace kyutaistt::program {

/// The counts of a pair. Those of several pairs add up.
struct Counts {
  metrics::Edits words;
  metrics::Edits normal_words;
  metrics::CharacterErrors characters;
  metrics::CharacterErrors normal_characters;
  metrics::BleuStatistics bleu;
  metrics::ChrfStatistics chrf;

  Counts &operator+=(const Counts &other);
};

Counts count(const TextPair &pair);

/// Errors divided by the length of the reference; undefined if that is empty.
std::optional<double> word_error_rate(const metrics::Edits &edits);
std::optional<double> character_error_rate(const metrics::CharacterErrors &characters);

struct Score {
  /// Its name in JSON: "wer", "bleu".
  const char *name = "";
  /// Its name in tables: "WER", "BLEU".
  const char *label = "";
  /// Rates are shares, shown as percentages; other scores are from 0 to 100.
  bool is_rate = false;
  std::optional<double> value;
  /// The 95 % confidence interval.
  metrics::Interval interval;
};

/// All pairs, or those of one group.
struct GroupScores {
  std::string name;
  size_t texts = 0;
  Counts counts;
  std::vector<Score> scores;
};

/// Scores all pairs, then each group in the order of names. Intervals take `resamples` resamples.
std::vector<GroupScores> score_groups(const std::vector<TextPair> &pairs,
                                      const std::vector<Counts> &counts, size_t resamples);

}  // namespace kyutaistt::program
