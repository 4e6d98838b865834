// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/thread_pool.h"

#include <algorithm>

namespace kyutaistt::ops {

namespace {

/// Rounds of spinning before a thread sleeps: about a tenth of a millisecond.
constexpr int spins_before_sleep = 4000;
/// Rounds before a thread that waits for others yields its core.
constexpr int spins_before_yield = 2000;

/// Halves of `indices_`.
constexpr int end_shift = 32;
constexpr uint64_t index_mask = 0xFFFFFFFF;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

ThreadPool::ThreadPool(int threads) : shares_(static_cast<size_t>(std::max(threads, 1))) {
  try {
    for (int thread = 1; thread < threads; ++thread) {
      workers_.emplace_back([this, thread] { work(thread); });
    }
  } catch (...) {
    // There is no destructor for an object that was not made.
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
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
  unfinished_.store(job.count, std::memory_order_relaxed);
  // Sequentially consistent, as the counting of sleepers: either a thread that goes to sleep sees
  // the new job, or we see that it sleeps.
  const auto shares = static_cast<int64_t>(shares_.size());
  for (int64_t share = 0; share < shares; ++share) {
    const auto first = static_cast<uint64_t>(job.count * share / shares);
    const auto end = static_cast<uint64_t>(job.count * (share + 1) / shares);
    shares_[static_cast<size_t>(share)].indices.store(end << end_shift | first);
  }
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

int64_t ThreadPool::claim_index(std::atomic<uint64_t> &share) {
  uint64_t indices = share.load(std::memory_order_acquire);
  for (;;) {
    const uint64_t index = indices & index_mask;
    if (index >= indices >> end_shift) {
      return -1;
    }
    if (share.compare_exchange_weak(indices, indices + 1, std::memory_order_acq_rel,
                                    std::memory_order_acquire)) {
      return static_cast<int64_t>(index);
    }
  }
}

int64_t ThreadPool::claim_index(int thread) {
  const size_t count = shares_.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t share = (static_cast<size_t>(thread) + i) % count;
    if (const int64_t index = claim_index(shares_[share].indices); index >= 0) {
      return index;
    }
  }
  return -1;
}

void ThreadPool::take_indices(int thread) {
  int64_t index = claim_index(thread);
  if (index < 0) {
    return;
  }
  const Job job = job_;
  int64_t done = 0;
  for (; index >= 0; index = claim_index(thread)) {
    job.call(job.context, index, thread);
    ++done;
  }
  // Only now may the job end, and the next one begin.
  unfinished_.fetch_sub(done, std::memory_order_release);
}

bool ThreadPool::has_indices() const noexcept {
  return std::any_of(shares_.begin(), shares_.end(), [](const Share &share) {
    const uint64_t indices = share.indices.load();
    return (indices & index_mask) < indices >> end_shift;
  });
}

void ThreadPool::wait_for_job() {
  for (int spins = 0; spins < spins_before_sleep; ++spins) {
    if (has_indices() || stopping_.load()) {
      return;
    }
    pause();
  }
  std::unique_lock lock(mutex_);
  sleeping_.fetch_add(1);
  wake_.wait(lock, [&] { return has_indices() || stopping_.load(); });
  sleeping_.fetch_sub(1);
}

void ThreadPool::work(int thread) {
  for (;;) {
    wait_for_job();
    if (stopping_.load()) {
      return;
    }
    take_indices(thread);
  }
}

}  // namespace kyutaistt::ops
