// SPDX-License-Identifier: LGPL-2.1-or-later
/// Word and character errors. Pure functions. Case and punctuation count; `normalise` removes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/edits.h"

namespace kyutaistt::metrics {

/// A word of the reference, of the hypothesis, or of both.
struct AlignedWord {
  Edit edit = Edit::Hit;
  /// Empty for an insertion.
  std::string said;
  /// Empty for a deletion.
  std::string heard;
};

std::vector<AlignedWord> align_words(const std::vector<std::string> &said,
                                     const std::vector<std::string> &heard);
Edits count_edits(const std::vector<AlignedWord> &words);
/// Counts the edits between the words of two texts.
Edits count_word_edits(std::string_view said, std::string_view heard);

struct CharacterErrors {
  int64_t errors = 0;
  /// Length of the reference.
  int64_t characters = 0;

  CharacterErrors &operator+=(const CharacterErrors &other) {
    errors += other.errors;
    characters += other.characters;
    return *this;
  }
};

/// Counts characters of the words with one space between them.
CharacterErrors count_character_errors(std::string_view said, std::string_view heard);

}  // namespace kyutaistt::metrics
