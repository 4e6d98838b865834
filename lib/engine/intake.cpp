// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/intake.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "engine/catch_up.h"

namespace kyutaistt::engine {

namespace {

/// A stream ends no further context while so many of its own are being finished.
constexpr size_t max_unfinished_contexts = 4;

/// Time of a sample of a push, if the push has a timestamp.
std::optional<Time> later(std::optional<Time> timestamp, int64_t samples) {
  if (!timestamp) {
    return std::nullopt;
  }
  return *timestamp + duration_of(samples);
}

}  // namespace

AudioQueue::Next Intake::next() const noexcept {
  const AudioQueue::Next next = queue.next();
  const bool must_wait = next == AudioQueue::Next::ContextEnd &&
                         stream->contexts.unfinished() >= max_unfinished_contexts &&
                         context_generation == generation;
  return must_wait ? AudioQueue::Next::Nothing : next;
}

bool Intake::is_ready() const noexcept {
  return failure.ok() && (next() != AudioQueue::Next::Nothing || stream->contexts.have_frames());
}

void Intake::take(Turn &turn, Batch &batch) {
  if (context_generation != generation) {
    context_generation = generation;
    turn.restart = forced_at_reset;
  }
  // Frames that have not been computed still belong to the running context.
  const bool is_up_to_date = turn.restart || stream->contexts.running().ahead.empty();
  if (is_up_to_date) {
    end_context_if_needed();
    if (next() == AudioQueue::Next::ContextEnd) {
      turn.end = queue.pop_end();
      left_out_.clear();
    }
    leave_out_frames(turn);
  }
  if (!turn.restart && !turn.end) {
    take_frames(turn, batch);
  } else if (queue.next() == AudioQueue::Next::Frame) {
    take_frame(turn, batch);
  }
}

void Intake::leave_out_frames(Turn &turn) {
  constexpr int64_t max_kept = decode::VoiceGate::frames_before_opening;
  std::array<float, samples_per_frame> samples{};
  while (!gate_.is_open() && queue.is_between_contexts() &&
         queue.next() == AudioQueue::Next::Frame) {
    QueuedFrame frame = queue.leave_out_frame(samples);
    gate_.hear(frame.level);
    left_out_.push(samples, frame.start, max_kept);
    std::ranges::move(frame.dropped, std::back_inserter(turn.dropped));
    // Words may begin in what is kept.
    turn.reached = left_out_.start();
  }
  if (gate_.is_open() && !left_out_.empty()) {
    HeardAudio::Part again = left_out_.last(max_kept);
    extra_capacity_ = static_cast<int64_t>(again.samples.size());
    queue.begin_with(std::move(again.samples), again.start);
    left_out_.clear();
  }
}

void Intake::take_frame(Turn &turn, Batch &batch) {
  turn.queued.push_back(queue.pop_frame(batch.add_samples(turn)));
  gate_.hear(turn.queued.back().level);
}

void Intake::take_frames(Turn &turn, Batch &batch) {
  const StreamContext &running = stream->contexts.running();
  const size_t waiting = running.ahead.size();
  const size_t wanted = std::min(running.pace.frames(), 1 + batch.extra_frames);
  std::optional<Outlook> outlook;
  size_t count = waiting;
  while (count < wanted && queue.next() == AudioQueue::Next::Frame) {
    if (count > 0 && !outlook) {
      outlook.emplace(*stream);
      if (!turn.queued.empty()) {
        outlook->take(turn.queued.back().level);
      }
    }
    if (outlook && !outlook->is_open()) {
      break;
    }
    take_frame(turn, batch);
    if (outlook) {
      outlook->take(turn.queued.back().level);
    }
    ++count;
  }
  batch.extra_frames -= std::min(batch.extra_frames, std::max<size_t>(count, 1) - 1);
}

void Intake::end_context_if_needed() {
  const StreamState &state = *stream;
  if (queue.samples() < samples_per_frame) {
    extra_capacity_ = 0;
  }
  if (queue.next() != AudioQueue::Next::Frame || context_generation != generation ||
      state.contexts.unfinished() >= max_unfinished_contexts) {
    return;
  }
  if (!gate_.is_open()) {
    queue.end_here_and_wait();
  } else if (state.watch.has_ended()) {
    queue.end_here();
  } else if (const auto reason = state.watch.fault()) {
    HeardAudio::Part again = state.heard.last(state.watch.frames_to_hear_again(*reason));
    extra_capacity_ = static_cast<int64_t>(again.samples.size());
    queue.hear_again(std::move(again.samples), {again.start, *reason});
    ++stats.renewals;
  }
}

size_t Intake::push_what_fits(std::span<const float> samples, std::optional<Time> timestamp) {
  const auto count = std::min(samples.size(), static_cast<size_t>(std::max<int64_t>(room(), 0)));
  queue.push(samples.first(count), timestamp);
  return count;
}

void Intake::push_or_drop(std::span<const float> samples, std::optional<Time> timestamp) {
  // What comes at once may be longer than the queue: only what waited before counts.
  const int64_t at_once =
      std::max<int64_t>(static_cast<int64_t>(samples.size()) - samples_per_frame, 0);
  const int64_t limit = capacity() + at_once;
  int64_t done = 0;
  while (!samples.empty()) {
    const int64_t fits = limit - queue.samples();
    if (dropping_ == 0 && fits <= 0) {
      dropping_ = samples_per_frame;
      ++stats.dropped_frames;
    }
    const int64_t wanted = dropping_ > 0 ? dropping_ : fits;
    const size_t count = std::min(static_cast<size_t>(wanted), samples.size());
    if (dropping_ > 0) {
      queue.push_dropped(static_cast<int64_t>(count), later(timestamp, done));
      dropping_ -= static_cast<int64_t>(count);
    } else {
      queue.push(samples.first(count), later(timestamp, done));
    }
    done += static_cast<int64_t>(count);
    samples = samples.subspan(count);
  }
}

Status Intake::push_prompt(size_t text, std::vector<int32_t> tokens,
                           std::optional<uint64_t> marker) {
  const auto found = std::ranges::find(forced_, text, &decode::ForcedText::text);
  if (found == forced_.end()) {
    return Status::invalid_argument("text: found " + std::to_string(text) +
                                    ", which is none of the stream's");
  }
  found->tokens = std::move(tokens);
  queue.push_end({.marker = marker, .forced = forced_});
  return {};
}

size_t Intake::push_text(std::vector<int32_t> tokens) {
  const size_t text = next_text_++;
  forced_.push_back({text, std::move(tokens)});
  queue.push_end({.forced = forced_});
  return text;
}

void Intake::push_text_end(size_t text) {
  if (std::erase_if(forced_, [&](const decode::ForcedText &other) { return other.text == text; }) >
      0) {
    queue.push_end({.forced = forced_});
  }
}

void Intake::reset() {
  ++generation;
  forced_at_reset = forced_;
  queue.clear();
  failure = {};
  left_out_.clear();
  dropping_ = 0;
  extra_capacity_ = 0;
}

}  // namespace kyutaistt::engine
