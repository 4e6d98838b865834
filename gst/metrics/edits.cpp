// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/edits.h"

#include <algorithm>

namespace kyutaistt::metrics {

namespace {

using Word = uint64_t;
constexpr size_t bits = 64;

/// One column of the matrix of distances, as the signs of the differences between its rows (Myers
/// 1999, in the form of Hyyrö 2003). A row is a symbol of the reference, 64 to a word.
class Column {
 public:
  explicit Column(std::span<const int32_t> reference)
      : length_(reference.size()), blocks_((reference.size() + bits - 1) / bits) {
    const int32_t symbols =
        reference.empty() ? 0 : *std::max_element(reference.begin(), reference.end()) + 1;
    symbols_ = static_cast<size_t>(symbols);
    matches_.resize(symbols_ * blocks_);
    none_.resize(blocks_);
    for (size_t row = 0; row < length_; ++row) {
      matches_[static_cast<size_t>(reference[row]) * blocks_ + row / bits] |= Word(1) << row % bits;
    }
    up_.assign(blocks_, ~Word(0));
    down_.assign(blocks_, 0);
    distance_ = static_cast<int64_t>(length_);
  }

  /// Goes on to the next symbol of what was found.
  void advance(int32_t symbol) {
    const bool is_known = static_cast<size_t>(symbol) < symbols_;
    const Word *matches =
        is_known ? &matches_[static_cast<size_t>(symbol) * blocks_] : none_.data();
    Word carry_up = 1;
    Word carry_down = 0;
    for (size_t block = 0; block < blocks_; ++block) {
      const Word up = up_[block];
      const Word down = down_[block];
      const Word match = matches[block] | carry_down;
      const Word diagonal = (((match & up) + up) ^ up) | match | down;
      const Word right_up = down | ~(diagonal | up);
      const Word right_down = diagonal & up;
      if (block + 1 == blocks_) {
        const size_t last = (length_ - 1) % bits;
        distance_ += static_cast<int64_t>(right_up >> last & 1);
        distance_ -= static_cast<int64_t>(right_down >> last & 1);
      }
      const Word shifted_up = right_up << 1 | carry_up;
      const Word shifted_down = right_down << 1 | carry_down;
      carry_up = right_up >> (bits - 1);
      carry_down = right_down >> (bits - 1);
      up_[block] = shifted_down | ~(diagonal | shifted_up);
      down_[block] = shifted_up & diagonal;
    }
    distance_ += length_ == 0 ? 1 : 0;
  }

  /// Of the last row.
  int64_t distance() const { return distance_; }
  /// Whether the distance grows, or falls, from the row before; a bit for each row.
  const std::vector<Word> &up() const { return up_; }
  const std::vector<Word> &down() const { return down_; }

 private:
  const size_t length_;
  const size_t blocks_;
  size_t symbols_ = 0;
  std::vector<Word> matches_;
  std::vector<Word> none_;
  std::vector<Word> up_;
  std::vector<Word> down_;
  int64_t distance_ = 0;
};

bool bit(const std::vector<Word> &words, size_t row) {
  return (words[row / bits] >> row % bits & 1) != 0;
}

/// The edits in the reverse order.
std::vector<Edit> trace(std::span<const int32_t> reference, std::span<const int32_t> found) {
  std::vector<std::vector<Word>> up;
  std::vector<std::vector<Word>> down;
  Column column(reference);
  for (const int32_t symbol : found) {
    column.advance(symbol);
    up.push_back(column.up());
    down.push_back(column.down());
  }
  std::vector<Edit> edits;
  size_t row = reference.size();
  size_t step = found.size();
  while (row > 0 && step > 0) {
    if (bit(up[step - 1], row - 1)) {
      edits.push_back(Edit::Deletion);
      --row;
    } else if (step > 1 && bit(down[step - 2], row - 1)) {
      edits.push_back(Edit::Insertion);
      --step;
    } else {
      --row;
      --step;
      edits.push_back(reference[row] == found[step] ? Edit::Hit : Edit::Substitution);
    }
  }
  edits.insert(edits.end(), row, Edit::Deletion);
  edits.insert(edits.end(), step, Edit::Insertion);
  return edits;
}

}  // namespace

void Edits::count(Edit edit) {
  switch (edit) {
    case Edit::Hit:
      ++hits;
      break;
    case Edit::Substitution:
      ++substitutions;
      break;
    case Edit::Deletion:
      ++deletions;
      break;
    case Edit::Insertion:
      ++insertions;
      break;
  }
}

std::vector<Edit> align(std::span<const int32_t> reference, std::span<const int32_t> found) {
  // What both begin and end with needs no matrix.
  const auto begin = std::mismatch(reference.begin(), reference.end(), found.begin(), found.end());
  const auto prefix = static_cast<size_t>(begin.first - reference.begin());
  reference = reference.subspan(prefix);
  found = found.subspan(prefix);
  const auto end =
      std::mismatch(reference.rbegin(), reference.rend(), found.rbegin(), found.rend());
  const auto suffix = static_cast<size_t>(end.first - reference.rbegin());
  std::vector<Edit> edits(prefix, Edit::Hit);
  const std::vector<Edit> middle =
      trace(reference.first(reference.size() - suffix), found.first(found.size() - suffix));
  edits.insert(edits.end(), middle.rbegin(), middle.rend());
  edits.insert(edits.end(), suffix, Edit::Hit);
  return edits;
}

int64_t count_errors(std::span<const int32_t> reference, std::span<const int32_t> found) {
  Column column(reference);
  for (const int32_t symbol : found) {
    column.advance(symbol);
  }
  return column.distance();
}

}  // namespace kyutaistt::metrics
