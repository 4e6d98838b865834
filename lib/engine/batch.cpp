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

constexpr auto frame_samples = static_cast<size_t>(samples_per_frame);
constexpr std::array<float, frame_samples> silence{};

void begin_frame(ContextText &text, const QueuedFrame &frame) {
  text.events.insert(text.events.end(), frame.dropped.begin(), frame.dropped.end());
  text.decoder.begin_frame(frame.start, frame.origin, frame.end);
}

/// What a text is to write at its next positions, as far as that is known, and what it may.
std::vector<int32_t> expected_tokens(const ContextText &text, size_t count) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i) {
    const int32_t guess = i < text.expected.size() ? text.expected[i] : text::pad_token;
    tokens.push_back(text.decoder.forced_token(i).value_or(guess));
  }
  return tokens;
}

}  // namespace

void Batch::begin_taking(size_t turn_count, size_t extra) {
  turns.reserve(turn_count);
  extra_frames = extra;
  samples_.resize((turn_count + extra_frames) * frame_samples);
  taken_samples_ = 0;
}

std::span<float> Batch::add_samples(Turn &turn) {
  const auto all = std::span(samples_);
  const auto added = all.subspan(taken_samples_, frame_samples);
  taken_samples_ += frame_samples;
  const size_t of_turn = turn.samples.size() + frame_samples;
  turn.samples = all.subspan(taken_samples_ - of_turn, of_turn);
  return added;
}

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
  for (ContextText &text : stream.contexts.running().texts) {
    text.events.insert(text.events.end(), turn.dropped.begin(), turn.dropped.end());
    if (turn.reached) {
      text.events.emplace_back(Progress{*turn.reached});
    }
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
  codes_.clear();
  for (Turn &turn : turns) {
    StreamState &stream = *turn.stream;
    for (StreamContext *context : stream.contexts.add_silence(extra_frames)) {
      rows_.push_back({&turn, context});
    }
    StreamContext &running = stream.contexts.running();
    for (size_t i = 0; i < turn.queued.size(); ++i) {
      const auto samples = turn.samples.subspan(i * frame_samples, frame_samples);
      FrameAhead &ahead = running.ahead.emplace_back();
      ahead.frame = std::move(turn.queued[i]);
      stream.heard.push(samples, ahead.frame.start, stream.watch.frames_to_keep());
    }
    if (!running.ahead.empty()) {
      rows_.push_back({&turn, &running});
    }
  }
}

void Batch::begin_fresh_contexts(const ModelState &model) {
  const auto has_fresh_context = [](const Row &row) {
    return row.is_running() && row.turn->stream->relay.is_running();
  };
  const int64_t max_fresh = max_fresh_contexts(turns.size());
  const int64_t fresh = std::ranges::count_if(rows_, has_fresh_context);
  // One in a step, so that the memory that they may need is not asked for all at once.
  bool may_begin = fresh < max_fresh;
  for (const Row &row : rows_) {
    if (row.is_running()) {
      hear_beside(model, row, may_begin);
    }
  }
}

void Batch::hear_beside(const ModelState &model, const Row &row, bool &may_begin) {
  Relay &relay = row.turn->stream->relay;
  std::deque<FrameAhead> &ahead = row.context->ahead;
  const size_t known = ahead.size() - row.turn->queued.size();
  for (size_t i = known; i < ahead.size(); ++i) {
    FrameAhead &frame = ahead[i];
    const int64_t age = row.context->position() + static_cast<int64_t>(i);
    if (relay.hear(frame.frame.level, age) && may_begin) {
      relay.begin(spares_.take(model, row.context->texts.size()));
      may_begin = false;
    }
    frame.has_fresh = relay.is_running();
    frame.shares_audio = relay.schedule().shares_audio();
    frame.hands_over = frame.has_fresh && relay.schedule().can_take_over();
  }
}

void Batch::encode(const ModelState &model) {
  const auto add = [&](mimi::EncoderState *state, std::span<const float> heard,
                       std::vector<int32_t> &codes) {
    encoder_states_.push_back(state);
    codec_samples_.insert(codec_samples_.end(), heard.begin(), heard.end());
    codes_.push_back(&codes);
  };
  const auto for_new_frames = [](const Row &row, const auto &function) {
    std::deque<FrameAhead> &ahead = row.context->ahead;
    size_t index = 0;
    for (FrameAhead &frame : ahead) {
      if (frame.codes.empty()) {
        const bool is_heard = row.is_running();
        function(frame, is_heard ? row.turn->samples.subspan(index * frame_samples, frame_samples)
                                 : std::span<const float>(silence));
        ++index;
      }
    }
  };
  for (const Row &row : rows_) {
    for_new_frames(row, [&](FrameAhead &frame, std::span<const float> heard) {
      add(row.context->state.encoder.get(), heard, frame.codes);
    });
  }
  for (const Row &row : rows_) {
    if (row.is_running()) {
      for_new_frames(row, [&](FrameAhead &frame, std::span<const float> heard) {
        if (frame.has_fresh) {
          add(row.turn->stream->relay.encoder_state(), heard, frame.fresh_codes);
        }
      });
    }
  }
  if (codes_.empty()) {
    return;
  }
  const std::vector<int32_t> all = model.encoder->encode(encoder_states_, codec_samples_);
  const auto codebooks = static_cast<std::ptrdiff_t>(model.info.language_model.codebooks);
  auto begin = all.begin();
  for (std::vector<int32_t> *codes : codes_) {
    codes->assign(begin, begin + codebooks);
    begin += codebooks;
  }
}

