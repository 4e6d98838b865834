// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/catch_up.h"

#include <algorithm>

#include "engine/stream_state.h"
#include "text/tokenizer.h"

namespace kyutaistt::engine {

void Pace::note(size_t tried, size_t right) noexcept {
  if (tried > 1) {
    frames_ = std::clamp(right == tried ? 2 * tried : right + 1, least, greatest);
  }
}

Outlook::Outlook(const StreamState &stream)
    : watch_(stream.watch),
      schedule_(stream.relay.schedule()),
      may_relay_(stream.relay.is_enabled()),
      has_fresh_(stream.relay.is_running()),
      pads_(stream.contexts.running().texts.size(), text::pad_token),
      age_(stream.contexts.running().position()) {
  for (const FrameAhead &frame : stream.contexts.running().ahead) {
    // The relay has heard these.
    pass(frame.frame.level, frame.hands_over);
  }
}

void Outlook::take(float level) {
  const bool begins = may_relay_ && schedule_.hear(level, age_);
  pass(level, begins || (has_fresh_ && schedule_.can_take_over()));
}

void Outlook::pass(float level, bool is_last) {
  // A context goes deaf no earlier than if nothing but pads is written, and repeats itself no
  // earlier than if there is none.
  watch_.hear(level);
  watch_.write(pads_);
  ++age_;
  ++unknown_;
  is_open_ = is_open_ && !is_last && !watch_.has_ended() && !watch_.fault() &&
             !watch_.may_repeat_within(unknown_);
}

Attempt::Attempt(int32_t known, std::span<const int32_t> expected) : fed_{known} {
  fed_.insert(fed_.end(), expected.begin(), expected.end());
}

size_t Attempt::count_right(std::span<const int32_t> written) const noexcept {
  size_t right = 1;
  while (right < fed_.size() && fed_[right] == written[right - 1]) {
    ++right;
  }
  return right;
}

}  // namespace kyutaistt::engine
