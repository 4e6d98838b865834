// SPDX-License-Identifier: LGPL-2.1-or-later
/// Events of pieces that are recognised at the same time, in the order of the pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include <kyutaistt/events.h>

namespace kyutaistt::program {

/// Passes on what one stream would have reported that had heard all pieces: words are numbered on,
/// and `Progress` never goes back. What a piece reports before its turn waits. Not thread-safe.
class EventOrder {
 public:
  explicit EventOrder(EventListener listener) : listener_(std::move(listener)) {}

  /// A piece begins, after all that have begun before. Returns its number.
  size_t begin_piece();
  /// An event of a piece: `Drained` ends it and is not passed on.
  void add(size_t piece, const Event &event);
  /// Everything of all pieces has been passed on, or the failure of one, after which nothing is.
  bool has_ended() const { return has_failed_ || pieces_.empty(); }

 private:
  struct Piece {
    std::vector<Event> waiting;
    bool is_complete = false;
  };

  void pass_on(Event event);
  void end_first_piece();

  EventListener listener_;
  /// From the one whose turn it is.
  std::deque<Piece> pieces_;
  size_t first_ = 0;
  uint64_t words_ = 0;
  Time progress_ = Time::min();
  bool has_failed_ = false;
};

}  // namespace kyutaistt::program
