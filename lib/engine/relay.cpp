// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/relay.h"

#include <algorithm>
#include <utility>

#include <kyutaistt/audio.h>

#include "text/tokenizer.h"

namespace kyutaistt::engine {

std::optional<ContextState> Relay::restart(decode::ForcedTokens forced) {
  forced_ = std::move(forced);
  size_t most = 0;
  enabled_ = true;
  for (const decode::ForcedText &text : forced_) {
    most = std::max(most, text.tokens.size());
    enabled_ = enabled_ && !text.tokens.empty();
  }
  schedule_ = decode::RelaySchedule(info_, static_cast<int64_t>(most));
  enabled_ = enabled_ && schedule_.has_room();
  if (!fresh_) {
    return std::nullopt;
  }
  return end();
}

bool Relay::hear(float level, int64_t age) {
  return enabled_ && schedule_.hear(level, age);
}

void Relay::begin(ContextState fresh) {
  const FreshText first{static_cast<int32_t>(info_.language_model.text_start), false};
  fresh_ = Fresh{std::move(fresh), std::vector<FreshText>(forced_.size(), first), 0};
  schedule_.begin();
}

void Relay::append_rows(std::span<const int32_t> codes, std::vector<lm::StepInput> &rows) {
  const bool begins = fresh_->position == 0;
  const bool hears = !begins || info_.alignment != Alignment::DropFirst;
  for (size_t i = 0; i < forced_.size(); ++i) {
    lm::LanguageModelState *const state = fresh_->state.language_models[i].get();
    int32_t &token = fresh_->texts[i].token;
    if (begins) {
      rows.push_back({state, token, {}});
      token = forced_[i].tokens.front();
    }
    if (hears) {
      rows.push_back({state, token, codes});
    }
  }
  fresh_->position += (begins ? 1 : 0) + (hears ? 1 : 0);
}

void Relay::write(std::span<const int32_t> tokens) {
  if (!fresh_) {
    return;
  }
  const auto last = static_cast<size_t>(fresh_->position) - 1;
  for (size_t i = 0; i < forced_.size(); ++i) {
    FreshText &text = fresh_->texts[i];
    if (last < forced_[i].tokens.size()) {
      text.token = forced_[i].tokens[last];
      continue;
    }
    text.follows =
        text.follows || (schedule_.shares_audio() && tokens[i] == text::word_boundary_token);
    text.token = text.follows ? tokens[i] : text::pad_token;
  }
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
