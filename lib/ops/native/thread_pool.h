// SPDX-License-Identifier: LGPL-2.1-or-later
/// Threads for many small parallel loops in quick succession.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace kyutaistt::ops {

/// A step of the model runs some two hundred loops, most of them a tenth of a millisecond long or
/// less: waking a sleeping thread for each would cost as much as the loop. So the threads spin
/// between loops, but only for a moment: without work they sleep. A loop does not wait for a thread
/// that has not begun a part of it: where other programs keep a thread from running, the others do
/// its share.
///
/// Threads: `run` from one thread at a time; that one works too.
class ThreadPool {
 public:
  /// `threads` counts the caller of `run`; at least 1. Throws std::system_error if the system gives
  /// no more threads.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;
  ~ThreadPool();

  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }

  /// Calls work(index, thread) for every index in [0, count), several at once, with `thread` in [0,
  /// threads()), and returns when all are done. Each thread begins with a stretch of neighbouring
  /// indices that is the same in every loop of this count, so that it finds in its caches what it
  /// wrote in the previous loop; when it has finished it helps the others. `work` must not throw;
  /// `count` is less than 2^32.
  template <typename Work>
  void run(int64_t count, const Work &work) {
    const auto call = [](const void *context, int64_t index, int thread) {
      (*static_cast<const Work *>(context))(index, thread);
    };
    run_all({call, &work, count});
  }

 private:
  /// Ends the threads that there are.
  void stop();

  struct Job {
    void (*call)(const void *context, int64_t index, int thread) = nullptr;
    const void *context = nullptr;
    int64_t count = 0;
  };

  void run_all(const Job &job);
  /// Works on indices of the job until none is left to begin.
  void take_indices(int thread);
  /// The next index of a share to begin; negative if there is none.
  static int64_t claim_index(std::atomic<uint64_t> &share);
  /// The next of the thread's own share, or else of another's.
  int64_t claim_index(int thread);
  void work(int thread);
  bool has_indices() const noexcept;
  /// Returns when there are indices to begin, or the pool ends.
  void wait_for_job();

  /// Written before `shares_` announce the job; read by those who have claimed an index of it, so
  /// that it cannot end meanwhile.
  Job job_;
  struct alignas(64) Share {
    /// Indices that have not begun: the first in the low half, their end in the high one.
    std::atomic<uint64_t> indices{0};
  };
  /// The job's indices, cut into one part for each thread.
  std::vector<Share> shares_;
  /// Indices that are not done.
  alignas(64) std::atomic<int64_t> unfinished_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> sleeping_{0};
  /// For threads that sleep, or go to sleep.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace kyutaistt::ops
