// SPDX-License-Identifier: LGPL-2.1-or-later
/// Runs streams of noise through a model and times the engine's steps.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <kyutaistt/engine.h>

namespace kyutaistt::program {

struct BenchPlan {
  int streams = 1;
  std::chrono::seconds duration{10};
  /// Every stream gets a frame every 80 ms, as from a microphone, and drops what does not fit into
  /// its queue; otherwise all queues are kept full, and every step has a frame of every stream.
  bool live = false;
  /// See `StreamOptions::relay`.
  bool relay = true;
  /// Texts that every stream writes.
  int texts = 1;
  /// Live only: the first stream's source stalls for so long, again and again, and then brings what
  /// it has missed at once. 0: never.
  std::chrono::milliseconds backlog{0};
  /// See `EngineOptions`.
  int frames_at_once = 1;
  /// Called on the engine's worker about once a second, between two steps, whose times it does not
  /// count in; never if the streams are live, which would wait for it.
  std::function<void()> between_steps;
};

struct BenchResult {
  /// Without the first ones, in which buffers and caches are still cold.
  std::vector<StepReport> steps;
  /// Live only: milliseconds from a frame's push until its step was delivered. Empty if there was
  /// only time for the silence before the first frame.
  std::vector<double> lags;
  uint64_t dropped_frames = 0;
  /// Milliseconds from the end of a stall until the stream had no more than a frame to hear.
  std::vector<double> drains;
  /// From opening the streams until the first step was delivered.
  double first_step_seconds = 0;
  /// Processor seconds of the whole process during the run, and the duration of the run.
  double processor_seconds = 0;
  double seconds = 0;
};

Result<BenchResult> run_bench(const std::shared_ptr<const Model> &model, const BenchPlan &plan);

}  // namespace kyutaistt::program
