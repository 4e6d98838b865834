// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/context.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace kyutaistt::decode {

namespace {

double in_steps(Time time) {
  return static_cast<double>(time.count()) / static_cast<double>(frame_duration.count());
}

double delay_steps(const ModelInfo &model) {
  return model.delay_seconds * frames_per_second;
}

}  // namespace

Context::Context(const ModelInfo &model, std::shared_ptr<const text::Tokenizer> tokenizer,
                 Time word_end_cap, bool report_steps, std::vector<int32_t> forced)
    : model_(model),
      report_steps_(report_steps),
      frame_lead_(model.alignment == Alignment::DropFirst ? 1 : 0),
      words_(std::move(tokenizer), delay_steps(model), in_steps(word_end_cap)),
      forced_(std::move(forced)),
      text_input_(static_cast<int32_t>(model.language_model.text_start)) {}

void Context::begin_frame(Time start, Time origin, std::optional<Time> end) {
  if (frames_ == 0) {
    timeline_.reset(origin);
    last_start_ = origin;
  }
  timeline_.forget_before(words_.settled_until() + static_cast<double>(frame_lead_));
  if (end) {
    timeline_.end_audio(*end);
  }
  timeline_.append(start);
  ++frames_;
}

bool Context::hears_frame() const noexcept {
  return model_.alignment != Alignment::DropFirst || frames_ > 1;
}

std::optional<int32_t> Context::forced_token(size_t ahead) const noexcept {
  const size_t position = static_cast<size_t>(position_) + ahead;
  return position < forced_.size() ? std::optional(forced_[position]) : std::nullopt;
}

Status Context::accept(const ops::Choice &choice, std::span<const int32_t> codes,
                       std::vector<Event> &events) {
  const std::optional<int32_t> forced = forced_token(0);
  const int32_t token = forced.value_or(choice.token);
  const float probability = forced ? 0.0F : choice.probability;
  if (!std::isfinite(probability)) {
    return Status::internal("the model's output at position " + std::to_string(position_) +
                            " is not a number");
  }
  if (report_steps_) {
    events.emplace_back(Step{position_, token, probability, forced.has_value(), relayed_,
                             std::vector<int32_t>(codes.begin(), codes.end())});
  }
  if (!forced) {
    words_.push(position_, token, probability, word_events_);
    append_words(events);
  }
  relayed_ = false;
  text_input_ = token;
  ++position_;
  return {};
}

Progress Context::progress() const {
  return {std::max(last_start_, time_at(words_.settled_until()))};
}

void Context::finish(std::vector<Event> &events) {
  words_.finish(word_events_);
  append_words(events);
}

Time Context::time_at(double step) const {
  return timeline_.at(step + static_cast<double>(frame_lead_));
}

void Context::append_words(std::vector<Event> &events) {
  for (text::WordEvent &event : word_events_) {
    if (auto *started = std::get_if<text::WordStarted>(&event)) {
      Word word;
      word.index = next_word_++;
      word.text = std::move(started->text);
      word.start = std::max(last_start_, time_at(started->start));
      word.end = std::max(word.start, time_at(started->last_piece));
      word.confidence = started->confidence;
      last_start_ = word.start;
      events.emplace_back(std::move(word));
    } else {
      const double end = std::get<text::WordEnded>(event).end;
      events.emplace_back(WordEnd{next_word_ - 1, std::max(last_start_, time_at(end))});
    }
  }
  word_events_.clear();
}

}  // namespace kyutaistt::decode
