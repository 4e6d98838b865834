// SPDX-License-Identifier: LGPL-2.1-or-later
/// The engine's streams and its worker thread.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <kyutaistt/engine.h>

#include "engine/batch.h"
#include "engine/stream_state.h"

namespace kyutaistt {

/// Shared by the `Engine` and its streams; the worker does not own it and ends with it.
struct EngineState {
  EngineState(std::shared_ptr<const Model> loaded_model, EngineOptions engine_options);
  EngineState(const EngineState &) = delete;
  EngineState &operator=(const EngineState &) = delete;
  ~EngineState();

  const std::shared_ptr<const Model> model;
  const EngineOptions options;

  /// Protects what follows and the marked part of every stream. Never held while computing or
  /// while a listener is called.
  mutable std::mutex mutex;
  /// Something is there for the worker: audio, an end, or the wish to stop.
  std::condition_variable work;
  /// A queue has room, or a stream was reset, closed or failed.
  std::condition_variable room;
  std::vector<std::shared_ptr<StreamState>> streams;
  EngineStats stats;
  bool stopping = false;

 private:
  void run();
  /// Waits for work and takes it. False when the engine stops.
  bool take_work(engine::Batch &batch);
  /// Computes what was taken, delivers it and notifies the observer.
  void make_step(engine::Batch &batch);
  void deliver(engine::Lane &lane);

  /// Last member: it runs only while everything else is there.
  std::thread worker_;
};

}  // namespace kyutaistt
