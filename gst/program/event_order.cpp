// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/event_order.h"

#include <algorithm>
#include <variant>

namespace kyutaistt::program {

size_t EventOrder::begin_piece() {
  pieces_.emplace_back();
  return first_ + pieces_.size() - 1;
}

void EventOrder::add(size_t piece, const Event &event) {
  Piece &from = pieces_[piece - first_];
  const bool is_first = piece == first_;
  if (std::holds_alternative<Drained>(event)) {
    from.is_complete = true;
    if (is_first) {
      end_first_piece();
    }
  } else if (is_first) {
    pass_on(event);
  } else {
    from.waiting.push_back(event);
  }
}

void EventOrder::pass_on(Event event) {
  if (has_failed_) {
    return;
  }
  if (auto *word = std::get_if<Word>(&event)) {
    word->index = words_++;
  } else if (auto *end = std::get_if<WordEnd>(&event)) {
    end->index = words_ - 1;
  } else if (auto *progress = std::get_if<Progress>(&event)) {
    progress_ = progress->position = std::max(progress_, progress->position);
  }
  has_failed_ = std::holds_alternative<Failure>(event);
  listener_(event);
}

void EventOrder::end_first_piece() {
  while (!pieces_.empty() && pieces_.front().is_complete) {
    pieces_.pop_front();
    ++first_;
    if (!pieces_.empty()) {
      for (Event &event : std::exchange(pieces_.front().waiting, {})) {
        pass_on(std::move(event));
      }
    }
  }
}

}  // namespace kyutaistt::program
