// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports an evaluation to readers and to programs.
#pragma once

#include <string>
#include <vector>

#include "program/evaluation/scores.h"

namespace kyutaistt::program {

struct FailedRecording {
  std::string name;
  std::string error;
};

struct Evaluation {
  std::string model;
  std::string domain;
  std::string precision;
  size_t recordings = 0;
  std::vector<FailedRecording> failed;
  double audio_seconds = 0;
  double processing_seconds = 0;
  size_t resamples = 0;
  /// The highest word error rate first.
  std::vector<TextPair> pairs;
  /// One for each pair.
  std::vector<Counts> counts;
  /// All pairs first, then the groups.
  std::vector<GroupScores> groups;
};

/// Scores the pairs and sorts them by their word error rates.
void score(Evaluation &evaluation, std::vector<TextPair> pairs);

/// A table, followed by the `worst` texts with the highest error rates.
std::string evaluation_table(const Evaluation &evaluation, size_t worst);
/// A JSON object; rates are shares.
std::string evaluation_json(const Evaluation &evaluation);
/// A self-contained HTML page with the alignment of every text.
std::string evaluation_page(const Evaluation &evaluation);

/// A rate as "3.70 %", another score as "98.77", an undefined one as "-".
std::string score_text(const Score &score);
/// "2 substituted, 1 deleted, 0 inserted, 159 words".
std::string edits_text(const metrics::Edits &edits);
std::string percentage_text(std::optional<double> rate);

}  // namespace kyutaistt::program
