// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/batch.h"

#include <algorithm>
#include <utility>

#include "base/guard.h"

namespace kyutaistt::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Rows of the language model for fresh contexts in one step: a fixed few, so that a step of few
/// streams gets little longer, and one for each stream, so that those of many keep pace.
constexpr int64_t min_replay_rows = 4;
/// No fresh context gets more in one step.
constexpr int64_t max_rows_per_relay = 4;

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
    turn.stream->relay.hear({begin, begin + samples_per_frame});
  }
  if (hearing_.empty()) {
    return {};
  }
  const MutexLock lock(model.computing);
  const auto begin = Clock::now();
  const std::vector<int32_t> codes = model.encoder->encode(encoder_states_, frame_samples_);
  replay_frames(model);
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
  step_language_model(model, starting, {});
  step_language_model(model, hearing, heard);
  for (Turn *turn : hearing_) {
    turn->events.emplace_back(turn->stream->context.progress());
    StreamState &stream = *turn->stream;
    stream.relay.write(stream.context.text_input());
    if (stream.relay.is_running() && stream.relay.frames_behind() == 0) {
      spares_.push_back(stream.relay.take_over(stream.state));
      ++turn->relays;
    }
  }
  durations.codec = encoded - begin;
  durations.language_model = Clock::now() - encoded;
  return {};
}

void Batch::replay_frames(const ModelState &model) {
  replay_rows_.clear();
  const auto turn_count = static_cast<int64_t>(hearing_.size());
  int64_t rows_left = std::max(min_replay_rows, turn_count);
  const int64_t window = model.info.language_model.window;
  for (Turn *turn : hearing_) {
    StreamState &stream = *turn->stream;
    if (rows_left > 0 && !stream.relay.is_running()) {
      if (const auto handover = stream.relay.find_handover(stream.state.language_model->position)) {
        if (spares_.empty()) {
          spares_.push_back(make_context_state(model));
        }
        stream.relay.begin(*handover, std::move(spares_.back()));
        spares_.pop_back();
      }
    }
    if (!stream.relay.is_running()) {
      continue;
    }
    // One that has begun always goes on by two frames at least, so that it catches up.
    const int64_t frames = std::min(stream.relay.frames_behind(),
                                    std::clamp<int64_t>(rows_left, 2, max_rows_per_relay));
    const std::span<const lm::StepInput> rows = stream.relay.replay(model, frames);
    rows_left -= frames;
    if (rows.front().state->position + static_cast<int64_t>(rows.size()) > window) {
      spares_.push_back(stream.relay.abandon());
      continue;
    }
    replay_rows_.insert(replay_rows_.end(), rows.begin(), rows.end());
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
  inputs.insert(inputs.end(), replay_rows_.begin(), replay_rows_.end());
  replay_rows_.clear();
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
