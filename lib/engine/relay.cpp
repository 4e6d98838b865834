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
  FreshText first;
  first.token = static_cast<int32_t>(info_.language_model.text_start);
  fresh_ = Fresh{std::move(fresh), std::vector<FreshText>(forced_.size(), first), {}, 0};
  schedule_.begin();
}

void Relay::hear_codes(std::vector<int32_t> codes) {
  const bool begins = fresh_->position == 0;
  const bool hears = !begins || info_.alignment != Alignment::DropFirst;
  const std::vector<int32_t> &kept = fresh_->codes.emplace_back(std::move(codes));
  for (size_t i = 0; i < forced_.size(); ++i) {
    FreshText &text = fresh_->texts[i];
    if (begins) {
      text.waiting.push_back({text.token, nullptr});
      text.token = forced_[i].tokens.front();
    }
    if (hears) {
      text.waiting.push_back({text.token, &kept});
    }
  }
  fresh_->position += (begins ? 1 : 0) + (hears ? 1 : 0);
}

void Relay::write(std::span<const int32_t> tokens, bool shares_audio) {
  const auto last = static_cast<size_t>(fresh_->position) - 1;
  for (size_t i = 0; i < forced_.size(); ++i) {
    FreshText &text = fresh_->texts[i];
    if (last < forced_[i].tokens.size()) {
      text.token = forced_[i].tokens[last];
      continue;
    }
    text.follows = text.follows || (shares_audio && tokens[i] == text::word_boundary_token);
    text.token = text.follows ? tokens[i] : text::pad_token;
  }
}

void Relay::append_rows(std::vector<lm::StepInput> &rows) const {
  for (size_t i = 0; i < forced_.size(); ++i) {
    lm::LanguageModelState *const state = fresh_->state.language_models[i].get();
    for (const Waiting &position : fresh_->texts[i].waiting) {
      const bool hears = position.codes != nullptr;
      rows.push_back(
          {state, position.token,
           hears ? std::span<const int32_t>(*position.codes) : std::span<const int32_t>()});
    }
  }
}

void Relay::forget_rows() noexcept {
  for (FreshText &text : fresh_->texts) {
    text.waiting.clear();
  }
  fresh_->codes.clear();
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
