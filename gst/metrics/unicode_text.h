// SPDX-License-Identifier: LGPL-2.1-or-later
/// Splits and normalises texts for metrics. Pure functions of UTF-8; invalid bytes become U+FFFD.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kyutaistt::metrics {

std::u32string to_characters(std::string_view text);
std::string to_text(std::u32string_view characters);

/// The same as Python's str.isspace(), by which jiwer and sacreBLEU split words.
bool is_space(char32_t character);

/// Splits at white space of any kind.
std::vector<std::string> split_words(std::string_view text);
std::string join_words(const std::vector<std::string> &words);

/// Converts to lower case, removes characters of Unicode's categories P*, and squeezes white space.
std::string normalise(std::string_view text);

}  // namespace kyutaistt::metrics
