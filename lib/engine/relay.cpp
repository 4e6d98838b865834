// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/relay.h"

#include <utility>

#include <kyutaistt/audio.h>

#include "text/tokenizer.h"

namespace kyutaistt::engine {

std::optional<ContextState> Relay::restart(std::span<const int32_t> forced) {
  forced_.assign(forced.begin(), forced.end());
  schedule_ = decode::RelaySchedule(info_, static_cast<int64_t>(forced.size()));
  enabled_ = !forced.empty() && schedule_.has_room();
  if (!fresh_) {
    return std::nullopt;
  }
  return end();
}

bool Relay::hear(float level, int64_t age) {
  return enabled_ && schedule_.hear(level, age);
}

void Relay::begin(ContextState fresh) {
  fresh_ = Fresh{.state = std::move(fresh),
                 .text = static_cast<int32_t>(info_.language_model.text_start)};
  schedule_.begin();
}

void Relay::append_rows(std::span<const int32_t> codes, std::vector<lm::StepInput> &rows) {
  lm::LanguageModelState *const state = fresh_->state.language_model.get();
  if (fresh_->position == 0) {
    rows.push_back({state, fresh_->text, {}});
    fresh_->text = forced_.front();
    fresh_->position = 1;
    if (info_.alignment == Alignment::DropFirst) {
      return;
    }
  }
  rows.push_back({state, fresh_->text, codes});
  ++fresh_->position;
}

void Relay::write(int32_t token) {
  if (!fresh_) {
    return;
  }
  const auto last = static_cast<size_t>(fresh_->position) - 1;
  if (last < forced_.size()) {
    fresh_->text = forced_[last];
    return;
  }
  fresh_->follows_text =
      fresh_->follows_text || (schedule_.shares_audio() && token == text::word_boundary_token);
  fresh_->text = fresh_->follows_text ? token : text::pad_token;
}

ContextState Relay::take_over(ContextState &running) {
  std::swap(running, fresh_->state);
  return end();
}

ContextState Relay::end() {
  ContextState state = std::move(fresh_->state);
  fresh_.reset();
  schedule_.end();
  return state;
}

}  // namespace kyutaistt::engine
