// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/page/html.h"

#include <glib.h>

#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";

/// Each of `letter` replaced.
std::string replaced(const std::string &text, char letter, std::string_view replacement) {
  std::string result;
  for (const char found : text) {
    if (found == letter) {
      result += replacement;
    } else {
      result += found;
    }
  }
  return result;
}

}  // namespace

std::string html_escaped(std::string_view text) {
  gchar *valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  gchar *escaped = g_markup_escape_text(valid, -1);
  std::string result = escaped;
  g_free(escaped);
  g_free(valid);
  return result;
}

std::string script_json(const nlohmann::ordered_json &json) {
  // A script ends at its end tag, and a comment in it may hide that; both begin like this.
  return replaced(json_text(json), '<', "\\u003c");
}

std::string fill_template(std::string_view text, const std::map<std::string, std::string> &values) {
  std::string result;
  for (;;) {
    const size_t begin = text.find(opening);
    if (begin == std::string_view::npos) {
      return result.append(text);
    }
    const size_t name = begin + opening.size();
    const size_t end = text.find(closing, name);
    result.append(text.substr(0, begin));
    result += values.at(std::string(text.substr(name, end - name)));
    text.remove_prefix(end + closing.size());
  }
}

}  // namespace kyutaistt::program
