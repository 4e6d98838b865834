// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/batch.h"

#include <algorithm>
#include <array>
#include <utility>

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
    stream.watch.begin_context(turn.end && turn.end->is_hopeless);
    stream.heard.clear();
  }
  if (turn.end) {
    stream.contexts.end(std::move(*turn.end), spares_);
  }
  if ((turn.restart || turn.end) && stream.options.relay) {
    if (auto state = stream.relay.restart(stream.contexts.running().decoder.forced())) {
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
      running.events.insert(running.events.end(), turn.frame->dropped.begin(),
                            turn.frame->dropped.end());
      running.decoder.begin_frame(turn.frame->start, turn.frame->origin, turn.frame->end);
      if (stream.options.watchdog) {
        stream.heard.push(turn.samples, turn.frame->start, stream.watch.frames_to_hear_again());
      }
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

  std::vector<Row> starting;
  std::vector<Row> hearing;
  std::vector<int32_t> heard;
  const auto codebooks = static_cast<size_t>(model.info.language_model.codebooks);
  for (size_t i = 0; i < rows_.size(); ++i) {
    const decode::Context &decoder = rows_[i].context->decoder;
    if (decoder.needs_start()) {
      starting.push_back(rows_[i]);
    }
    if (decoder.hears_frame()) {
      hearing.push_back(rows_[i]);
      const auto first = codes.begin() + static_cast<std::ptrdiff_t>(i * codebooks);
      heard.insert(heard.end(), first, first + static_cast<std::ptrdiff_t>(codebooks));
    }
  }
  fresh_rows_.clear();
  for (size_t i = 0; i < relays_.size(); ++i) {
    const size_t row = rows_.size() + i;
    relays_[i]->append_rows(std::span(codes).subspan(row * codebooks, codebooks), fresh_rows_);
  }
  step_language_model(model, starting, {});
  step_language_model(model, hearing, heard);
  for (const Row &row : rows_) {
    ++row.turn->frames;
    row.context->events.emplace_back(row.context->decoder.progress());
    Relay &relay = row.turn->stream->relay;
    if (!row.is_running()) {
      continue;
    }
    const int32_t token = row.context->decoder.text_input();
    relay.write(token);
    row.turn->stream->watch.write(token == text::pad_token);
    if (relay.can_take_over()) {
      spares_.give_back(relay.take_over(row.context->state));
      row.context->decoder.hand_over();
      ++row.turn->relays;
    }
  }
  durations.codec = encoded - begin;
  durations.language_model = Clock::now() - encoded;
  return {};
}

void Batch::add_fresh_contexts(const ModelState &model) {
  relays_.clear();
  const auto has_fresh_context = [](const Row &row) {
    return row.is_running() && row.turn->stream->relay.is_running();
  };
  const int64_t max_fresh = max_fresh_contexts(turns.size());
  int64_t fresh = std::ranges::count_if(rows_, has_fresh_context);
  for (const Row &row : rows_) {
    if (!row.is_running()) {
      continue;
    }
    StreamState &stream = *row.turn->stream;
    const float level = decode::level_of(row.samples);
    stream.watch.hear(level);
    Relay &relay = stream.relay;
    if (relay.hear(level, row.context->state.language_model->position) && fresh < max_fresh) {
      relay.begin(spares_.take(model));
      ++fresh;
    }
    if (relay.is_running()) {
      relays_.push_back(&relay);
      add_to_codec(*relay.encoder_state(), row.samples);
    }
  }
}

void Batch::step_language_model(const ModelState &model, std::span<const Row> rows,
                                std::span<const int32_t> codes) {
  if (rows.empty()) {
    return;
  }
  const size_t codebooks = codes.size() / rows.size();
  std::vector<lm::StepInput> inputs;
  inputs.reserve(rows.size());
  bool all_forced = true;
  for (size_t i = 0; i < rows.size(); ++i) {
    StreamContext &context = *rows[i].context;
    inputs.push_back({context.state.language_model.get(), context.decoder.text_input(),
                      codes.subspan(i * codebooks, codebooks)});
    all_forced = all_forced && context.decoder.next_is_forced();
  }
  // Their tokens are known: only the states are wanted.
  inputs.insert(inputs.end(), fresh_rows_.begin(), fresh_rows_.end());
  fresh_rows_.clear();
  const auto output =
      all_forced ? lm::LanguageModel::Output::None : lm::LanguageModel::Output::Tokens;
  const std::vector<ops::Choice> choices = model.language_model->step(inputs, output);
  for (size_t i = 0; i < rows.size(); ++i) {
    const ops::Choice choice = all_forced ? ops::Choice{} : choices[i];
    StreamContext &context = *rows[i].context;
    Status status = context.decoder.accept(choice, inputs[i].codes, context.events);
    if (!status.ok()) {
      rows[i].turn->failure = std::move(status);
    }
  }
}

}  // namespace kyutaistt::engine
