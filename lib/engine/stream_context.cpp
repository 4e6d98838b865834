// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/stream_context.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace kyutaistt::engine {

namespace {

/// A word is shown no longer than this beyond its last piece, whatever the options say: longer
/// times would not fit when they are added up.
constexpr Time longest_word_end_cap = std::chrono::hours(24);

}  // namespace

ContextState make_context_state(const ModelState &model) {
  return {model.encoder->make_state(), model.language_model->make_state()};
}

ContextState SpareStates::take(const ModelState &model) {
  if (states_.empty()) {
    return make_context_state(model);
  }
  ContextState state = std::move(states_.back());
  states_.pop_back();
  state.encoder->frame = 0;
  state.language_model->position = 0;
  return state;
}

void SpareStates::give_back(ContextState state) {
  if (state.encoder != nullptr) {
    states_.push_back(std::move(state));
  }
}

StreamContexts::StreamContexts(const ModelState &model, const StreamOptions &options,
                               std::vector<int32_t> forced)
    : model_(model),
      report_steps_(options.report_steps),
      word_end_cap_(std::min(options.word_end_cap, longest_word_end_cap)) {
  begin(std::move(forced), make_context_state(model));
}

void StreamContexts::begin(std::vector<int32_t> forced, ContextState state) {
  decode::Context decoder(model_.info, model_.tokenizer, word_end_cap_, report_steps_,
                          std::move(forced));
  contexts_.push_back({{std::move(decoder), std::move(state), {}}, std::nullopt, 0, Time::min()});
}

void StreamContexts::restart(std::vector<int32_t> forced, SpareStates &spares) {
  for (Entry &entry : contexts_) {
    spares.give_back(std::move(entry.context.state));
  }
  contexts_.clear();
  first_word_ = next_word_;
  begin(std::move(forced), spares.take(model_));
}

void StreamContexts::end(ContextEnd end, SpareStates &spares) {
  Entry &ending = contexts_.back();
  ending.context.events.insert(ending.context.events.end(), end.dropped.begin(), end.dropped.end());
  std::vector<int32_t> forced = end.forced ? *end.forced : ending.context.decoder.forced();
  // One that heard nothing needs its state no more.
  ContextState state =
      end.silent_frames > 0 ? spares.take(model_) : std::move(ending.context.state);
  ending.end = std::move(end);
  begin(std::move(forced), std::move(state));
}

void StreamContexts::place(const Entry &entry, Event &event) {
  if (auto *word = std::get_if<Word>(&event)) {
    word->index += first_word_;
    word->start = std::max(word->start, entry.earliest);
    word->end = std::max(word->end, word->start);
    next_word_ = word->index + 1;
  } else if (auto *word_end = std::get_if<WordEnd>(&event)) {
    word_end->index += first_word_;
    word_end->end = std::max(word_end->end, entry.earliest);
  } else if (auto *progress = std::get_if<Progress>(&event)) {
    progress->position = std::max(progress->position, entry.earliest);
    progress_ = progress->position;
  }
}

std::vector<StreamContext *> StreamContexts::begin_silent_frame() {
  std::vector<StreamContext *> hearing;
  for (Entry &entry : contexts_) {
    if (!entry.end || entry.silent_frames == entry.end->silent_frames) {
      continue;
    }
    const Time start = entry.end->silence_start + entry.silent_frames * frame_duration;
    entry.context.decoder.begin_frame(start, start, std::exchange(entry.end->audio_end, {}));
    ++entry.silent_frames;
    hearing.push_back(&entry.context);
  }
  return hearing;
}

void StreamContexts::deliver(std::vector<Event> &events, SpareStates &spares) {
  while (true) {
    Entry &oldest = contexts_.front();
    const bool finished = oldest.end && oldest.silent_frames == oldest.end->silent_frames;
    std::vector<Event> &written = oldest.context.events;
    if (finished) {
      oldest.context.decoder.finish(written);
      if (oldest.end->marker) {
        written.emplace_back(Drained{*oldest.end->marker});
      }
    }
    for (Event &event : written) {
      place(oldest, event);
    }
    std::move(written.begin(), written.end(), std::back_inserter(events));
    written.clear();
    if (!finished) {
      return;
    }
    const bool is_seamless = oldest.end->is_seamless;
    spares.give_back(std::move(oldest.context.state));
    contexts_.pop_front();
    first_word_ = next_word_;
    if (is_seamless) {
      contexts_.front().earliest = progress_;
    }
  }
}

}  // namespace kyutaistt::engine
