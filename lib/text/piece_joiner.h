// SPDX-License-Identifier: LGPL-2.1-or-later
/// Pieces to text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "text/tokenizer.h"

namespace kyutaistt::text {

/// Puts pieces together. Byte pieces are collected until another piece comes: a run that is valid
/// UTF-8 is taken as it is, any other becomes one U+FFFD for each byte.
class PieceJoiner {
 public:
  /// Adds a piece of kind `Text` or `Byte`.
  void append(const Piece &piece);
  /// True if the last pieces are the beginning of a UTF-8 character.
  bool awaits_bytes() const noexcept;
  /// Bytes of what was added.
  size_t size() const noexcept { return text_.size() + bytes_.size(); }
  /// True if nothing but white space was added.
  bool is_blank() const noexcept;
  /// The text so far; the joiner is empty afterwards.
  std::string take();

 private:
  void end_bytes();

  std::string text_;
  std::string bytes_;
};

}  // namespace kyutaistt::text
