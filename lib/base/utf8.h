// SPDX-License-Identifier: LGPL-2.1-or-later
/// UTF-8, byte by byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kyutaistt::base {

/// Replaces a byte that is not text.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// Length of the sequence that `lead` begins: 1 to 4, or 0 if no sequence begins with it.
size_t utf8_length(unsigned char lead) noexcept;

/// True if the bytes are whole, shortest-form characters, none of them a surrogate.
bool is_valid_utf8(std::string_view bytes) noexcept;

/// True if more bytes could make these, the last ones of a text, a whole character.
bool is_utf8_prefix(std::string_view bytes) noexcept;

}  // namespace kyutaistt::base
