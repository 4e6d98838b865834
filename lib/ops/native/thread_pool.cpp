// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/thread_pool.h"

#include <algorithm>

namespace kyutaistt::ops {

namespace {

/// Rounds of spinning before a thread sleeps: about a tenth of a millisecond.
constexpr int spins_before_sleep = 4000;
/// Rounds before one that waits for others lets them have its core.
constexpr int spins_before_yield = 20000;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  for (int thread = 1; thread < threads; ++thread) {
    workers_.emplace_back([this, thread] { work(thread); });
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread &worker : workers_) {
    worker.join();
  }
}

void ThreadPool::run_all(const Job &job) {
  if (workers_.empty() || job.count <= 1) {
    for (int64_t index = 0; index < job.count; ++index) {
      job.call(job.context, index, 0);
    }
    return;
  }
  job_ = job;
  next_index_.store(0, std::memory_order_relaxed);
  unfinished_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  // Sequentially consistent, as the counting of sleepers: either a thread that goes to sleep sees
  // the new job, or we see that it sleeps.
  jobs_.fetch_add(1);
  if (sleeping_.load() > 0) {
    const std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  take_indices(0);
  for (int spins = 0; unfinished_.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < spins_before_yield) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::take_indices(int thread) {
  const Job job = job_;
  for (;;) {
    const int64_t index = next_index_.fetch_add(1, std::memory_order_relaxed);
    if (index >= job.count) {
      return;
    }
    job.call(job.context, index, thread);
  }
}

void ThreadPool::wait_for_job(uint64_t seen) {
  for (int spins = 0; spins < spins_before_sleep; ++spins) {
    if (jobs_.load(std::memory_order_acquire) != seen || stopping_.load()) {
      return;
    }
    pause();
  }
  std::unique_lock lock(mutex_);
  sleeping_.fetch_add(1);
  wake_.wait(lock, [&] { return jobs_.load() != seen || stopping_.load(); });
  sleeping_.fetch_sub(1);
}

void ThreadPool::work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    wait_for_job(seen);
    if (stopping_.load()) {
      return;
    }
    // A job ends only when every worker has taken part, so none is ever missed.
    ++seen;
    take_indices(thread);
    unfinished_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace kyutaistt::ops
