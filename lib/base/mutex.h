// SPDX-License-Identifier: LGPL-2.1-or-later
/// A mutex whose use clang checks (-Wthread-safety): a guarded member is only accessed with it
/// held.
#pragma once

#include <condition_variable>
#include <mutex>

#ifdef __clang__
#define KYUTAISTT_THREAD_ANNOTATION(annotation) __attribute__((annotation))
#else
#define KYUTAISTT_THREAD_ANNOTATION(annotation)
#endif

/// Only with the mutex held.
#define KYUTAISTT_GUARDED_BY(mutex) KYUTAISTT_THREAD_ANNOTATION(guarded_by(mutex))
/// Callers hold the mutex.
#define KYUTAISTT_REQUIRES(mutex) KYUTAISTT_THREAD_ANNOTATION(requires_capability(mutex))
/// Callers do not hold the mutex.
#define KYUTAISTT_EXCLUDES(mutex) KYUTAISTT_THREAD_ANNOTATION(locks_excluded(mutex))

namespace kyutaistt {

class KYUTAISTT_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() KYUTAISTT_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() KYUTAISTT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex for as long as it lives.
class KYUTAISTT_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex &mutex) KYUTAISTT_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  MutexLock(const MutexLock &) = delete;
  MutexLock &operator=(const MutexLock &) = delete;
  ~MutexLock() KYUTAISTT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  Mutex &mutex_;
};

/// Waited on with a `Mutex` held, in a loop: a wait may end early.
using Condition = std::condition_variable_any;

}  // namespace kyutaistt
