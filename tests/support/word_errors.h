// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many words of a text are wrong.
#pragma once

#include <algorithm>
#include <iterator>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace kyutaistt::tests {

inline std::vector<std::string> words_of(const std::string &text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Least number of words to insert, delete or replace; case and punctuation count.
inline int count_errors(const std::vector<std::string> &said,
                        const std::vector<std::string> &heard) {
  std::vector<int> row(heard.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (const std::string &word : said) {
    int diagonal = row[0]++;
    for (size_t j = 0; j < heard.size(); ++j) {
      const int replaced = diagonal + (word == heard[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace kyutaistt::tests
