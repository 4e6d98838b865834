// SPDX-License-Identifier: LGPL-2.1-or-later
/// An engine of the small random fixture, and ways to hold it up.
#pragma once

#include <cmath>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"

namespace kyutaistt::tests {

constexpr auto frame_samples = static_cast<size_t>(samples_per_frame);

inline std::vector<float> noise(size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  std::vector<float> samples(count);
  for (float &sample : samples) {
    sample = uniform(random);
  }
  return samples;
}

/// A tone of which the random weights write the same tokens without end.
inline std::vector<float> hypnotic_tone(size_t count) {
  constexpr double samples_in_a_wave = 30.72;
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; ++i) {
    const double waves = static_cast<double>(i) / samples_in_a_wave;
    samples[i] = static_cast<float>(0.3 * std::sin(2 * std::numbers::pi * waves));
  }
  return samples;
}

inline std::shared_ptr<Engine> tiny_engine(EngineOptions options = {}) {
  return make_engine(load_model(golden("hf-f32")), std::move(options));
}

/// Something that has happened, once.
class Flag {
 public:
  void set() {
    {
      const std::lock_guard lock(mutex_);
      is_set_ = true;
    }
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_set_ = false;
};

/// Keeps the engine's worker busy until it is let go: its listener waits.
class Brake {
 public:
  explicit Brake(Engine &engine) {
    auto stream = engine.open_stream(forcing({}), [this](const Event &) {
      stopped_.set();
      released_.wait();
    });
    assert_ok(stream.status());
    stream_ = std::move(stream).value();
    assert_ok(stream_->push(noise(frame_samples)));
    stopped_.wait();
  }
  Brake(const Brake &) = delete;
  Brake &operator=(const Brake &) = delete;
  ~Brake() { release(); }

  void release() { released_.set(); }

 private:
  Flag stopped_;
  Flag released_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace kyutaistt::tests
