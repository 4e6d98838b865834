// SPDX-License-Identifier: LGPL-2.1-or-later
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "ops/native/thread_pool.h"
#include "support/suite.h"

namespace {

using kyutaistt::ops::ThreadPool;
using Clock = std::chrono::steady_clock;

START_TEST(every_index_is_worked_on_once) {
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
        ck_assert(done == std::vector<int>(static_cast<size_t>(count), 1));
      }
    }
  }
}
END_TEST

START_TEST(a_thread_works_on_one_index_at_a_time) {
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
END_TEST

START_TEST(sleeping_threads_wake) {
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
END_TEST

START_TEST(threads_that_do_not_run_hold_nobody_up) {
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
  ThreadPool pool(static_cast<int>(4 * cores));
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
  // If each job waited for every thread to get its turn, it would be milliseconds a job.
  const double milliseconds = std::chrono::duration<double, std::milli>(taken).count();
  ck_assert_msg(milliseconds < 2.0 * jobs, "%g ms a job", milliseconds / jobs);
}
END_TEST

}  // namespace

int main() {
  return kyutaistt::tests::run_suite(
      "thread pool", {every_index_is_worked_on_once, a_thread_works_on_one_index_at_a_time,
                      sleeping_threads_wake, threads_that_do_not_run_hold_nobody_up});
}
