// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/stream_context.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

namespace kyutaistt::engine {

namespace {

/// A word is shown no longer than this beyond its last piece, whatever the options say: longer
/// times would not fit when they are added up.
constexpr Time longest_word_end_cap = std::chrono::hours(24);

}  // namespace

ContextState make_context_state(const ModelState &model, size_t texts) {
  ContextState state;
  state.encoder = model.encoder->make_state();
  while (state.language_models.size() < texts) {
    state.language_models.push_back(model.language_model->make_state());
  }
  return state;
}

ContextState SpareStates::take(const ModelState &model, size_t texts) {
  if (states_.empty()) {
    return make_context_state(model, texts);
  }
  ContextState state = std::move(states_.back());
  states_.pop_back();
  state.encoder->frame = 0;
  state.language_models.resize(std::min(state.language_models.size(), texts));
  for (const auto &language_model : state.language_models) {
    language_model->position = 0;
  }
  while (state.language_models.size() < texts) {
    state.language_models.push_back(model.language_model->make_state());
  }
  return state;
}

void SpareStates::give_back(ContextState state) {
  if (state.encoder != nullptr) {
    states_.push_back(std::move(state));
  }
}

StreamContexts::StreamContexts(const ModelState &model, const StreamOptions &options,
                               decode::ForcedTokens forced)
    : model_(model),
      report_steps_(options.report_steps),
      word_end_cap_(std::min(options.word_end_cap, longest_word_end_cap)) {
  ContextState state = make_context_state(model, forced.size());
  begin(std::move(forced), std::move(state));
}

void StreamContexts::begin(decode::ForcedTokens forced, ContextState state) {
  Entry &entry = contexts_.emplace_back();
  entry.context.state = std::move(state);
  for (decode::ForcedText &text : forced) {
    entry.context.texts.push_back({text.text,
                                   decode::Context(model_.info, model_.tokenizer, word_end_cap_,
                                                   report_steps_, std::move(text.tokens)),
                                   {},
                                   {}});
    delivered_.try_emplace(text.text);
  }
}

decode::ForcedTokens StreamContexts::forced() const {
  decode::ForcedTokens forced;
  for (const ContextText &text : contexts_.back().context.texts) {
    forced.push_back({text.text, text.decoder.forced()});
  }
  return forced;
}

void StreamContexts::restart(decode::ForcedTokens forced, SpareStates &spares) {
  for (Entry &entry : contexts_) {
    spares.give_back(std::move(entry.context.state));
  }
  contexts_.clear();
  for (auto &[text, delivered] : delivered_) {
    delivered.begin_context(false);
  }
  ContextState state = spares.take(model_, forced.size());
  begin(std::move(forced), std::move(state));
}

void StreamContexts::end(ContextEnd end, SpareStates &spares) {
  Entry &ending = contexts_.back();
  for (ContextText &text : ending.context.texts) {
    text.events.insert(text.events.end(), end.dropped.begin(), end.dropped.end());
    if (end.renewed) {
      text.events.emplace_back(*end.renewed);
    }
  }
  decode::ForcedTokens forced = end.forced ? *end.forced : this->forced();
  if (end.silent_frames == 0) {
    // One that heard nothing needs its state no more.
    spares.give_back(std::move(ending.context.state));
  }
  ContextState state = spares.take(model_, forced.size());
  ending.end = std::move(end);
  begin(std::move(forced), std::move(state));
}

std::vector<StreamContext *> StreamContexts::add_silence(size_t &extra) {
  std::vector<StreamContext *> hearing;
  for (Entry &entry : contexts_) {
    if (!entry.end) {
      continue;
    }
    std::deque<FrameAhead> &ahead = entry.context.ahead;
    const size_t wanted = std::min(entry.context.pace.frames(), 1 + extra);
    while (ahead.size() < wanted && entry.silent_frames < entry.end->silent_frames) {
      QueuedFrame &frame = ahead.emplace_back().frame;
      frame.start = entry.end->silence_start + entry.silent_frames * frame_duration;
      frame.origin = frame.start;
      frame.end = std::exchange(entry.end->audio_end, std::nullopt);
      ++entry.silent_frames;
    }
    if (!ahead.empty()) {
      extra -= std::min(extra, ahead.size() - 1);
      hearing.push_back(&entry.context);
    }
  }
  return hearing;
}

void StreamContexts::Delivered::place(Event &event) {
  if (auto *word = std::get_if<Word>(&event)) {
    word->index += first_word;
    word->start = std::max(word->start, earliest);
    word->end = std::max(word->end, word->start);
    next_word = word->index + 1;
  } else if (auto *word_end = std::get_if<WordEnd>(&event)) {
    word_end->index += first_word;
    word_end->end = std::max(word_end->end, earliest);
  } else if (auto *reached = std::get_if<Progress>(&event)) {
    reached->position = std::max(reached->position, earliest);
    progress = reached->position;
  }
}

void StreamContexts::Delivered::begin_context(bool is_seamless) {
  first_word = next_word;
  earliest = is_seamless ? progress : Time::min();
}

void StreamContexts::deliver_oldest(bool finished, std::vector<TextEvents> &events) {
  Entry &oldest = contexts_.front();
  for (ContextText &text : oldest.context.texts) {
    if (finished) {
      text.decoder.finish(text.events);
      if (oldest.end->marker) {
        text.events.emplace_back(Drained{*oldest.end->marker});
      }
    }
    for (Event &event : text.events) {
      delivered_[text.text].place(event);
    }
    auto of_text = std::ranges::find(events, text.text, &TextEvents::text);
    if (of_text == events.end()) {
      of_text = events.insert(events.end(), {text.text, {}});
    }
    std::move(text.events.begin(), text.events.end(), std::back_inserter(of_text->events));
    text.events.clear();
  }
}

void StreamContexts::deliver(std::vector<TextEvents> &events, SpareStates &spares) {
  while (true) {
    Entry &oldest = contexts_.front();
    const bool finished = oldest.is_finished();
    deliver_oldest(finished, events);
    if (!finished) {
      return;
    }
    for (auto &[text, delivered] : delivered_) {
      delivered.begin_context(oldest.end->is_seamless);
    }
    spares.give_back(std::move(oldest.context.state));
    contexts_.pop_front();
    std::erase_if(delivered_, [this](const auto &delivered) {
      return std::ranges::none_of(contexts_, [&](const Entry &entry) {
        return std::ranges::any_of(entry.context.texts, [&](const ContextText &text) {
          return text.text == delivered.first;
        });
      });
    });
  }
}

}  // namespace kyutaistt::engine
