// SPDX-License-Identifier: LGPL-2.1-or-later
/// Many streams, one model.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <kyutaistt/events.h>
#include <kyutaistt/export.h>
#include <kyutaistt/model.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>
#include <kyutaistt/stream.h>

namespace kyutaistt {

namespace engine {
class Scheduler;
}

/// Counters since the engine was made.
struct EngineStats {
  int open_streams = 0;
  uint64_t steps = 0;
  /// Frames of all streams; `frames / steps` is the mean batch.
  uint64_t frames = 0;
  std::chrono::nanoseconds busy{};
};

/// Runs a model for any number of streams: one worker thread takes one frame (80 ms) of every
/// stream that has one, and computes them as one batch.
///
/// Threads: every method may be called from any thread.
/// Lifetime: streams may outlive the `Engine` object; the worker ends with the last of them.
/// Cost: an idle engine uses no CPU; it wakes when audio is pushed.
class KYUTAISTT_PUBLIC Engine {
 public:
  static Result<std::shared_ptr<Engine>> create(std::shared_ptr<const Model> model,
                                                EngineOptions options = {});

  /// The engine of this process for a model folder: loaded on the first call, shared by every call
  /// with the same folder, device, precision, cache precision, threads, alignment, codec attention
  /// and packed weights, and freed with its last user. Defaults (`Auto`, 0 threads) are resolved
  /// before options are compared. A folder whose files have changed is loaded again, as another
  /// model. Calls made while it is being loaded wait for it.
  static Result<std::shared_ptr<Engine>> shared(const std::string &folder,
                                                const ModelOptions &options = {});

  explicit Engine(std::shared_ptr<engine::Scheduler> scheduler);
  Engine(const Engine &) = delete;
  Engine &operator=(const Engine &) = delete;
  ~Engine();

  /// Opens a stream whose events go to `listener`. Fails with `NotFound` for an unknown domain,
  /// `InvalidArgument` for bad options, `ResourceExhausted` if `EngineOptions::max_streams` streams
  /// are open already, or `max_streams`, which is this caller's own limit. `translations`: further
  /// texts of the same audio. All listeners get `Dropped`, `Renewed`, `Drained` and `Failure`; the
  /// words are each one's own. A text more costs one row of the language model, and no work of the
  /// codec.
  Result<std::unique_ptr<Stream>> open_stream(const StreamOptions &options, EventListener listener,
                                              int max_streams = std::numeric_limits<int>::max(),
                                              std::vector<Translation> translations = {});

  const Model &model() const noexcept;
  EngineStats stats() const;

 private:
  std::shared_ptr<engine::Scheduler> scheduler_;
};

}  // namespace kyutaistt
