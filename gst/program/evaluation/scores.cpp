// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/evaluation/scores.h"

#include <functional>
#include <map>

#include "metrics/unicode_text.h"

namespace kyutaistt::program {

namespace {

struct Measure {
  const char *name;
  const char *label;
  bool is_rate;
  std::function<std::optional<double>(const Counts &counts)> of;
};

const std::vector<Measure> &measures() {
  static const std::vector<Measure> all = {
      {"wer", "WER", true, [](const Counts &counts) { return word_error_rate(counts.words); }},
      {"wer_normalised", "WER, normalised", true,
       [](const Counts &counts) { return word_error_rate(counts.normal_words); }},
      {"cer", "CER", true,
       [](const Counts &counts) { return character_error_rate(counts.characters); }},
      {"cer_normalised", "CER, normalised", true,
       [](const Counts &counts) { return character_error_rate(counts.normal_characters); }},
      {"bleu", "BLEU", false, [](const Counts &counts) { return metrics::bleu(counts.bleu); }},
      {"chrf", "chrF2", false, [](const Counts &counts) { return metrics::chrf(counts.chrf); }},
  };
  return all;
}

GroupScores score(const std::string &name, const std::vector<Counts> &parts, size_t resamples) {
  GroupScores group;
  group.name = name;
  group.texts = parts.size();
  for (const Counts &part : parts) {
    group.counts += part;
  }
  const auto samples = metrics::resample(parts.size(), resamples);
  for (const Measure &measure : measures()) {
    Score &result = group.scores.emplace_back();
    result.name = measure.name;
    result.label = measure.label;
    result.is_rate = measure.is_rate;
    result.value = measure.of(group.counts);
  }
  // The sums of a sample serve all measures.
  std::vector<std::vector<double>> values(measures().size());
  for (const std::vector<uint32_t> &drawn : samples) {
    Counts sum;
    for (const uint32_t i : drawn) {
      sum += parts[i];
    }
    for (size_t m = 0; m < values.size(); ++m) {
      values[m].push_back(measures()[m].of(sum).value_or(0));
    }
  }
  for (size_t m = 0; m < values.size(); ++m) {
    group.scores[m].interval = metrics::central_interval(std::move(values[m]));
  }
  return group;
}

}  // namespace

Counts &Counts::operator+=(const Counts &other) {
  words += other.words;
  normal_words += other.normal_words;
  characters += other.characters;
  normal_characters += other.normal_characters;
  bleu += other.bleu;
  chrf += other.chrf;
  return *this;
}

Counts count(const TextPair &pair) {
  const std::string said = metrics::normalise(pair.said);
  const std::string heard = metrics::normalise(pair.heard);
  Counts counts;
  counts.words = metrics::count_word_edits(pair.said, pair.heard);
  counts.normal_words = metrics::count_word_edits(said, heard);
  counts.characters = metrics::count_character_errors(pair.said, pair.heard);
  counts.normal_characters = metrics::count_character_errors(said, heard);
  counts.bleu = metrics::count_bleu(pair.said, pair.heard);
  counts.chrf = metrics::count_chrf(pair.said, pair.heard);
  return counts;
}

std::optional<double> word_error_rate(const metrics::Edits &edits) {
  return edits.expected() == 0 ? std::nullopt
                               : std::optional(static_cast<double>(edits.errors()) /
                                               static_cast<double>(edits.expected()));
}

std::optional<double> character_error_rate(const metrics::CharacterErrors &characters) {
  return characters.characters == 0 ? std::nullopt
                                    : std::optional(static_cast<double>(characters.errors) /
                                                    static_cast<double>(characters.characters));
}

std::vector<GroupScores> score_groups(const std::vector<TextPair> &pairs,
                                      const std::vector<Counts> &counts, size_t resamples) {
  std::vector<GroupScores> groups = {score("", counts, resamples)};
  std::map<std::string, std::vector<Counts>> parts;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!pairs[i].group.empty()) {
      parts[pairs[i].group].push_back(counts[i]);
    }
  }
  for (const auto &[name, part] : parts) {
    groups.push_back(score(name, part, resamples));
  }
  return groups;
}

}  // namespace kyutaistt::program