void Batch::begin_row(Row &row) {
  const std::deque<FrameAhead> &ahead = row.context->ahead;
  row.tried = ahead.size();
  for (ContextText &text : row.context->texts) {
    if (text.decoder.needs_start()) {
      row.tried = 1;
    }
    begin_frame(text, ahead.front().frame);
  }
  // A fresh context has to have heard everything before it takes over.
  for (size_t i = 0; i < row.tried; ++i) {
    if (ahead[i].hands_over) {
      row.tried = std::max<size_t>(i, 1);
    }
  }
  if (ahead.front().has_fresh) {
    Relay &relay = row.turn->stream->relay;
    relay.hear_codes(ahead.front().fresh_codes);
    relays_.push_back(&relay);
  }
}

Status Batch::compute_frames(const ModelState &model, Durations &durations) {
  begin_frames();
  if (rows_.empty()) {
    return {};
  }
  const MutexLock lock(model.computing);
  const auto begin = Clock::now();
  begin_fresh_contexts(model);
  encode(model);
  const auto encoded = Clock::now();

  relays_.clear();
  std::vector<Positions> starting;
  std::vector<Positions> hearing;
  for (Row &row : rows_) {
    begin_row(row);
    for (size_t i = 0; i < row.context->texts.size(); ++i) {
      const ContextText &text = row.context->texts[i];
      if (text.decoder.needs_start()) {
        starting.push_back({.row = &row, .text = i, .is_start = true});
      }
      if (text.decoder.hears_frame()) {
        hearing.push_back({.row = &row, .text = i});
      }
    }
  }
  step_language_model(model, starting);
  for (const Positions &positions : starting) {
    accept(positions, 0);
  }
  step_language_model(model, hearing);
  std::span<const Positions> left = hearing;
  for (const Row &row : rows_) {
    const bool hears = !left.empty() && left.front().row == &row;
    const size_t texts = hears ? row.context->texts.size() : 0;
    settle(row, left.first(texts));
    left = left.subspan(texts);
  }
  durations.codec = encoded - begin;
  durations.language_model = Clock::now() - encoded;
  return {};
}

void Batch::step_language_model(const ModelState &model, std::span<Positions> all) {
  if (all.empty()) {
    return;
  }
  std::vector<lm::StepInput> inputs;
  bool are_forced = true;
  for (Positions &positions : all) {
    const StreamContext &context = *positions.row->context;
    const ContextText &text = context.texts[positions.text];
    lm::LanguageModelState *const state = context.state.language_models[positions.text].get();
    positions.fed.emplace(text.decoder.text_input(),
                          expected_tokens(text, positions.row->tried - 1));
    for (size_t i = 0; i < positions.row->tried; ++i) {
      std::span<const int32_t> codes;
      if (!positions.is_start) {
        codes = context.ahead[i].codes;
      }
      inputs.push_back({state, positions.fed->tokens()[i], codes});
      are_forced = are_forced && text.decoder.forced_token(i);
    }
  }
  // Their tokens are known: only the states are wanted.
  for (const Relay *relay : relays_) {
    relay->append_rows(inputs);
  }
  const auto output =
      are_forced ? lm::LanguageModel::Output::None : lm::LanguageModel::Output::Tokens;
  std::vector<ops::Choice> choices = model.language_model->step(inputs, output);
  choices.resize(inputs.size());
  for (Relay *relay : relays_) {
    relay->forget_rows();
  }
  relays_.clear();
  auto next = choices.begin();
  for (Positions &positions : all) {
    const auto end = next + static_cast<std::ptrdiff_t>(positions.row->tried);
    positions.choices.assign(next, end);
    next = end;
  }
}

void Batch::accept(const Positions &positions, size_t index) {
  StreamContext &context = *positions.row->context;
  ContextText &text = context.texts[positions.text];
  std::span<const int32_t> codes;
  if (!positions.is_start) {
    codes = context.ahead.front().codes;
  }
  Status status = text.decoder.accept(positions.choices[index], codes, text.events);
  if (!status.ok()) {
    positions.row->turn->failure = std::move(status);
  }
}

void Batch::settle(const Row &row, std::span<const Positions> texts) {
  StreamContext &context = *row.context;
  size_t right = row.tried;
  for (const Positions &positions : texts) {
    ContextText &text = context.texts[positions.text];
    text.expected.clear();
    for (size_t i = 0; i < row.tried; ++i) {
      const int32_t chosen = positions.choices[i].token;
      text.expected.push_back(text.decoder.forced_token(i).value_or(chosen));
    }
    right = std::min(right, positions.fed->count_right(text.expected));
  }
  for (const Positions &positions : texts) {
    context.state.language_models[positions.text]->position -=
        static_cast<int64_t>(row.tried - right);
    std::vector<int32_t> &expected = context.texts[positions.text].expected;
    expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(right));
  }
  context.pace.note(row.tried, right);
  for (size_t i = 0; i < right; ++i) {
    FrameAhead &frame = context.ahead.front();
    if (i > 0) {
      for (ContextText &text : context.texts) {
        begin_frame(text, frame.frame);
      }
      if (frame.has_fresh) {
        row.turn->stream->relay.hear_codes(std::move(frame.fresh_codes));
      }
    }
    for (const Positions &positions : texts) {
      accept(positions, i);
    }
    finish_frame(row, frame);
    context.ahead.pop_front();
  }
}

void Batch::finish_frame(const Row &row, const FrameAhead &frame) {
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
  stream.watch.hear(frame.frame.level);
  stream.watch.write(tokens);
  if (frame.has_fresh) {
    stream.relay.write(tokens, frame.shares_audio);
  }
  if (frame.hands_over) {
    spares_.give_back(stream.relay.take_over(row.context->state));
    for (ContextText &text : row.context->texts) {
      text.decoder.hand_over();
    }
    ++row.turn->relays;
  }
}

}  // namespace kyutaistt::engine
