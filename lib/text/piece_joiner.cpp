// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/piece_joiner.h"

#include <utility>

#include "base/utf8.h"

namespace kyutaistt::text {

void PieceJoiner::append(const Piece &piece) {
  if (piece.kind == Piece::Kind::Byte) {
    bytes_ += piece.text;
    return;
  }
  end_bytes();
  text_ += piece.text;
}

bool PieceJoiner::awaits_bytes() const noexcept {
  return base::is_utf8_prefix(bytes_);
}

bool PieceJoiner::is_blank() const noexcept {
  return text_.find_first_not_of(' ') == std::string::npos && bytes_.empty();
}

std::string PieceJoiner::take() {
  end_bytes();
  return std::exchange(text_, {});
}

void PieceJoiner::end_bytes() {
  if (base::is_valid_utf8(bytes_)) {
    text_ += bytes_;
  } else {
    for (size_t i = 0; i < bytes_.size(); ++i) {
      text_ += base::replacement_character;
    }
  }
  bytes_.clear();
}

}  // namespace kyutaistt::text
