// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/evaluation/report.h"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <numeric>
#include <sstream>
#include <utility>

#include "metrics/unicode_text.h"
#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

std::string with_two_places(double value) {
  constexpr size_t size = 32;
  char text[size];
  std::snprintf(text, size, "%.2f", value);
  return text;
}

constexpr double hundred = 100;

std::string interval_text(const Score &score) {
  const double factor = score.is_rate ? hundred : 1;
  return with_two_places(factor * score.interval.low) + " - " +
         with_two_places(factor * score.interval.high);
}

/// A score, and what was counted for it.
struct Row {
  const Score &score;
  const metrics::Edits *edits;
  const metrics::CharacterErrors *characters;
};

Row row_of(const GroupScores &group, const Score &score) {
  const std::string name = score.name;
  const Counts &counts = group.counts;
  if (name == "wer" || name == "wer_normalised") {
    return {score, name == "wer" ? &counts.words : &counts.normal_words, nullptr};
  }
  if (name == "cer" || name == "cer_normalised") {
    return {score, nullptr, name == "cer" ? &counts.characters : &counts.normal_characters};
  }
  return {score, nullptr, nullptr};
}

void print_group(std::ostream &out, const GroupScores &group) {
  constexpr int label_width = 18;
  constexpr int value_width = 10;
  constexpr int interval_width = 18;
  out << std::left << std::setw(label_width) << "" << std::right << std::setw(value_width)
      << "score" << std::setw(interval_width) << "95 % interval"
      << "  of\n";
  for (const Score &score : group.scores) {
    const Row row = row_of(group, score);
    out << std::left << std::setw(label_width) << score.label << std::right
        << std::setw(value_width) << score_text(score) << std::setw(interval_width)
        << interval_text(score);
    if (row.edits != nullptr) {
      out << "  " << edits_text(*row.edits);
    } else if (row.characters != nullptr) {
      out << "  " << row.characters->errors << " wrong, " << row.characters->characters
          << " characters";
    }
    out << "\n";
  }
}

OrderedJson describe(const metrics::Edits &edits) {
  return {{"substitutions", edits.substitutions},
          {"deletions", edits.deletions},
          {"insertions", edits.insertions},
          {"words", edits.expected()}};
}

OrderedJson describe(const GroupScores &group) {
  OrderedJson json;
  json["texts"] = group.texts;
  for (const Score &score : group.scores) {
    OrderedJson &object = json[score.name];
    object["value"] = score.value ? OrderedJson(*score.value) : OrderedJson();
    object["low"] = score.interval.low;
    object["high"] = score.interval.high;
    const Row row = row_of(group, score);
    if (row.edits != nullptr) {
      object.update(describe(*row.edits));
    } else if (row.characters != nullptr) {
      object["errors"] = row.characters->errors;
      object["characters"] = row.characters->characters;
    }
  }
  json["bleu"]["signature"] = metrics::bleu_signature();
  json["chrf"]["signature"] = metrics::chrf_signature();
  return json;
}

/// By the rate of the raw errors; what was heard where nothing was said counts as all wrong.
double badness(const Counts &counts) {
  return word_error_rate(counts.words).value_or(counts.words.insertions > 0 ? 1 : 0);
}

}  // namespace

std::string edits_text(const metrics::Edits &edits) {
  return std::to_string(edits.substitutions) + " substituted, " + std::to_string(edits.deletions) +
         " deleted, " + std::to_string(edits.insertions) + " inserted, " +
         std::to_string(edits.expected()) + " words";
}

std::string percentage_text(std::optional<double> rate) {
  return rate ? with_two_places(hundred * *rate) + " %" : "-";
}

std::string score_text(const Score &score) {
  return score.is_rate ? percentage_text(score.value) : with_two_places(score.value.value_or(0));
}

void score(Evaluation &evaluation, std::vector<TextPair> pairs) {
  std::vector<Counts> counts;
  counts.reserve(pairs.size());
  std::transform(pairs.begin(), pairs.end(), std::back_inserter(counts), count);
  // Before they are sorted: intervals do not depend on what was heard.
  if (!pairs.empty()) {
    evaluation.groups = score_groups(pairs, counts, evaluation.resamples);
  }
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t first, size_t second) {
    return badness(counts[first]) > badness(counts[second]);
  });
  for (const size_t i : order) {
    evaluation.pairs.push_back(std::move(pairs[i]));
    evaluation.counts.push_back(counts[i]);
  }
}

std::string evaluation_table(const Evaluation &evaluation, size_t worst) {
  std::ostringstream out;
  out << evaluation.model
      << (evaluation.domain.empty() ? ", no domain" : ", domain " + evaluation.domain) << ", "
      << evaluation.precision << ": " << evaluation.recordings - evaluation.failed.size() << " of "
      << evaluation.recordings << " recordings, " << with_two_places(evaluation.audio_seconds)
      << " s of audio heard in " << with_two_places(evaluation.processing_seconds) << " s\n";
  for (const GroupScores &group : evaluation.groups) {
    out << "\n"
        << (group.name.empty() ? "all" : group.name) << ", " << group.texts
        << (group.texts == 1 ? " text\n" : " texts\n");
    print_group(out, group);
  }
  out << "\nBLEU " << metrics::bleu_signature() << "\nchrF2 " << metrics::chrf_signature() << "\n";
  for (size_t i = 0; i < std::min(worst, evaluation.pairs.size()); ++i) {
    const TextPair &pair = evaluation.pairs[i];
    const metrics::Edits &edits = evaluation.counts[i].words;
    if (edits.errors() == 0) {
      break;
    }
    out << (i == 0 ? "\nworst first\n" : "") << percentage_text(word_error_rate(edits)) << "  "
        << pair.name << " (" << edits_text(edits) << ")\n  said   " << pair.said << "\n  heard  "
        << pair.heard << "\n";
  }
  return out.str();
}

std::string evaluation_json(const Evaluation &evaluation) {
  OrderedJson json;
  json["model"] = evaluation.model;
  json["domain"] = evaluation.domain;
  json["precision"] = evaluation.precision;
  json["version"] = KYUTAISTT_VERSION;
  json["recordings"] = evaluation.recordings;
  json["audio_seconds"] = evaluation.audio_seconds;
  json["processing_seconds"] = evaluation.processing_seconds;
  json["resamples"] = evaluation.resamples;
  json["failed"] = OrderedJson::array();
  for (const FailedRecording &failed : evaluation.failed) {
    json["failed"].push_back({{"file", failed.name}, {"error", failed.error}});
  }
  json["scores"] = OrderedJson::object();
  json["groups"] = OrderedJson::object();
  for (const GroupScores &group : evaluation.groups) {
    (group.name.empty() ? json["scores"] : json["groups"][group.name]) = describe(group);
  }
  json["texts"] = OrderedJson::array();
  for (size_t i = 0; i < evaluation.pairs.size(); ++i) {
    const TextPair &pair = evaluation.pairs[i];
    OrderedJson &text = json["texts"].emplace_back();
    text["name"] = pair.name;
    text["said"] = pair.said;
    text["heard"] = pair.heard;
    text["wer"] = describe(evaluation.counts[i].words);
    text["wer_normalised"] = describe(evaluation.counts[i].normal_words);
  }
  return json_text(json, 2) + "\n";
}

}  // namespace kyutaistt::program
