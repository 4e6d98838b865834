// SPDX-License-Identifier: LGPL-2.1-or-later
/// Texts as those who measure them see them: characters, words, and the form without case and
/// punctuation. Pure functions of UTF-8; bytes that are none become U+FFFD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kyutaistt::metrics {

std::u32string to_characters(std::string_view text);
std::string to_text(std::u32string_view characters);

/// What Python's str.isspace() says, which the usual programs split words by.
bool is_space(char32_t character);

/// Split at white space of any kind.
std::vector<std::string> split_words(std::string_view text);
std::string join_words(const std::vector<std::string> &words);

/// In lower case, without characters of Unicode's categories P*, words one space apart.
std::string normalise(std::string_view text);

}  // namespace kyutaistt::metrics
