// SPDX-License-Identifier: LGPL-2.1-or-later
/// Who is computed when: the streams of an engine and its worker thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include <kyutaistt/engine.h>

#include "base/mutex.h"
#include "engine/batch.h"
#include "engine/intake.h"

namespace kyutaistt::engine {

/// Takes a frame of every stream that has one, computes them as one batch and calls the listeners,
/// on a thread of its own, which waits while there is nothing to do.
///
/// Shared by the `Engine` and its streams; the thread ends with the last of them. Threads: every
/// method may be called from any thread, except from a listener where it says so. What they throw
/// (out of memory) leaves everything as it was.
class Scheduler {
 public:
  Scheduler(std::shared_ptr<const Model> model, EngineOptions options);
  Scheduler(const Scheduler &) = delete;
  Scheduler &operator=(const Scheduler &) = delete;
  ~Scheduler();

  const Model &model() const noexcept { return *model_; }

  /// A new stream, unless `max_streams` or the engine's limit are there already. `forced`: the
  /// tokens of its first context.
  Status add(std::shared_ptr<StreamState> stream, decode::ForcedTokens forced, int max_streams)
      KYUTAISTT_EXCLUDES(mutex_);
  /// Closes a stream: its listener is not called any more, and is gone on return. Not from it.
  void remove(StreamState &stream) KYUTAISTT_EXCLUDES(mutex_);

  /// As `Stream::push`; `timestamp` is within its limits. Blocks if the stream's options say so.
  Status push(const StreamState &stream, std::span<const float> samples,
              std::optional<Time> timestamp) KYUTAISTT_EXCLUDES(mutex_);
  /// As `Stream::drain`.
  Status end_context(const StreamState &stream, uint64_t marker) KYUTAISTT_EXCLUDES(mutex_);
  /// As `Stream::set_prompt`, with the prompt's tokens.
  Status change_prompt(const StreamState &stream, size_t text, std::vector<int32_t> tokens,
                       std::optional<uint64_t> marker) KYUTAISTT_EXCLUDES(mutex_);
  /// As `Stream::add_text`, with the prompt's tokens; not from a listener of the stream.
  Result<size_t> add_text(StreamState &stream, std::vector<int32_t> tokens, EventListener listener)
      KYUTAISTT_EXCLUDES(mutex_);
  /// As `Stream::remove_text`; not from a listener of the stream.
  void remove_text(StreamState &stream, size_t text) KYUTAISTT_EXCLUDES(mutex_);
  /// As `Stream::reset`; not from the stream's listener.
  void reset(StreamState &stream) KYUTAISTT_EXCLUDES(mutex_);

  StreamStats stats(const StreamState &stream) const KYUTAISTT_EXCLUDES(mutex_);
  EngineStats stats() const KYUTAISTT_EXCLUDES(mutex_);

 private:
  void run();
  /// Waits for work and takes it. False when the engine stops.
  bool take_turns(Batch &batch) KYUTAISTT_EXCLUDES(mutex_);
  /// Computes what was taken, delivers it and notifies the observer.
  void make_step(Batch &batch) KYUTAISTT_EXCLUDES(mutex_);
  /// Passes a turn's events to the listener, unless the stream was reset or closed meanwhile.
  void deliver(Turn &turn) KYUTAISTT_EXCLUDES(mutex_);
  /// Notes what a turn brought. False if the stream was reset or closed since it was taken.
  bool count(const Turn &turn) KYUTAISTT_EXCLUDES(mutex_);
  /// Notes that the stream cannot go on. False as above.
  bool fail(const Turn &turn, const Status &status) KYUTAISTT_EXCLUDES(mutex_);

  /// Does something with a stream's intake, for the worker to see. Fails with the stream's failure.
  Status change(const StreamState &stream, const std::function<Status(Intake &)> &action)
      KYUTAISTT_EXCLUDES(mutex_);
  /// Null for a closed stream.
  Intake *find(const StreamState &stream) KYUTAISTT_REQUIRES(mutex_);
  Intake *find_current(const Turn &turn) KYUTAISTT_REQUIRES(mutex_);
  /// On the worker.
  bool has_work() const KYUTAISTT_REQUIRES(mutex_);

  const std::shared_ptr<const Model> model_;
  const EngineOptions options_;

  /// Never held while computing or while a listener is called.
  mutable Mutex mutex_;
  /// Something is there for the worker: audio, an end, or the wish to stop.
  Condition work_;
  /// A queue has room, or a stream was reset, closed or failed.
  Condition room_;
  /// A list, so that one that comes or goes moves no other.
  std::list<Intake> intakes_ KYUTAISTT_GUARDED_BY(mutex_);
  EngineStats stats_ KYUTAISTT_GUARDED_BY(mutex_);
  bool stopping_ KYUTAISTT_GUARDED_BY(mutex_) = false;

  /// Last member: it runs only while everything else is there.
  std::thread worker_;
};

}  // namespace kyutaistt::engine
