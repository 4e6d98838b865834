// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/bleu.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "metrics/unicode_text.h"

namespace kyutaistt::metrics {

namespace {

void replace_all(std::string &text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

bool is_digit(char32_t character) {
  return character >= U'0' && character <= U'9';
}

bool is_point(char32_t character) {
  return character == U'.' || character == U',';
}

/// ASCII's symbols, except the apostrophe, the comma, the hyphen and the full stop.
bool stands_alone(char32_t character) {
  return (character >= U' ' && character <= U'&') || (character >= U'(' && character <= U'+') ||
         character == U'/' || (character >= U':' && character <= U'@') ||
         (character >= U'[' && character <= U'`') || (character >= U'{' && character <= U'~');
}

/// Replaces pairs of characters from the left, none of which overlap.
template <typename Matches, typename Write>
std::u32string replace_pairs(const std::u32string &text, Matches matches, Write write) {
  std::u32string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 < text.size() && matches(text[i], text[i + 1])) {
      write(result, text[i], text[i + 1]);
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::u32string separate(const std::u32string &text) {
  std::u32string result;
  for (const char32_t character : text) {
    if (stands_alone(character)) {
      result += {U' ', character, U' '};
    } else {
      result += character;
    }
  }
  const auto after_first = [](std::u32string &out, char32_t first, char32_t second) {
    out += {first, U' ', second, U' '};
  };
  const auto around_first = [](std::u32string &out, char32_t first, char32_t second) {
    out += {U' ', first, U' ', second};
  };
  result = replace_pairs(
      result, [](char32_t first, char32_t second) { return !is_digit(first) && is_point(second); },
      after_first);
  result = replace_pairs(
      result, [](char32_t first, char32_t second) { return is_point(first) && !is_digit(second); },
      around_first);
  return replace_pairs(
      result, [](char32_t first, char32_t second) { return is_digit(first) && second == U'-'; },
      after_first);
}

using NGrams = std::map<std::vector<std::string>, int64_t>;

NGrams count_ngrams(const std::vector<std::string> &tokens, size_t order) {
  NGrams ngrams;
  for (size_t i = 0; i + order <= tokens.size(); ++i) {
    const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(i);
    ++ngrams[{begin, begin + static_cast<std::ptrdiff_t>(order)}];
  }
  return ngrams;
}

}  // namespace

std::vector<std::string> tokenize_13a(std::string_view text) {
  std::u32string characters = to_characters(text);
  while (!characters.empty() && is_space(characters.back())) {
    characters.pop_back();
  }
  std::string line = to_text(characters);
  const std::pair<const char *, const char *> replacements[] = {
      {"<skipped>", ""}, {"-\n", ""},   {"\n", " "},   {"&quot;", "\""},
      {"&amp;", "&"},    {"&lt;", "<"}, {"&gt;", ">"},
  };
  for (const auto &[from, to] : replacements) {
    replace_all(line, from, to);
  }
  return split_words(to_text(separate(to_characters(" " + line + " "))));
}

BleuStatistics &BleuStatistics::operator+=(const BleuStatistics &other) {
  heard += other.heard;
  said += other.said;
  for (size_t i = 0; i < max_order; ++i) {
    matches[i] += other.matches[i];
    total[i] += other.total[i];
  }
  return *this;
}

BleuStatistics count_bleu(std::string_view said, std::string_view heard) {
  const std::vector<std::string> said_tokens = tokenize_13a(said);
  const std::vector<std::string> heard_tokens = tokenize_13a(heard);
  BleuStatistics statistics;
  statistics.said = static_cast<int64_t>(said_tokens.size());
  statistics.heard = static_cast<int64_t>(heard_tokens.size());
  for (size_t i = 0; i < BleuStatistics::max_order; ++i) {
    const NGrams expected = count_ngrams(said_tokens, i + 1);
    for (const auto &[ngram, count] : count_ngrams(heard_tokens, i + 1)) {
      const auto found = expected.find(ngram);
      statistics.total[i] += count;
      statistics.matches[i] += found == expected.end() ? 0 : std::min(count, found->second);
    }
  }
  return statistics;
}

double bleu(const BleuStatistics &statistics) {
  const auto &matches = statistics.matches;
  if (std::all_of(matches.begin(), matches.end(), [](int64_t count) { return count == 0; })) {
    return 0;
  }
  constexpr double hundred = 100;
  // What sacreBLEU takes for the logarithm of 0.
  constexpr double lowest = -9999999999;
  double smoothing = 1;
  double sum = 0;
  for (size_t i = 0; i < BleuStatistics::max_order; ++i) {
    const auto total = static_cast<double>(statistics.total[i]);
    if (total == 0) {
      sum += lowest;
      continue;
    }
    if (matches[i] == 0) {
      smoothing *= 2;
      sum += std::log(hundred / (smoothing * total));
    } else {
      sum += std::log(hundred * static_cast<double>(matches[i]) / total);
    }
  }
  const double ratio = static_cast<double>(statistics.said) / static_cast<double>(statistics.heard);
  const double brevity = ratio > 1 ? std::exp(1 - ratio) : 1;
  return brevity * std::exp(sum / BleuStatistics::max_order);
}

std::string bleu_signature() {
  return "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|kyutaistt:" KYUTAISTT_VERSION;
}

}  // namespace kyutaistt::metrics
