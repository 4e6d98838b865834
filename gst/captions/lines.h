// SPDX-License-Identifier: LGPL-2.1-or-later
/// Words in lines.
#pragma once

#include <string>
#include <vector>

namespace kyutaistt::captions {

/// Whether the words fit into `lines` lines of at most `columns` characters. A word that is longer
/// than a line stands alone in one.
bool fits_lines(const std::vector<std::string> &words, int columns, int lines);

/// Breaks words into as few lines of at most `columns` characters as they need. Among the possible
/// breaks it prefers lines of nearly equal length, and breaks after a punctuation mark.
/// Cost: the square of the number of words.
std::vector<std::string> break_lines(const std::vector<std::string> &words, int columns);

}  // namespace kyutaistt::captions
