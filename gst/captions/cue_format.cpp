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

std::string_view escaped(char letter, Escapes escapes) {
  const bool standard = escapes == Escapes::Standard;
  switch (letter) {
    case '&':
      return standard ? "&amp;" : "&";
    case '<':
      return standard ? "&lt;" : "\u2039";
    case '>':
      return standard ? "&gt;" : "\u203A";
    default:
      return {};
  }
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
  std::string text = format_time(cue.start, '.') + " --> " + format_time(cue.end, '.') + "\n";
  for (const char letter : join_lines(cue)) {
    const std::string_view replacement = escaped(letter, escapes);
    if (replacement.empty()) {
      text += letter;
    } else {
      text += replacement;
    }
  }
  return text + "\n\n";
}

std::string format_subrip(const Cue &cue, uint64_t number) {
  constexpr uint64_t most = 9999;
  return std::to_string((number - 1) % most + 1) + "\n" + format_time(cue.start, ',') + " --> " +
         format_time(cue.end, ',') + "\n" + join_lines(cue) + "\n\n";
}

}  // namespace kyutaistt::captions
