// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/bench_run.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <ctime>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <variant>

namespace kyutaistt::program {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t warm_up_steps = 5;
constexpr std::chrono::seconds pause_distance(1);
/// And as many as were missed.
constexpr int64_t frames_between_stalls = 12;
constexpr auto frame_samples = static_cast<size_t>(samples_per_frame);

/// Ten seconds of noise: the content does not affect the speed, but it must not be silent.
std::vector<float> make_noise() {
  constexpr size_t samples = 240000;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  std::vector<float> noise(samples);
  std::generate(noise.begin(), noise.end(), [&] { return uniform(random); });
  return noise;
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// One stream, the thread that feeds it, and the times of its frames.
class Feeder {
 public:
  /// `silent_frames`: what the engine adds before the first frame.
  Feeder(const BenchPlan &plan, int index, int64_t silent_frames)
      : plan_(plan),
        phase_(frame_duration * index / plan.streams),
        done_frames_(-silent_frames),
        has_stalls_(plan.backlog.count() > 0 && index == 0) {}

  Status open(Engine &engine) {
    StreamOptions options;
    options.relay = plan_.relay;
    // What it hears is noise, of which it may write nothing.
    options.watchdog = false;
    if (plan_.live) {
      options.overflow = Overflow::Drop;
    }
    std::vector<Translation> translations;
    for (int text = 1; text < plan_.texts; ++text) {
      translations.push_back({options.prompt, [](const Event &) {}});
    }
    auto stream = engine.open_stream(
        options, [this](const Event &event) { take(event); }, plan_.streams,
        std::move(translations));
    if (!stream.ok()) {
      return stream.status();
    }
    stream_ = std::move(stream).value();
    return {};
  }

  void start(const std::vector<float> &noise, Clock::time_point begin) {
    begin_ = begin + phase_;
    thread_ = std::thread([this, &noise] { plan_.live ? feed_live(noise) : feed_full(noise); });
  }

  /// Does not wait: the thread may be sleeping.
  void stop() {
    stopping_ = true;
    stream_->reset();
  }

  void close() {
    thread_.join();
    dropped_frames_ = stream_->stats().dropped_frames;
    stream_.reset();
  }

  uint64_t dropped_frames() const { return dropped_frames_; }
  /// None of a stream that stalls: they would be about the stalls.
  std::vector<double> lags() const { return has_stalls_ ? std::vector<double>() : lags_; }
  const std::vector<double> &drains() const { return drains_; }

 private:
  void feed_full(const std::vector<float> &noise) {
    while (!stopping_ && stream_->push(noise).ok()) {
    }
  }

  void feed_live(const std::vector<float> &noise) {
    const int64_t missed = plan_.backlog / frame_duration;
    const int64_t regular = missed + frames_between_stalls;
    int64_t frame = 0;
    while (!stopping_) {
      const bool stalls = has_stalls_ && frame % (regular + missed) == regular;
      const int64_t count = stalls ? missed : 1;
      std::this_thread::sleep_until(begin_ + (frame + count - 1) * frame_duration);
      std::vector<float> samples;
      for (int64_t i = 0; i < count; ++i, ++frame) {
        const size_t first = static_cast<size_t>(frame) * frame_samples % noise.size();
        const auto part = std::span(noise).subspan(first, frame_samples);
        samples.insert(samples.end(), part.begin(), part.end());
      }
      pushed_frames_ = frame;
      if (stalls) {
        stall_end_ = Clock::now().time_since_epoch().count();
      }
      if (!stream_->push(samples).ok()) {
        return;
      }
    }
  }

  /// All but the newest frame have been heard: a stall has been made up for.
  void note_drain() {
    const Clock::rep end = stall_end_.exchange(0);
    if (end != 0) {
      const auto time = Clock::now().time_since_epoch() - Clock::duration(end);
      drains_.push_back(std::chrono::duration<double, std::milli>(time).count());
    }
  }

  /// On the engine's worker.
  void take(const Event &event) {
    if (!plan_.live || !std::holds_alternative<Progress>(event)) {
      return;
    }
    const int64_t frame = done_frames_++;
    if (frame >= 0) {
      const auto lag = Clock::now() - (begin_ + frame * frame_duration);
      lags_.push_back(std::chrono::duration<double, std::milli>(lag).count());
    }
    if (frame + 1 >= pushed_frames_ - 1) {
      note_drain();
    }
  }

  const BenchPlan plan_;
  const Clock::duration phase_;
  Clock::time_point begin_;
  std::unique_ptr<Stream> stream_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  int64_t done_frames_;
  std::vector<double> lags_;
  const bool has_stalls_;
  std::atomic<int64_t> pushed_frames_ = 0;
  /// When the last stall ended, in ticks; 0 if it has been made up for.
  std::atomic<Clock::rep> stall_end_ = 0;
  std::vector<double> drains_;
  uint64_t dropped_frames_ = 0;
};

}  // namespace

Result<BenchResult> run_bench(const std::shared_ptr<const Model> &model, const BenchPlan &plan) {
  std::mutex mutex;
  BenchResult result;
  const std::vector<float> noise = make_noise();
  const auto opening = Clock::now();
  std::optional<Clock::duration> first_step;
  EngineOptions options;
  options.max_streams = plan.streams;
  options.frames_at_once = plan.frames_at_once;
  auto last_pause = opening;
  options.step_observer = [&](const StepReport &report) {
    if (plan.between_steps && !plan.live && Clock::now() - last_pause >= pause_distance) {
      plan.between_steps();
      last_pause = Clock::now();
    }
    const std::lock_guard lock(mutex);
    if (!first_step) {
      first_step = Clock::now() - opening;
    }
    // While streams are being opened a step has fewer of them.
    if (plan.live || report.frames >= plan.streams) {
      result.steps.push_back(report);
    }
  };
  auto engine = Engine::create(model, options);
  if (!engine.ok()) {
    return engine.status();
  }
  const std::chrono::duration<double> silence(model->info().silence_prefix_seconds);
  const int64_t silent_frames = std::lround(silence / frame_duration);
  std::vector<std::unique_ptr<Feeder>> feeders;
  for (int i = 0; i < plan.streams; ++i) {
    feeders.push_back(std::make_unique<Feeder>(plan, i, silent_frames));
    const Status opened = feeders.back()->open(*engine.value());
    if (!opened.ok()) {
      return opened;
    }
  }
  const auto begin = Clock::now();
  const double processor_begin = processor_seconds();
  for (const auto &feeder : feeders) {
    feeder->start(noise, begin);
  }
  std::this_thread::sleep_for(plan.duration);
  result.processor_seconds = processor_seconds() - processor_begin;
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  // All at once: a feeder takes up to a frame's time to end, and meanwhile the others would go on.
  for (const auto &feeder : feeders) {
    feeder->stop();
  }
  for (const auto &feeder : feeders) {
    feeder->close();
    result.dropped_frames += feeder->dropped_frames();
    const std::vector<double> lags = feeder->lags();
    result.lags.insert(result.lags.end(), lags.begin(), lags.end());
    result.drains.insert(result.drains.end(), feeder->drains().begin(), feeder->drains().end());
  }
  feeders.clear();
  const std::lock_guard lock(mutex);
  if (result.steps.size() <= warm_up_steps) {
    return Status::invalid_argument("only " + std::to_string(result.steps.size()) + " steps in " +
                                    std::to_string(plan.duration.count()) +
                                    " s: give more --seconds");
  }
  result.first_step_seconds = std::chrono::duration<double>(*first_step).count();
  result.steps.erase(result.steps.begin(),
                     result.steps.begin() + static_cast<std::ptrdiff_t>(warm_up_steps));
  return result;
}

}  // namespace kyutaistt::program
