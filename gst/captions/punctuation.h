// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where sentences and their parts end.
#pragma once

#include <string_view>

namespace kyutaistt::captions {

/// Whether a sentence ends between two consecutive words. A full stop after an ordinal, an
/// abbreviation, a title or an initial ends none, as far as that can be seen from the next word.
bool ends_sentence(std::string_view word, std::string_view next);

/// The same for a clause: a comma, a colon or a semicolon ends one.
bool ends_clause(std::string_view word, std::string_view next);

/// Whether a word is nothing but punctuation that belongs to the word before it, as "?" is.
bool is_closing_mark(std::string_view word);

}  // namespace kyutaistt::captions
