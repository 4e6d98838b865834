// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/lines.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>

#include "captions/punctuation.h"

namespace kyutaistt::captions {

namespace {

/// Characters of a UTF-8 text: the bytes that do not continue one.
int characters(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
  }));
}

/// Lines that the words take at least: each is filled before the next begins.
size_t count_lines(const std::vector<std::string> &words, int columns) {
  size_t lines = 0;
  int width = 0;
  for (const std::string &word : words) {
    const int length = characters(word);
    if (lines > 0 && width + 1 + length <= columns) {
      width += 1 + length;
    } else {
      ++lines;
      width = length;
    }
  }
  return lines;
}

/// The best way to write so many words in so many lines.
struct Layout {
  int64_t cost = std::numeric_limits<int64_t>::max();
  /// Words in all lines but the last.
  size_t before_last = 0;

  bool is_possible() const { return cost < std::numeric_limits<int64_t>::max(); }
};

/// Layouts of the first 0, 1, 2... words, all in the same number of lines.
using Layouts = std::vector<Layout>;

/// The cost of a break, added to the squares of the free columns by which typesetters compare
/// lines: nothing after a clause. So one of two lines may be longer than the other by a third of
/// the columns if the first ends a clause.
int64_t cost_of_break(const std::vector<std::string> &words, size_t next, int columns) {
  const bool is_natural = next == words.size() || ends_clause(words[next - 1], words[next]);
  // d^2 / 2 for a difference of d columns between two lines.
  return is_natural ? 0 : int64_t{columns} * columns / 18;
}

/// The layouts with one line more.
Layouts add_line(const Layouts &layouts, const std::vector<std::string> &words, int columns) {
  Layouts longer(layouts.size());
  for (size_t first = 0; first < words.size(); ++first) {
    if (!layouts[first].is_possible()) {
      continue;
    }
    int width = characters(words[first]);
    for (size_t next = first + 1;; ++next) {
      const int64_t free = std::max(columns - width, 0);
      const int64_t cost = layouts[first].cost + free * free + cost_of_break(words, next, columns);
      if (cost < longer[next].cost) {
        longer[next] = {cost, first};
      }
      if (next == words.size() || (width += 1 + characters(words[next])) > columns) {
        break;
      }
    }
  }
  return longer;
}

}  // namespace

bool fits_lines(const std::vector<std::string> &words, int columns, int lines) {
  return count_lines(words, columns) <= static_cast<size_t>(lines);
}

std::vector<std::string> break_lines(const std::vector<std::string> &words, int columns) {
  std::vector<std::string> lines(count_lines(words, columns));
  std::vector<Layouts> layouts = {Layouts(words.size() + 1)};
  layouts[0][0].cost = 0;
  for (size_t line = 0; line < lines.size(); ++line) {
    layouts.push_back(add_line(layouts.back(), words, columns));
  }
  size_t next = words.size();
  for (size_t line = lines.size(); line > 0; --line) {
    const size_t first = layouts[line][next].before_last;
    for (size_t word = first; word < next; ++word) {
      lines[line - 1] += (word == first ? "" : " ") + words[word];
    }
    next = first;
  }
  return lines;
}

}  // namespace kyutaistt::captions
