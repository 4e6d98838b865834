// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/relay.h"

#include <algorithm>
#include <utility>

#include <kyutaistt/audio.h>

#include "text/tokenizer.h"

namespace kyutaistt::engine {

ContextState make_context_state(const ModelState &model) {
  return {model.encoder->make_state(), model.language_model->make_state()};
}

std::optional<ContextState> Relay::restart(std::span<const int32_t> forced) {
  forced_.assign(forced.begin(), forced.end());
  schedule_ = decode::RelaySchedule(info_, static_cast<int64_t>(forced.size()));
  enabled_ = !forced.empty() && schedule_.has_room();
  frames_.clear();
  first_frame_ = 0;
  if (!fresh_) {
    return std::nullopt;
  }
  return abandon();
}

void Relay::hear(std::span<const float> samples) {
  if (!enabled_) {
    return;
  }
  const int64_t keep_from =
      fresh_ ? fresh_->next_frame : schedule_.frames() + 1 - schedule_.max_frames();
  std::vector<float> memory;
  while (!frames_.empty() && first_frame_ < keep_from) {
    memory = std::move(frames_.front().samples);
    frames_.pop_front();
    ++first_frame_;
  }
  memory.assign(samples.begin(), samples.end());
  frames_.push_back({std::move(memory), text::pad_token});
}

void Relay::write(int32_t token) {
  if (!enabled_) {
    return;
  }
  frames_.back().token = token;
  schedule_.push(token == text::pad_token);
}

int64_t Relay::frames_behind() const noexcept {
  return fresh_ ? first_frame_ + static_cast<int64_t>(frames_.size()) - fresh_->next_frame : 0;
}

std::optional<decode::RelaySchedule::Handover> Relay::find_handover(int64_t age) const {
  if (!enabled_ || fresh_) {
    return std::nullopt;
  }
  const auto handover = schedule_.find(age);
  return handover && handover->first_frame >= first_frame_ ? handover : std::nullopt;
}

void Relay::begin(const decode::RelaySchedule::Handover &handover, ContextState fresh) {
  fresh.encoder->frame = 0;
  fresh.language_model->position = 0;
  const auto start = static_cast<int32_t>(info_.language_model.text_start);
  fresh_ = Fresh{std::move(fresh), handover, handover.first_frame, start, 0};
}

int32_t Relay::known_token(int64_t index) const {
  const auto position = static_cast<size_t>(fresh_->position);
  if (position < forced_.size()) {
    return forced_[position];
  }
  return index < fresh_->handover.pause_frame ? text::pad_token : frame(index).token;
}

void Relay::encode(const ModelState &model, std::span<const float> samples) {
  mimi::EncoderState *const state = fresh_->state.encoder.get();
  const int64_t count = static_cast<int64_t>(samples.size()) / samples_per_frame;
  // All at once while their positions fit into the ring; then one by one, which always do.
  const bool fits = (state->frame + count) * mimi::positions_per_frame <= info_.codec.window;
  const int64_t step = fits ? count : 1;
  for (int64_t done = 0; done < count; done += step) {
    const auto part = samples.subspan(static_cast<size_t>(done * samples_per_frame),
                                      static_cast<size_t>(step * samples_per_frame));
    const std::vector<int32_t> codes = model.encoder->encode({&state, 1}, part);
    codes_.insert(codes_.end(), codes.begin(), codes.end());
  }
}

std::span<const lm::StepInput> Relay::replay(const ModelState &model, int64_t frames) {
  codes_.clear();
  rows_.clear();
  const bool begins = fresh_->position == 0;
  // The alignment's way with the first frame of a context: heard twice, or not at all.
  const bool repeats = begins && info_.alignment == Alignment::Hf;
  const bool skips = begins && info_.alignment == Alignment::DropFirst;
  std::vector<int64_t> fed;
  for (int64_t i = 0; i < frames; ++i) {
    fed.push_back(fresh_->next_frame + i);
  }
  if (repeats) {
    fed.insert(fed.begin(), fed.front());
  }
  std::vector<float> samples;
  samples.reserve(fed.size() * static_cast<size_t>(samples_per_frame));
  for (const int64_t index : fed) {
    samples.insert(samples.end(), frame(index).samples.begin(), frame(index).samples.end());
  }
  encode(model, samples);

  lm::LanguageModelState *const state = fresh_->state.language_model.get();
  const auto codebooks = static_cast<size_t>(info_.language_model.codebooks);
  if (begins) {
    rows_.push_back({state, fresh_->text, {}});
    fresh_->text = forced_.front();
    fresh_->position = 1;
  }
  for (size_t i = skips ? 1 : 0; i < fed.size(); ++i) {
    rows_.push_back({state, fresh_->text, std::span(codes_).subspan(i * codebooks, codebooks)});
    fresh_->text = known_token(fed[i]);
    ++fresh_->position;
  }
  fresh_->next_frame += frames;
  return rows_;
}

ContextState Relay::take_over(ContextState &running) {
  std::swap(running, fresh_->state);
  return abandon();
}

ContextState Relay::abandon() {
  ContextState state = std::move(fresh_->state);
  fresh_.reset();
  return state;
}

}  // namespace kyutaistt::engine
