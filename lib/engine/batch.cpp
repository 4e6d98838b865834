// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/batch.h"

#include <algorithm>
#include <array>
#include <utility>

#include <kyutaistt/voice_level.h>

#include "base/guard.h"
#include "text/tokenizer.h"

namespace kyutaistt::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Fresh contexts of one step: so many that all streams get theirs in time, and a step gets longer
/// by half at most.
int64_t max_fresh_contexts(size_t streams) {
  return std::max<int64_t>(1, static_cast<int64_t>(streams) / 2);
}

constexpr std::array<float, samples_per_frame> silence{};

}  // namespace

Batch::Durations Batch::compute(const ModelState &model) {
  Durations durations;
  const Status status = base::guard("computing a step", [&] {
    for (Turn &turn : turns) {
      begin_contexts(turn);
    }
    return compute_frames(model, durations);
  });
  for (Turn &turn : turns) {
    if (!status.ok()) {
      turn.failure = status;
    }
    turn.stream->contexts.deliver(turn.events, spares_);
  }
  return durations;
}

void Batch::begin_contexts(Turn &turn) {
  StreamState &stream = *turn.stream;
  if (turn.restart) {
    stream.contexts.restart(std::move(*turn.restart), spares_);
  }
  if (turn.restart || turn.end) {
    stream.watch.begin_context(
        turn.end && turn.end->renewed ? std::optional(turn.end->renewed->reason) : std::nullopt);
    stream.heard.clear();
  }
  if (turn.end) {
    stream.contexts.end(std::move(*turn.end), spares_);
  }
  if ((turn.restart || turn.end) && stream.options.relay) {
    if (auto state = stream.relay.restart(stream.contexts.forced())) {
      spares_.give_back(std::move(*state));
    }
  }
}

void Batch::begin_frames() {
  rows_.clear();
  codec_samples_.clear();
  encoder_states_.clear();
  for (Turn &turn : turns) {
    StreamState &stream = *turn.stream;
    for (StreamContext *context : stream.contexts.begin_silent_frame()) {
      rows_.push_back({&turn, context, silence});
    }
    if (turn.frame) {
      StreamContext &running = stream.contexts.running();
      const QueuedFrame &frame = *turn.frame;
      for (ContextText &text : running.texts) {
        text.events.insert(text.events.end(), frame.dropped.begin(), frame.dropped.end());
        text.decoder.begin_frame(frame.start, frame.origin, frame.end);
      }
      stream.heard.push(turn.samples, frame.start, stream.watch.frames_to_keep());
      rows_.push_back({&turn, &running, turn.samples});
    }
  }
  for (const Row &row : rows_) {
    add_to_codec(*row.context->state.encoder, row.samples);
  }
}

void Batch::add_to_codec(mimi::EncoderState &state, std::span<const float> heard) {
  encoder_states_.push_back(&state);
  codec_samples_.insert(codec_samples_.end(), heard.begin(), heard.end());
}

Status Batch::compute_frames(const ModelState &model, Durations &durations) {
  begin_frames();
  if (rows_.empty()) {
    return {};
  }
  const MutexLock lock(model.computing);
  const auto begin = Clock::now();
  add_fresh_contexts(model);
  const std::vector<int32_t> codes = model.encoder->encode(encoder_states_, codec_samples_);
  const auto encoded = Clock::now();

  std::vector<Position> starting;
  std::vector<Position> hearing;
  const auto codebooks = static_cast<size_t>(model.info.language_model.codebooks);
  for (size_t i = 0; i < rows_.size(); ++i) {
    StreamContext &context = *rows_[i].context;
    const auto heard = std::span(codes).subspan(i * codebooks, codebooks);
    for (size_t t = 0; t < context.texts.size(); ++t) {
      ContextText &text = context.texts[t];
      lm::LanguageModelState *const state = context.state.language_models[t].get();
      if (text.decoder.needs_start()) {
        starting.push_back({rows_[i].turn, state, &text, {}});
      }
      if (text.decoder.hears_frame()) {
        hearing.push_back({rows_[i].turn, state, &text, heard});
      }
    }
  }
  fresh_rows_.clear();
  for (size_t i = 0; i < relays_.size(); ++i) {
    const size_t row = rows_.size() + i;
    relays_[i]->append_rows(std::span(codes).subspan(row * codebooks, codebooks), fresh_rows_);
  }
  step_language_model(model, starting);
  step_language_model(model, hearing);
  for (const Row &row : rows_) {
    finish_frame(row);
  }
  durations.codec = encoded - begin;
  durations.language_model = Clock::now() - encoded;
  return {};
}

void Batch::finish_frame(const Row &row) {
  ++row.turn->frames;
  std::vector<int32_t> tokens;
  for (ContextText &text : row.context->texts) {
    text.events.emplace_back(text.decoder.progress());
    tokens.push_back(text.decoder.text_input());
  }
  if (!row.is_running()) {
    return;
  }
  StreamState &stream = *row.turn->stream;
  stream.watch.write(tokens);
  stream.relay.write(tokens);
  if (stream.relay.can_take_over()) {
    spares_.give_back(stream.relay.take_over(row.context->state));
    for (ContextText &text : row.context->texts) {
      text.decoder.hand_over();
    }
    ++row.turn->relays;
  }
}

void Batch::add_fresh_contexts(const ModelState &model) {
  relays_.clear();
  const auto has_fresh_context = [](const Row &row) {
    return row.is_running() && row.turn->stream->relay.is_running();
  };
  const int64_t max_fresh = max_fresh_contexts(turns.size());
  const int64_t fresh = std::ranges::count_if(rows_, has_fresh_context);
  // One in a step, so that the memory that they may need is not asked for all at once.
  bool may_begin = fresh < max_fresh;
  for (const Row &row : rows_) {
    if (!row.is_running()) {
      continue;
    }
    StreamState &stream = *row.turn->stream;
    const float level = level_of(row.samples);
    stream.watch.hear(level);
    Relay &relay = stream.relay;
    if (relay.hear(level, row.context->position()) && may_begin) {
      relay.begin(spares_.take(model, row.context->texts.size()));
      may_begin = false;
    }
    if (relay.is_running()) {
      relays_.push_back(&relay);
      add_to_codec(*relay.encoder_state(), row.samples);
    }
  }
}

void Batch::step_language_model(const ModelState &model, std::span<const Position> positions) {
  if (positions.empty()) {
    return;
  }
  std::vector<lm::StepInput> inputs;
  inputs.reserve(positions.size() + fresh_rows_.size());
  bool all_forced = true;
  for (const Position &position : positions) {
    const decode::Context &decoder = position.text->decoder;
    inputs.push_back({position.state, decoder.text_input(), position.codes});
    all_forced = all_forced && decoder.next_is_forced();
  }
  // Their tokens are known: only the states are wanted.
  inputs.insert(inputs.end(), fresh_rows_.begin(), fresh_rows_.end());
  fresh_rows_.clear();
  const auto output =
      all_forced ? lm::LanguageModel::Output::None : lm::LanguageModel::Output::Tokens;
  const std::vector<ops::Choice> choices = model.language_model->step(inputs, output);
  for (size_t i = 0; i < positions.size(); ++i) {
    const ops::Choice choice = all_forced ? ops::Choice{} : choices[i];
    ContextText &text = *positions[i].text;
    Status status = text.decoder.accept(choice, positions[i].codes, text.events);
    if (!status.ok()) {
      positions[i].turn->failure = std::move(status);
    }
  }
}

}  // namespace kyutaistt::engine
