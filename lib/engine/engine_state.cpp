// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/engine_state.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/guard.h"

namespace kyutaistt {

namespace {

using Clock = std::chrono::steady_clock;

uint64_t count_words(const std::vector<Event> &events) {
  return static_cast<uint64_t>(std::count_if(events.begin(), events.end(), [](const Event &event) {
    return std::holds_alternative<Word>(event);
  }));
}

}  // namespace

EngineState::EngineState(std::shared_ptr<const Model> loaded_model, EngineOptions engine_options)
    : model(std::move(loaded_model)),
      options(std::move(engine_options)),
      worker_([this] { run(); }) {}

EngineState::~EngineState() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  work.notify_all();
  worker_.join();
}

void EngineState::run() {
  engine::Batch batch;
  bool goes_on = true;
  while (goes_on) {
    const Status status = base::guard("a step of the engine", [&]() -> Status {
      goes_on = take_work(batch);
      if (goes_on) {
        make_step(batch);
      }
      return {};
    });
    if (!status.ok()) {
      for (engine::Lane &lane : batch.lanes) {
        lane.events.clear();
        lane.failure = status;
        deliver(lane);
      }
    }
    batch.lanes.clear();
  }
}

void EngineState::make_step(engine::Batch &batch) {
  const auto begin = Clock::now();
  const auto durations = batch.compute(model->state());
  for (engine::Lane &lane : batch.lanes) {
    deliver(lane);
  }
  const auto total = Clock::now() - begin;
  const auto frames = std::count_if(batch.lanes.begin(), batch.lanes.end(),
                                    [](const engine::Lane &lane) { return !lane.end; });
  if (frames == 0) {
    return;
  }
  {
    const std::lock_guard lock(mutex);
    ++stats.steps;
    stats.frames += static_cast<uint64_t>(frames);
    stats.busy += total;
  }
  if (options.step_observer) {
    options.step_observer(
        {static_cast<int>(frames), durations.codec, durations.language_model, total});
  }
}

bool EngineState::take_work(engine::Batch &batch) {
  using Next = engine::AudioQueue::Next;
  const auto is_ready = [](const std::shared_ptr<StreamState> &stream) {
    return stream->failure.ok() && stream->queue.next() != Next::Nothing;
  };
  std::unique_lock lock(mutex);
  work.wait(lock,
            [&] { return stopping || std::any_of(streams.begin(), streams.end(), is_ready); });
  if (stopping) {
    return false;
  }
  // What is taken from a stream is in a lane before anything can throw, so that the stream is
  // notified.
  batch.lanes.reserve(streams.size());
  for (const auto &stream : streams) {
    if (!is_ready(stream)) {
      continue;
    }
    engine::Lane &lane = batch.lanes.emplace_back();
    lane.stream = stream;
    lane.generation = stream->generation;
    if (stream->context_generation != stream->generation) {
      stream->context_generation = stream->generation;
      lane.restart = *stream->forced_at_reset;
    }
    if (stream->queue.next() == Next::ContextEnd) {
      lane.end = stream->queue.pop_end();
    } else {
      ++stream->stats.frames;
    }
  }
  batch.samples.resize(batch.lanes.size() * samples_per_frame);
  for (size_t i = 0; i < batch.lanes.size(); ++i) {
    if (!batch.lanes[i].end) {
      const auto frame = std::span(batch.samples).subspan(i * samples_per_frame, samples_per_frame);
      batch.lanes[i].frame = batch.lanes[i].stream->queue.pop_frame(frame);
    }
  }
  lock.unlock();
  room.notify_all();
  return true;
}

void EngineState::deliver(engine::Lane &lane) {
  StreamState &stream = *lane.stream;
  const std::lock_guard delivering(stream.delivery);
  {
    const std::lock_guard lock(mutex);
    if (lane.generation != stream.generation) {
      return;
    }
    stream.stats.words += count_words(lane.events);
    stream.stats.relays += lane.relays;
  }
  Status status = base::guard("the stream's listener", [&]() -> Status {
    for (const Event &event : lane.events) {
      stream.listener(event);
    }
    return lane.failure;
  });
  if (status.ok()) {
    return;
  }
  {
    // A reset may wait for this delivery: then the failure belongs to what it has forgotten.
    const std::lock_guard lock(mutex);
    if (lane.generation != stream.generation) {
      return;
    }
    stream.failure = status;
  }
  room.notify_all();
  static_cast<void>(base::guard("the stream's listener", [&]() -> Status {
    stream.listener(Failure{status});
    return {};
  }));
}

}  // namespace kyutaistt
