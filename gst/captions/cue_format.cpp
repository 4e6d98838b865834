// SPDX-License-Identifier: LGPL-2.1-or-later
#include "captions/cue_format.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace kyutaistt::captions {

namespace {

/// HH:MM:SS, `separator`, and milliseconds.
std::string format_time(Time time, char separator) {
  using std::chrono::duration_cast;
  const auto milliseconds =
      static_cast<long long>(duration_cast<std::chrono::milliseconds>(time).count());
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld%c%03lld", milliseconds / 3600000,
                milliseconds / 60000 % 60, milliseconds / 1000 % 60, separator,
                milliseconds % 1000);
  return text.data();
}

std::string_view standard_escape(char letter) {
  switch (letter) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return {};
  }
}

std::string_view typographic_bracket(char letter) {
  switch (letter) {
    case '<':
      return "\u2039";
    case '>':
      return "\u203A";
    default:
      return {};
  }
}

/// The text with each character replaced for which `replacement` has something.
std::string replace_characters(const std::string &text, std::string_view (*replacement)(char)) {
  std::string replaced;
  for (const char letter : text) {
    if (const std::string_view other = replacement(letter); !other.empty()) {
      replaced += other;
    } else {
      replaced += letter;
    }
  }
  return replaced;
}

}  // namespace

std::string join_lines(const Cue &cue) {
  std::string text;
  for (const std::string &line : cue.lines) {
    text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

std::string format_webvtt(const Cue &cue, Escapes escapes) {
  const auto replacement = escapes == Escapes::Standard ? standard_escape : typographic_bracket;
  return format_time(cue.start, '.') + " --> " + format_time(cue.end, '.') + "\n" +
         replace_characters(join_lines(cue), replacement) + "\n\n";
}

std::string format_subrip(const Cue &cue, uint64_t number, Escapes escapes) {
  constexpr uint64_t most = 9999;
  std::string text = join_lines(cue);
  if (escapes == Escapes::Subparse) {
    text = replace_characters(text, typographic_bracket);
  }
  return std::to_string((number - 1) % most + 1) + "\n" + format_time(cue.start, ',') + " --> " +
         format_time(cue.end, ',') + "\n" + text + "\n\n";
}

}  // namespace kyutaistt::captions
