// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/batch.h"

#include <algorithm>
#include <utility>

#include "base/guard.h"

namespace kyutaistt::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Fresh contexts of one step: so many that all streams get theirs in time, and a step gets longer
/// by half at most.
int64_t max_fresh_contexts(size_t streams) {
  return std::max<int64_t>(1, static_cast<int64_t>(streams) / 2);
}

void append_dropped(const std::vector<Dropped> &dropped, std::vector<Event> &events) {
  events.insert(events.end(), dropped.begin(), dropped.end());
}

}  // namespace

void Batch::restart(StreamState &stream, std::vector<int32_t> forced) {
  if (stream.options.relay) {
    if (auto spare = stream.relay.restart(forced)) {
      spares_.push_back(std::move(*spare));
    }
  }
  stream.context.restart(std::move(forced));
  stream.state.encoder->frame = 0;
  stream.state.language_model->position = 0;
}

Batch::Durations Batch::compute(const ModelState &model) {
  for (Turn &turn : turns) {
    if (turn.restart) {
      restart(*turn.stream, std::move(*turn.restart));
    }
  }
  end_contexts();
  Durations durations;
  const Status status =
      base::guard("computing a step", [&] { return compute_frames(model, durations); });
  if (!status.ok()) {
    for (Turn &turn : turns) {
      if (!turn.end) {
        turn.failure = status;
      }
    }
  }
  return durations;
}

void Batch::end_contexts() {
  for (Turn &turn : turns) {
    if (!turn.end) {
      continue;
    }
    append_dropped(turn.end->dropped, turn.events);
    turn.stream->context.finish(turn.events);
    if (turn.end->marker) {
      turn.events.emplace_back(Drained{*turn.end->marker});
    }
    restart(*turn.stream, turn.end->forced ? *turn.end->forced : turn.stream->context.forced());
  }
}

Status Batch::compute_frames(const ModelState &model, Durations &durations) {
  hearing_.clear();
  frame_samples_.clear();
  encoder_states_.clear();
  for (size_t i = 0; i < turns.size(); ++i) {
    Turn &turn = turns[i];
    if (turn.end) {
      continue;
    }
    append_dropped(turn.frame.dropped, turn.events);
    turn.stream->context.begin_frame(turn.frame.start, turn.frame.origin, turn.frame.end);
    hearing_.push_back(&turn);
    encoder_states_.push_back(turn.stream->state.encoder.get());
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(i) * samples_per_frame;
    frame_samples_.insert(frame_samples_.end(), begin, begin + samples_per_frame);
  }
  if (hearing_.empty()) {
    return {};
  }
  const MutexLock lock(model.computing);
  const auto begin = Clock::now();
  add_fresh_contexts(model);
  const std::vector<int32_t> codes = model.encoder->encode(encoder_states_, frame_samples_);
  const auto encoded = Clock::now();

  std::vector<Turn *> starting;
  std::vector<Turn *> hearing;
  std::vector<int32_t> heard;
  const auto codebooks = static_cast<size_t>(model.info.language_model.codebooks);
  for (size_t i = 0; i < hearing_.size(); ++i) {
    const decode::Context &context = hearing_[i]->stream->context;
    if (context.needs_start()) {
      starting.push_back(hearing_[i]);
    }
    if (context.hears_frame()) {
      hearing.push_back(hearing_[i]);
      const auto first = codes.begin() + static_cast<std::ptrdiff_t>(i * codebooks);
      heard.insert(heard.end(), first, first + static_cast<std::ptrdiff_t>(codebooks));
    }
  }
  fresh_rows_.clear();
  for (size_t i = 0; i < relays_.size(); ++i) {
    const size_t row = hearing_.size() + i;
    relays_[i]->append_rows(std::span(codes).subspan(row * codebooks, codebooks), fresh_rows_);
  }
  step_language_model(model, starting, {});
  step_language_model(model, hearing, heard);
  for (Turn *turn : hearing_) {
    turn->events.emplace_back(turn->stream->context.progress());
    StreamState &stream = *turn->stream;
    stream.relay.write(stream.context.text_input());
    if (stream.relay.can_take_over()) {
      spares_.push_back(stream.relay.take_over(stream.state));
      stream.context.hand_over();
      ++turn->relays;
    }
  }
  durations.codec = encoded - begin;
  durations.language_model = Clock::now() - encoded;
  return {};
}

void Batch::add_fresh_contexts(const ModelState &model) {
  relays_.clear();
  const int64_t max_running = max_fresh_contexts(hearing_.size());
  int64_t running = std::ranges::count_if(
      hearing_, [](const Turn *turn) { return turn->stream->relay.is_running(); });
  for (size_t i = 0; i < hearing_.size(); ++i) {
    StreamState &stream = *hearing_[i]->stream;
    const auto heard = std::span(frame_samples_).subspan(i * samples_per_frame, samples_per_frame);
    const bool begins = stream.relay.hear(heard, stream.state.language_model->position);
    if (begins && running < max_running) {
      if (spares_.empty()) {
        spares_.push_back(make_context_state(model));
      }
      stream.relay.begin(std::move(spares_.back()));
      spares_.pop_back();
      ++running;
    }
    if (stream.relay.is_running()) {
      relays_.push_back(&stream.relay);
      encoder_states_.push_back(stream.relay.encoder_state());
    }
  }
  for (size_t i = 0; i < hearing_.size(); ++i) {
    if (hearing_[i]->stream->relay.is_running()) {
      const auto begin =
          frame_samples_.begin() + static_cast<std::ptrdiff_t>(i) * samples_per_frame;
      const std::vector<float> heard(begin, begin + samples_per_frame);
      frame_samples_.insert(frame_samples_.end(), heard.begin(), heard.end());
    }
  }
}

void Batch::step_language_model(const ModelState &model, std::span<Turn *const> stepping,
                                std::span<const int32_t> codes) {
  if (stepping.empty()) {
    return;
  }
  const size_t codebooks = codes.size() / stepping.size();
  std::vector<lm::StepInput> inputs;
  inputs.reserve(stepping.size());
  bool all_forced = true;
  for (size_t i = 0; i < stepping.size(); ++i) {
    StreamState &stream = *stepping[i]->stream;
    inputs.push_back({stream.state.language_model.get(), stream.context.text_input(),
                      codes.subspan(i * codebooks, codebooks)});
    all_forced = all_forced && stream.context.next_is_forced();
  }
  // Their tokens are known: only the states are wanted.
  inputs.insert(inputs.end(), fresh_rows_.begin(), fresh_rows_.end());
  fresh_rows_.clear();
  const auto output =
      all_forced ? lm::LanguageModel::Output::None : lm::LanguageModel::Output::Tokens;
  const std::vector<ops::Choice> choices = model.language_model->step(inputs, output);
  for (size_t i = 0; i < stepping.size(); ++i) {
    const ops::Choice choice = all_forced ? ops::Choice{} : choices[i];
    Turn &turn = *stepping[i];
    Status status = turn.stream->context.accept(choice, inputs[i].codes, turn.events);
    if (!status.ok()) {
      turn.failure = std::move(status);
    }
  }
}

}  // namespace kyutaistt::engine
