// SPDX-License-Identifier: LGPL-2.1-or-later
/// The measures of texts against those of jiwer and sacreBLEU, in pairs.jsonl beside this file.
#include <array>
#include <cmath>
#include <fstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "metrics/bleu.h"
#include "metrics/bootstrap.h"
#include "metrics/chrf.h"
#include "metrics/text_errors.h"
#include "metrics/unicode_text.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt::metrics;  // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;    // NOLINT(google-build-using-namespace)
using Json = nlohmann::json;

constexpr double tolerance = 1e-9;

std::vector<Json> read_pairs() {
  std::ifstream file(KYUTAISTT_METRICS_PAIRS);
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(Json::parse(line));
  }
  assert_greater(lines.size(), 200U);
  return lines;
}

using Counts = std::array<int64_t, 4>;

Counts counts(const Edits &edits) {
  return {edits.hits, edits.substitutions, edits.deletions, edits.insertions};
}

void assert_near(double found, const Json &expected, const Json &pair) {
  ck_assert_msg(std::abs(found - expected.get<double>()) < tolerance,
                "found %.17g, expected %s in %s", found, expected.dump().c_str(),
                pair.dump().c_str());
}

/// Of the texts of all pairs but the last line, which has the sums.
struct Sums {
  Edits words;
  CharacterErrors characters;
  Edits normal_words;
  CharacterErrors normal_characters;
  BleuStatistics bleu;
  ChrfStatistics chrf;
};

Sums sum_up(const std::vector<Json> &lines) {
  Sums sums;
  for (auto pair = lines.begin(); pair + 1 != lines.end(); ++pair) {
    const auto said = pair->at("said").get<std::string>();
    const auto heard = pair->at("heard").get<std::string>();
    // jiwer has no rate of an empty reference, so these are not in its sums.
    if (!split_words(said).empty()) {
      sums.words += count_word_edits(said, heard);
      sums.characters += count_character_errors(said, heard);
    }
    if (const std::string normal = normalise(said); !normal.empty()) {
      sums.normal_words += count_word_edits(normal, normalise(heard));
      sums.normal_characters += count_character_errors(normal, normalise(heard));
    }
    sums.bleu += count_bleu(said, heard);
    sums.chrf += count_chrf(said, heard);
  }
  return sums;
}

TEST(texts_are_normalised_as_by_jiwer) {
  for (const Json &pair : read_pairs()) {
    if (pair.contains("said")) {
      assert_text(normalise(pair["said"].get<std::string>()), pair["normal"][0].get<std::string>());
      assert_text(normalise(pair["heard"].get<std::string>()),
                  pair["normal"][1].get<std::string>());
    }
  }
}

TEST(errors_are_those_of_jiwer) {
  for (const Json &pair : read_pairs()) {
    if (!pair.contains("said")) {
      continue;
    }
    const auto said = pair["said"].get<std::string>();
    const auto heard = pair["heard"].get<std::string>();
    assert_equal(counts(count_word_edits(said, heard)), pair["words"].get<Counts>());
    const CharacterErrors characters = count_character_errors(said, heard);
    assert_equal(characters.errors, pair["characters"][0].get<int64_t>());
    assert_equal(characters.characters, pair["characters"][1].get<int64_t>());
    if (!pair["normal_words"].is_null()) {
      assert_equal(counts(count_word_edits(normalise(said), normalise(heard))),
                   pair["normal_words"].get<Counts>());
    }
  }
}

TEST(scores_of_translations_are_those_of_sacrebleu) {
  for (const Json &pair : read_pairs()) {
    if (pair.contains("said")) {
      const auto said = pair["said"].get<std::string>();
      const auto heard = pair["heard"].get<std::string>();
      assert_near(bleu(count_bleu(said, heard)), pair["bleu"], pair);
      assert_near(chrf(count_chrf(said, heard)), pair["chrf"], pair);
    }
  }
}

TEST(sums_are_scored_as_one_text) {
  const std::vector<Json> lines = read_pairs();
  const Json &expected = lines.back();
  const Sums sums = sum_up(lines);
  assert_equal(counts(sums.words), expected["words"].get<Counts>());
  assert_equal(counts(sums.normal_words), expected["normal_words"].get<Counts>());
  assert_equal(sums.characters.errors, expected["characters"][0].get<int64_t>());
  assert_equal(sums.characters.characters, expected["characters"][1].get<int64_t>());
  assert_equal(sums.normal_characters.errors, expected["normal_characters"][0].get<int64_t>());
  assert_near(bleu(sums.bleu), expected["bleu"], expected);
  assert_near(chrf(sums.chrf), expected["chrf"], expected);
}

TEST(words_are_aligned) {
  const auto words = align_words(split_words("a b  c d"), split_words("x a c e"));
  std::string found;
  for (const AlignedWord &word : words) {
    found += "[" + word.said + "|" + word.heard + "]";
  }
  assert_text(found, "[|x][a|a][b|][c|c][d|e]");
  assert_equal(counts(count_edits(words)), Counts{2, 1, 1, 1});
  assert_equal(counts(count_word_edits("", "a b")), Counts{0, 0, 0, 2});
  assert_equal(counts(count_word_edits("a b", "")), Counts{0, 0, 2, 0});
}

TEST(bytes_that_are_no_text_are_measured) {
  assert_equal(split_words("a\xff"
                           "b c")
                   .size(),
               2U);
  assert_text(normalise("\xc3"), "\xef\xbf\xbd");
  assert_equal(bleu(count_bleu("\xff\xfe", "")), 0.0);
}

/// The interval of the rate of errors.
Interval interval(const std::vector<Edits> &parts) {
  std::vector<double> rates;
  for (const auto &drawn : resample(parts.size(), 1000)) {
    Edits sum;
    for (const uint32_t i : drawn) {
      sum += parts[i];
    }
    rates.push_back(static_cast<double>(sum.errors()) / static_cast<double>(sum.expected()));
  }
  return central_interval(rates);
}

TEST(intervals_are_those_of_the_binomial_distribution) {
  // A rate of 10 % in hundred texts of ten words: one word is wrong in each, or ten in every tenth.
  std::vector<Edits> even(100);
  std::vector<Edits> uneven(100);
  for (size_t i = 0; i < even.size(); ++i) {
    even[i] = {9, 1, 0, 0};
    uneven[i] = i % 10 == 0 ? Edits{0, 10, 0, 0} : Edits{10, 0, 0, 0};
  }
  assert_equal(interval(even).low, 0.1);
  assert_equal(interval(even).high, 0.1);
  // 5 and 16 of 100.
  assert_between(interval(uneven).low, 0.04, 0.06);
  assert_between(interval(uneven).high, 0.15, 0.17);
}

TEST(resamples_are_always_the_same) {
  assert_equal(resample(5, 3), resample(5, 3));
  assert_equal(resample(5, 3).size(), 3U);
  assert_equal(resample(5, 3)[2].size(), 5U);
}

}  // namespace
