// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/scheduler.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "base/guard.h"

namespace kyutaistt::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// Silence after the model's delay that transformers' feature extractor appends.
constexpr double tail_margin_seconds = 1.0;

uint64_t count_words(const std::vector<TextEvents> &texts) {
  uint64_t words = 0;
  for (const TextEvents &text : texts) {
    for (const Event &event : text.events) {
      words += std::holds_alternative<Word>(event) ? 1 : 0;
    }
  }
  return words;
}

AudioQueue::Shape queue_shape(const ModelInfo &info) {
  return {samples_in(seconds(info.silence_prefix_seconds)),
          samples_in(seconds(info.delay_seconds + tail_margin_seconds)),
          info.alignment == Alignment::Hf};
}

/// Null for a closed stream. `intakes`: a list of them, constant or not.
auto *find_in(auto &intakes, const StreamState &stream) {
  const auto found = std::ranges::find_if(
      intakes, [&](const Intake &intake) { return intake.stream.get() == &stream; });
  return found == intakes.end() ? nullptr : &*found;
}

Status closed() {
  return Status::cancelled("the stream was closed");
}

}  // namespace

Scheduler::Scheduler(std::shared_ptr<const Model> model, EngineOptions options)
    : model_(std::move(model)), options_(std::move(options)), worker_([this] { run(); }) {}

Scheduler::~Scheduler() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  worker_.join();
}

Status Scheduler::add(std::shared_ptr<StreamState> stream, decode::ForcedTokens forced,
                      int max_streams) {
  const MutexLock lock(mutex_);
  const int limit = std::min(max_streams, options_.max_streams);
  if (static_cast<int>(intakes_.size()) >= limit) {
    return Status::resource_exhausted("all " + std::to_string(limit) +
                                      " streams of the engine are in use");
  }
  intakes_.emplace_back(std::move(stream), queue_shape(model_->info()), std::move(forced));
  return {};
}

void Scheduler::remove(StreamState &stream) {
  {
    const MutexLock lock(mutex_);
    intakes_.remove_if([&](const Intake &intake) { return intake.stream.get() == &stream; });
  }
  room_.notify_all();
  // What the listeners hold on to ends here, not later on the worker, which may still have the
  // stream in its batch.
  std::vector<TextListener> listeners;
  // Waits for a delivery under way.
  const MutexLock delivering(stream.delivery);
  listeners.swap(stream.listeners);
}

Status Scheduler::push(const StreamState &stream, std::span<const float> samples,
                       std::optional<Time> timestamp) {
  const MutexLock lock(mutex_);
  Intake *intake = find(stream);
  if (intake == nullptr) {
    return closed();
  }
  if (stream.options.overflow == Overflow::Drop) {
    KYUTAISTT_TRY(intake->failure);
    intake->push_or_drop(samples, timestamp);
    work_.notify_one();
    return {};
  }
  const uint64_t generation = intake->generation;
  while (!samples.empty()) {
    while (intake->room() <= 0 && intake->generation == generation && intake->failure.ok()) {
      room_.wait(mutex_);
      intake = find(stream);
      if (intake == nullptr) {
        return closed();
      }
    }
    KYUTAISTT_TRY(intake->failure);
    if (intake->generation != generation) {
      return Status::cancelled("the stream was reset");
    }
    const size_t count = intake->push_what_fits(samples, timestamp);
    samples = samples.subspan(count);
    if (timestamp) {
      *timestamp += duration_of(static_cast<int64_t>(count));
    }
    work_.notify_one();
  }
  return {};
}

Status Scheduler::change(const StreamState &stream, const std::function<Status(Intake &)> &action) {
  const MutexLock lock(mutex_);
  Intake *const intake = find(stream);
  if (intake == nullptr) {
    return closed();
  }
  KYUTAISTT_TRY(intake->failure);
  KYUTAISTT_TRY(action(*intake));
  work_.notify_one();
  return {};
}

Status Scheduler::end_context(const StreamState &stream, uint64_t marker) {
  return change(stream, [&](Intake &intake) -> Status {
    intake.push_end({.marker = marker});
    return {};
  });
}

Status Scheduler::change_prompt(const StreamState &stream, size_t text, std::vector<int32_t> tokens,
                                std::optional<uint64_t> marker) {
  return change(
      stream, [&](Intake &intake) { return intake.push_prompt(text, std::move(tokens), marker); });
}

Result<size_t> Scheduler::add_text(StreamState &stream, std::vector<int32_t> tokens,
                                   EventListener listener) {
  // Nothing is delivered until the listener is there.
  const MutexLock delivering(stream.delivery);
  stream.listeners.reserve(stream.listeners.size() + 1);
  size_t text = 0;
  KYUTAISTT_TRY(change(stream, [&](Intake &intake) -> Status {
    text = intake.push_text(std::move(tokens));
    return {};
  }));
  stream.listeners.push_back({text, std::move(listener)});
  return text;
}

void Scheduler::remove_text(StreamState &stream, size_t text) {
  // Destroyed last, with no lock held.
  std::vector<TextListener> removed;
  {
    const MutexLock lock(mutex_);
    if (Intake *const intake = find(stream)) {
      intake->push_text_end(text);
    }
  }
  work_.notify_one();
  const MutexLock delivering(stream.delivery);
  const auto found = std::ranges::find(stream.listeners, text, &TextListener::text);
  if (found != stream.listeners.end()) {
    removed.push_back(std::move(*found));
    stream.listeners.erase(found);
  }
}

