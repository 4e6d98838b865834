// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/text_errors.h"

#include <unordered_map>

#include "metrics/unicode_text.h"

namespace kyutaistt::metrics {

namespace {

/// Gives equal things equal numbers, from 0 on.
template <typename Thing>
class Numbering {
 public:
  template <typename Things>
  std::vector<int32_t> number(const Things &things) {
    std::vector<int32_t> numbers;
    numbers.reserve(things.size());
    for (const Thing &thing : things) {
      const auto next = static_cast<int32_t>(numbers_.size());
      numbers.push_back(numbers_.emplace(thing, next).first->second);
    }
    return numbers;
  }

 private:
  std::unordered_map<Thing, int32_t> numbers_;
};

}  // namespace

std::vector<AlignedWord> align_words(const std::vector<std::string> &said,
                                     const std::vector<std::string> &heard) {
  Numbering<std::string> numbering;
  const std::vector<int32_t> said_numbers = numbering.number(said);
  const std::vector<int32_t> heard_numbers = numbering.number(heard);
  std::vector<AlignedWord> words;
  auto next_said = said.begin();
  auto next_heard = heard.begin();
  for (const Edit edit : align(said_numbers, heard_numbers)) {
    AlignedWord &word = words.emplace_back();
    word.edit = edit;
    if (edit != Edit::Insertion) {
      word.said = *next_said++;
    }
    if (edit != Edit::Deletion) {
      word.heard = *next_heard++;
    }
  }
  return words;
}

Edits count_edits(const std::vector<AlignedWord> &words) {
  Edits edits;
  for (const AlignedWord &word : words) {
    edits.count(word.edit);
  }
  return edits;
}

Edits count_word_edits(std::string_view said, std::string_view heard) {
  return count_edits(align_words(split_words(said), split_words(heard)));
}

CharacterErrors count_character_errors(std::string_view said, std::string_view heard) {
  Numbering<char32_t> numbering;
  const auto said_numbers = numbering.number(to_characters(join_words(split_words(said))));
  const auto heard_numbers = numbering.number(to_characters(join_words(split_words(heard))));
  return {count_errors(said_numbers, heard_numbers), static_cast<int64_t>(said_numbers.size())};
}

}  // namespace kyutaistt::metrics
