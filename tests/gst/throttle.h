// SPDX-License-Identifier: LGPL-2.1-or-later
/// A model that is as slow as a test wants it to be.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <kyutaistt/audio.h>
#include <kyutaistt/engine.h>

#include "gst/harness.h"
#include "support/suite.h"

namespace kyutaistt::tests {

/// Slows the model of this process down: a stream of its own has a frame in every step, and takes
/// its time over it.
class Throttle {
 public:
  explicit Throttle(std::chrono::milliseconds step_time) {
    auto engine = Engine::shared(model_folder);
    assert_ok(engine.status());
    StreamOptions options;
    options.overflow = Overflow::Drop;
    options.queue_capacity = std::chrono::seconds(10);
    engine_ = engine.value();
    auto stream = engine_->open_stream(options, [step_time](const Event &event) {
      if (std::holds_alternative<Progress>(event)) {
        std::this_thread::sleep_for(step_time);
      }
    });
    assert_ok(stream.status());
    stream_ = std::move(stream).value();
    feeder_ = std::thread([this] {
      const std::vector<float> silence(2400);
      while (!stops_) {
        assert_ok(stream_->push(silence));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
  }
  Throttle(const Throttle &) = delete;
  Throttle &operator=(const Throttle &) = delete;
  ~Throttle() {
    stops_ = true;
    feeder_.join();
  }

 private:
  /// Kept, so that elements find it.
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Stream> stream_;
  std::atomic<bool> stops_ = false;
  std::thread feeder_;
};

/// Makes the model of this process stand still but for the steps that a test asks for, however fast
/// the machine is: a stream of its own has a frame in every step, and its listener waits.
class SteppedModel {
 public:
  SteppedModel() {
    auto engine = Engine::shared(model_folder);
    assert_ok(engine.status());
    StreamOptions options;
    options.report_steps = true;
    options.queue_capacity = std::chrono::minutes(1);
    engine_ = engine.value();
    auto stream = engine_->open_stream(options, [this](const Event &event) {
      if (std::holds_alternative<Step>(event)) {
        wait_for_turn();
      }
    });
    assert_ok(stream.status());
    stream_ = std::move(stream).value();
    // The step after which it stands still.
    run(1);
  }
  SteppedModel(const SteppedModel &) = delete;
  SteppedModel &operator=(const SteppedModel &) = delete;
  ~SteppedModel() { release(); }

  /// Lets the model take this many steps, each with a frame of every stream that has one, and waits
  /// until it stands still again.
  void run(int steps) {
    assert_ok(stream_->push(
        std::vector<float>(static_cast<size_t>(steps) * static_cast<size_t>(samples_per_frame))));
    std::unique_lock lock(mutex_);
    allowed_ += steps;
    changed_.notify_all();
    changed_.wait(lock, [this] { return taken_ == allowed_; });
  }

  /// Lets it run as it likes from now on.
  void release() {
    const std::lock_guard lock(mutex_);
    is_free_ = true;
    changed_.notify_all();
  }

 private:
  void wait_for_turn() {
    std::unique_lock lock(mutex_);
    ++taken_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_free_ || taken_ < allowed_; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  /// Steps that it may take, and those that it has taken. The lock protects these three.
  int64_t allowed_ = 0;
  int64_t taken_ = 0;
  bool is_free_ = false;
  /// Kept, so that elements find it.
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace kyutaistt::tests