void Scheduler::reset(StreamState &stream) {
  {
    const MutexLock lock(mutex_);
    if (Intake *const intake = find(stream)) {
      intake->reset();
    }
  }
  room_.notify_all();
  // Waits for a delivery under way.
  const MutexLock delivering(stream.delivery);
}

StreamStats Scheduler::stats(const StreamState &stream) const {
  const MutexLock lock(mutex_);
  const Intake *const intake = find_in(intakes_, stream);
  if (intake == nullptr) {
    return {};
  }
  StreamStats stats = intake->stats;
  stats.queued = duration_of(intake->queue.samples());
  return stats;
}

EngineStats Scheduler::stats() const {
  const MutexLock lock(mutex_);
  EngineStats stats = stats_;
  stats.open_streams = static_cast<int>(intakes_.size());
  return stats;
}

Intake *Scheduler::find(const StreamState &stream) {
  return find_in(intakes_, stream);
}

Intake *Scheduler::find_current(const Turn &turn) {
  Intake *const intake = find(*turn.stream);
  return intake != nullptr && intake->generation == turn.generation ? intake : nullptr;
}

bool Scheduler::has_work() const {
  return stopping_ || std::any_of(intakes_.begin(), intakes_.end(),
                                  [](const Intake &intake) { return intake.is_ready(); });
}

void Scheduler::run() {
  Batch batch;
  bool goes_on = true;
  while (goes_on) {
    const Status status = base::guard("a step of the engine", [&]() -> Status {
      goes_on = take_turns(batch);
      if (goes_on) {
        make_step(batch);
      }
      return {};
    });
    if (!status.ok()) {
      for (Turn &turn : batch.turns) {
        turn.events.clear();
        turn.failure = status;
        deliver(turn);
      }
    }
    batch.turns.clear();
  }
}

bool Scheduler::take_turns(Batch &batch) {
  {
    const MutexLock lock(mutex_);
    while (!has_work()) {
      work_.wait(mutex_);
    }
    if (stopping_) {
      return false;
    }
    // A turn is in the batch before anything of its stream is taken: should that throw, the stream
    // is notified.
    size_t contexts = 0;
    size_t ready = 0;
    for (const Intake &intake : intakes_) {
      if (intake.is_ready()) {
        ++ready;
        contexts += 1 + intake.stream->contexts.unfinished();
      }
    }
    const auto most = static_cast<size_t>(options_.frames_at_once);
    batch.begin_taking(ready, most - std::min(most, contexts));
    for (Intake &intake : intakes_) {
      if (intake.is_ready()) {
        Turn &turn = batch.turns.emplace_back();
        turn.stream = intake.stream;
        turn.generation = intake.generation;
        intake.take(turn, batch);
      }
    }
  }
  room_.notify_all();
  return true;
}

void Scheduler::make_step(Batch &batch) {
  const auto begin = Clock::now();
  const auto durations = batch.compute(model_->state());
  for (Turn &turn : batch.turns) {
    deliver(turn);
  }
  const auto total = Clock::now() - begin;
  uint64_t frames = 0;
  for (const Turn &turn : batch.turns) {
    frames += turn.frames;
  }
  if (frames == 0) {
    return;
  }
  {
    const MutexLock lock(mutex_);
    ++stats_.steps;
    stats_.frames += frames;
    stats_.busy += total;
  }
  if (options_.step_observer) {
    options_.step_observer(
        {static_cast<int>(frames), durations.codec, durations.language_model, total});
  }
}

bool Scheduler::count(const Turn &turn) {
  const MutexLock lock(mutex_);
  Intake *const intake = find_current(turn);
  if (intake == nullptr) {
    return false;
  }
  intake->stats.frames += turn.frames;
  intake->stats.words += count_words(turn.events);
  intake->stats.relays += turn.relays;
  return true;
}

bool Scheduler::fail(const Turn &turn, const Status &status) {
  {
    const MutexLock lock(mutex_);
    Intake *const intake = find_current(turn);
    if (intake == nullptr) {
      return false;
    }
    intake->failure = status;
  }
  room_.notify_all();
  return true;
}

void Scheduler::deliver(Turn &turn) {
  StreamState &stream = *turn.stream;
  const MutexLock delivering(stream.delivery);
  if (!count(turn)) {
    return;
  }
  // Through a pointer, because the analysis of locks does not know that a lambda runs in here.
  const std::vector<TextListener> *const listeners = &stream.listeners;
  const Status status = base::guard("the stream's listener", [&]() -> Status {
    for (const TextEvents &text : turn.events) {
      const auto found = std::ranges::find(*listeners, text.text, &TextListener::text);
      if (found == listeners->end()) {
        // Nobody wants it any more.
        continue;
      }
      for (const Event &event : text.events) {
        found->listener(event);
      }
    }
    return turn.failure;
  });
  // A reset may wait for this delivery: then the failure belongs to what it has forgotten.
  if (status.ok() || !fail(turn, status)) {
    return;
  }
  for (const TextListener &text : *listeners) {
    static_cast<void>(base::guard("the stream's listener", [&]() -> Status {
      text.listener(Failure{status});
      return {};
    }));
  }
}

}  // namespace kyutaistt::engine
