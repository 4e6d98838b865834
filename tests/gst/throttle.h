// SPDX-License-Identifier: LGPL-2.1-or-later
/// A model that is as slow as a test wants it to be.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

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
    auto stream = engine.value()->open_stream(options, [step_time](const Event &event) {
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
  std::unique_ptr<Stream> stream_;
  std::atomic<bool> stops_ = false;
  std::thread feeder_;
};

}  // namespace kyutaistt::tests
