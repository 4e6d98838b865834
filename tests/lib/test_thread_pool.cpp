// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <barrier>
#include <cerrno>
#include <chrono>
#include <dlfcn.h>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <vector>

#include <kyutaistt/model.h>

#include "ops/native/thread_pool.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using kyutaistt::ops::ThreadPool;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_less;
using Clock = std::chrono::steady_clock;

/// Threads that the system still gives; negative for no limit.
std::atomic<int> threads_left = -1;
std::atomic<int> threads_made = 0;

}  // namespace

/// Stands before the system's own, which never fails when a test wants it to.
extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                              void *(*start)(void *), void *argument) {
  using Create = decltype(&pthread_create);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left == 0) {
    return EAGAIN;
  }
  --threads_left;
  ++threads_made;
  return create(thread, attributes, start, argument);
}

namespace {

TEST(every_index_is_worked_on_once) {
  for (const int threads : {1, 2, 3, 9}) {
    ThreadPool pool(threads);
    ck_assert_int_eq(pool.threads(), threads);
    for (const int64_t count : {0, 1, 2, 7, 64, 1000}) {
      for (int round = 0; round < 200; ++round) {
        std::vector<int> done(static_cast<size_t>(count));
        pool.run(count, [&](int64_t index, int thread) {
          ck_assert_int_ge(thread, 0);
          ck_assert_int_lt(thread, threads);
          ++done[static_cast<size_t>(index)];
        });
        assert_equal(done, std::vector<int>(static_cast<size_t>(count), 1));
      }
    }
  }
}

TEST(a_thread_works_on_one_index_at_a_time) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> busy(4);
  for (int round = 0; round < 500; ++round) {
    pool.run(50, [&](int64_t, int thread) {
      auto &mine = busy[static_cast<size_t>(thread)];
      ck_assert_int_eq(mine.fetch_add(1), 0);
      mine.fetch_sub(1);
    });
  }
}

TEST(sleeping_threads_wake) {
  ThreadPool pool(4);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    std::atomic<int> present = 0;
    // Ends only if all four come.
    pool.run(4, [&](int64_t, int) {
      ++present;
      while (present < 4) {
        std::this_thread::yield();
      }
    });
  }
}

/// What a job would take that waited for so many threads to get their turn, as busy as the machine
/// is now.
double seconds_of_a_turn(int count) {
  constexpr int turns = 20;
  std::barrier barrier(count);
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(count));
  const auto begin = Clock::now();
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < turns; ++turn) {
        barrier.arrive_and_wait();
      }
    });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  return std::chrono::duration<double>(Clock::now() - begin).count() / turns;
}

TEST(threads_that_do_not_run_hold_nobody_up) {
  // More threads than cores, and others that never let go of theirs.
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  std::atomic<bool> stops = false;
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 2 * cores; ++i) {
    others.emplace_back([&] {
      while (!stops) {
      }
    });
  }
  const auto threads = static_cast<int>(4 * cores);
  const double turn = seconds_of_a_turn(threads);
  ThreadPool pool(threads);
  const auto begin = Clock::now();
  std::atomic<int64_t> sum = 0;
  constexpr int64_t jobs = 3000;
  for (int64_t job = 0; job < jobs; ++job) {
    pool.run(8, [&](int64_t index, int) { sum += index; });
  }
  const auto taken = Clock::now() - begin;
  stops = true;
  for (std::thread &other : others) {
    other.join();
  }
  ck_assert_int_eq(sum, jobs * 28);
  assert_less(std::chrono::duration<double>(taken).count() / jobs, turn / 2, "seconds of a job");
}

TEST(a_pool_that_cannot_be_made_leaves_no_threads) {
  threads_left = 3;
  threads_made = 0;
  bool thrown = false;
  try {
    const ThreadPool pool(9);
  } catch (const std::system_error &error) {
    thrown = error.code() == std::errc::resource_unavailable_try_again;
  }
  ck_assert(thrown);
  ck_assert_int_eq(threads_made, 3);
  // Who loads a model is notified.
  threads_left = 1;
  kyutaistt::ModelOptions options;
  options.threads = 4;
  kyutaistt::tests::assert_refused(kyutaistt::Model::synthetic("tiny", options).status(),
                                   kyutaistt::StatusCode::ResourceExhausted, "making the model");
}

}  // namespace
