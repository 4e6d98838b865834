// SPDX-License-Identifier: LGPL-2.1-or-later
/// How good a recogniser is, by pairs of texts.
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

/// Counts of one pair, or of several together.
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

/// Errors for each word that was said; none where nothing was.
std::optional<double> word_error_rate(const metrics::Edits &edits);
std::optional<double> character_error_rate(const metrics::CharacterErrors &characters);

struct Score {
  /// As in JSON: "wer", "bleu".
  const char *name = "";
  /// As in tables: "WER", "BLEU".
  const char *label = "";
  /// A rate is a share, and a percentage in tables; the others are from 0 to 100.
  bool is_rate = false;
  std::optional<double> value;
  /// 95 % of what other texts of the same kind would give.
  metrics::Interval interval;
};

/// All pairs, or those of one group.
struct GroupScores {
  std::string name;
  size_t texts = 0;
  Counts counts;
  std::vector<Score> scores;
};

/// Of all, and then of each group in the order of names. `resamples` is for the intervals.
std::vector<GroupScores> score_groups(const std::vector<TextPair> &pairs,
                                      const std::vector<Counts> &counts, size_t resamples);

}  // namespace kyutaistt::program
