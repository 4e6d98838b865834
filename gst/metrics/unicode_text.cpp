// SPDX-License-Identifier: LGPL-2.1-or-later
#include "metrics/unicode_text.h"

#include <memory>

#include <glib.h>

namespace kyutaistt::metrics {

namespace {

struct Free {
  void operator()(void *memory) const { g_free(memory); }
};

bool is_punctuation(char32_t character) {
  switch (g_unichar_type(character)) {
    case G_UNICODE_CONNECT_PUNCTUATION:
    case G_UNICODE_DASH_PUNCTUATION:
    case G_UNICODE_CLOSE_PUNCTUATION:
    case G_UNICODE_FINAL_PUNCTUATION:
    case G_UNICODE_INITIAL_PUNCTUATION:
    case G_UNICODE_OTHER_PUNCTUATION:
    case G_UNICODE_OPEN_PUNCTUATION:
      return true;
    default:
      return false;
  }
}

std::string in_lower_case(std::string_view text) {
  const std::unique_ptr<char, Free> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  const std::unique_ptr<char, Free> lower(g_utf8_strdown(valid.get(), -1));
  return lower.get();
}

}  // namespace

std::u32string to_characters(std::string_view text) {
  const std::unique_ptr<char, Free> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  glong count = 0;
  const std::unique_ptr<gunichar, Free> characters(g_utf8_to_ucs4_fast(valid.get(), -1, &count));
  return {characters.get(), characters.get() + count};
}

std::string to_text(std::u32string_view characters) {
  constexpr size_t max_bytes = 6;
  std::string text;
  for (const char32_t character : characters) {
    char bytes[max_bytes];
    text.append(bytes, static_cast<size_t>(g_unichar_to_utf8(character, bytes)));
  }
  return text;
}

bool is_space(char32_t character) {
  constexpr char32_t next_line = 0x85;
  // Unicode's separators, and the controls that separate.
  return g_unichar_isspace(character) || (character >= 0x1c && character <= 0x1f) ||
         character == next_line || character == U'\v';
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::u32string word;
  const auto end_word = [&] {
    if (!word.empty()) {
      words.push_back(to_text(word));
      word.clear();
    }
  };
  for (const char32_t character : to_characters(text)) {
    if (is_space(character)) {
      end_word();
    } else {
      word += character;
    }
  }
  end_word();
  return words;
}

std::string join_words(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words) {
    text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

std::string normalise(std::string_view text) {
  std::u32string kept;
  for (const char32_t character : to_characters(in_lower_case(text))) {
    if (!is_punctuation(character)) {
      kept += character;
    }
  }
  return join_words(split_words(to_text(kept)));
}

}  // namespace kyutaistt::metrics
