// SPDX-License-Identifier: LGPL-2.1-or-later
/// What an evaluation found, for readers and for programs.
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
  /// Those with the most errors for their length first.
  std::vector<TextPair> pairs;
  /// Of each pair.
  std::vector<Counts> counts;
  /// Of all first.
  std::vector<GroupScores> groups;
};

/// Puts the pairs in the order of their rates of word errors and scores them.
void score(Evaluation &evaluation, std::vector<TextPair> pairs);

/// A table, and after it so many of the worst texts.
std::string evaluation_table(const Evaluation &evaluation, size_t worst);
/// One object; rates are shares.
std::string evaluation_json(const Evaluation &evaluation);
/// A page of HTML with the alignment of every text, which needs no other file.
std::string evaluation_page(const Evaluation &evaluation);

/// "3.70 %", or "98.77" where it is no rate, or "-" where there is none.
std::string score_text(const Score &score);
/// "2 substituted, 1 deleted, 0 inserted, 159 words".
std::string edits_text(const metrics::Edits &edits);
std::string percentage_text(std::optional<double> rate);

}  // namespace kyutaistt::program
