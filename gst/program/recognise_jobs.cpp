// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/recognise_jobs.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "program/interruption.h"

namespace kyutaistt::program {

namespace {

/// Wakes the watching thread.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  /// Waits until it has been rung since the last call, but no longer than `patience`.
  void wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

bool all_done(const Jobs &jobs) {
  return std::all_of(jobs.begin(), jobs.end(), [](const auto &job) { return bool(job->is_done); });
}

}  // namespace

void recognise_jobs(Engine &engine, Hearing hearing, const Jobs &jobs, int parallel,
                    const std::function<void()> &watch) {
  constexpr auto interval = std::chrono::milliseconds(50);
  Bell bell;
  hearing.changed = [&bell] { bell.ring(); };
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (size_t worker = 0; worker < std::min(static_cast<size_t>(parallel), jobs.size()); ++worker) {
    workers.emplace_back([&] {
      for (size_t i = next++; i < jobs.size(); i = next++) {
        Job &job = *jobs[i];
        if (!job.is_done && !interrupted()) {
          recognise(engine, hearing, job);
        }
        job.share = 1;
        job.is_done = true;
      }
    });
  }
  for (bool is_last = false; !is_last;) {
    is_last = all_done(jobs);
    watch();
    if (!is_last) {
      bell.wait(interval);
    }
  }
  for (std::thread &worker : workers) {
    worker.join();
  }
}

}  // namespace kyutaistt::program
