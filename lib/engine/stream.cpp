// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <utility>

#include <kyutaistt/stream.h>

#include "base/guard.h"
#include "decode/prompt.h"
#include "engine/engine_state.h"

namespace kyutaistt {

namespace {

/// Half of what a time can be, so that no difference of two overflows; NTP's clock is at 127 years.
constexpr Time greatest_timestamp = std::chrono::hours(24 * 365 * 146);

Status check_timestamp(std::optional<Time> timestamp) {
  if (timestamp && (*timestamp > greatest_timestamp || *timestamp < -greatest_timestamp)) {
    return Status::invalid_argument("timestamp: found " + std::to_string(timestamp->count()) +
                                    " ns, expected at most 146 years before or after 0");
  }
  return {};
}

/// Time of a sample of a push, if the push has a timestamp.
std::optional<Time> later(std::optional<Time> timestamp, size_t samples) {
  if (!timestamp) {
    return std::nullopt;
  }
  return *timestamp + duration_of(static_cast<int64_t>(samples));
}

/// Appends what fits; what does not is dropped in whole frames, which may reach into later pushes.
void push_or_drop(StreamState &stream, std::span<const float> samples,
                  std::optional<Time> timestamp) {
  const int64_t capacity = samples_in(stream.options.queue_capacity);
  size_t done = 0;
  while (done < samples.size()) {
    const auto left = static_cast<int64_t>(samples.size() - done);
    const int64_t room = capacity - stream.queue.samples();
    if (stream.dropping == 0 && room <= 0) {
      stream.dropping = samples_per_frame;
      ++stream.stats.dropped_frames;
    }
    int64_t count = 0;
    if (stream.dropping > 0) {
      count = std::min(stream.dropping, left);
      stream.queue.push_dropped(count, later(timestamp, done));
      stream.dropping -= count;
    } else {
      count = std::min(room, left);
      stream.queue.push(samples.subspan(done, static_cast<size_t>(count)), later(timestamp, done));
    }
    done += static_cast<size_t>(count);
  }
}

}  // namespace

Stream::Stream(std::shared_ptr<EngineState> engine, std::shared_ptr<StreamState> state)
    : engine_(std::move(engine)), state_(std::move(state)) {}

Stream::~Stream() {
  {
    const std::lock_guard lock(engine_->mutex);
    ++state_->generation;
    auto &streams = engine_->streams;
    streams.erase(std::remove(streams.begin(), streams.end(), state_), streams.end());
  }
  engine_->room.notify_all();
  // What the listener holds on to ends here, not later on the worker, which may still have the
  // stream in its batch.
  EventListener listener;
  // Waits for a delivery under way.
  const std::lock_guard delivering(state_->delivery);
  listener.swap(state_->listener);
}

Status Stream::push(std::span<const float> samples, std::optional<Time> timestamp) {
  return base::guard("pushing audio", [&]() -> Status {
    KYUTAISTT_TRY(check_timestamp(timestamp));
    std::unique_lock lock(engine_->mutex);
    const uint64_t generation = state_->generation;
    const int64_t capacity = samples_in(state_->options.queue_capacity);
    if (state_->options.overflow == Overflow::Drop) {
      KYUTAISTT_TRY(state_->failure);
      push_or_drop(*state_, samples, timestamp);
      lock.unlock();
      engine_->work.notify_one();
      return {};
    }
    size_t done = 0;
    while (done < samples.size()) {
      engine_->room.wait(lock, [&] {
        return state_->queue.samples() < capacity || state_->generation != generation ||
               !state_->failure.ok();
      });
      KYUTAISTT_TRY(state_->failure);
      if (state_->generation != generation) {
        return Status::cancelled("the stream was reset");
      }
      const size_t count =
          std::min(static_cast<size_t>(capacity - state_->queue.samples()), samples.size() - done);
      state_->queue.push(samples.subspan(done, count), later(timestamp, done));
      done += count;
      engine_->work.notify_one();
    }
    return {};
  });
}

Status Stream::drain(uint64_t marker) {
  return base::guard("draining a stream", [&]() -> Status {
    {
      const std::lock_guard lock(engine_->mutex);
      KYUTAISTT_TRY(state_->failure);
      state_->queue.push_end({marker, std::nullopt, {}});
    }
    engine_->work.notify_one();
    return {};
  });
}

Status Stream::set_prompt(const Prompt &prompt, std::optional<uint64_t> marker) {
  return base::guard("changing the prompt", [&]() -> Status {
    KYUTAISTT_ASSIGN(forced, decode::forced_tokens(engine_->model->info(), prompt));
    auto shared = std::make_shared<const std::vector<int32_t>>(forced);
    {
      const std::lock_guard lock(engine_->mutex);
      KYUTAISTT_TRY(state_->failure);
      state_->queue.push_end({marker, std::move(forced), {}});
      state_->forced = std::move(shared);
    }
    engine_->work.notify_one();
    return {};
  });
}

void Stream::reset() {
  {
    const std::lock_guard lock(engine_->mutex);
    ++state_->generation;
    state_->forced_at_reset = state_->forced;
    state_->queue.clear();
    state_->failure = {};
    state_->dropping = 0;
  }
  engine_->room.notify_all();
  // Waits for a delivery under way.
  const std::lock_guard delivering(state_->delivery);
}

StreamStats Stream::stats() const {
  const std::lock_guard lock(engine_->mutex);
  StreamStats stats = state_->stats;
  stats.queued = duration_of(state_->queue.samples());
  return stats;
}

}  // namespace kyutaistt
