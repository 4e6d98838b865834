// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <kyutaistt/machine.h>

#include "base/guard.h"
#include "ops/native/aligned_memory.h"
#include "ops/native/instruction_set.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t buffer_bytes = size_t{512} << 20;
constexpr int memory_passes = 7;
constexpr int arithmetic_passes = 9;
/// Some milliseconds of dot products.
constexpr int64_t arithmetic_rounds = 1000000;

/// Places that a thread reads at once. Which is the fastest differs between processors; products
/// with few rows read weights in several.
constexpr size_t ways_of_reading[] = {1, 4, 16};

constexpr size_t line_values = 64 / sizeof(uint64_t);

/// Values from one place to the next. Places must not be a power of two apart, or they would lie in
/// the same sets of the caches and the same banks of the memory.
size_t distance_of(size_t values, size_t places) {
  const size_t lines = values / line_values / places;
  return (places == 1 ? lines : lines * 62 / 63 | 1U) * line_values;
}

/// Sums up what lies in so many parts, a cache line of each in turn.
uint64_t sum(const uint64_t *values, size_t places, size_t distance) {
  uint64_t sums[line_values] = {};
  for (size_t i = 0; i < distance; i += line_values) {
    for (size_t place = 0; place < places; ++place) {
      const uint64_t *line = values + place * distance + i;
      for (size_t k = 0; k < line_values; ++k) {
        sums[k] += line[k];
      }
    }
  }
  uint64_t total = 0;
  for (const uint64_t part : sums) {
    total += part;
  }
  return total;
}

/// The median of `passes` rates: what `work` counts, a second, on every thread at once.
template <typename Work>
double measure(ops::ThreadPool &pool, int passes, const Work &work) {
  std::vector<double> rates;
  for (int pass = 0; pass < passes; ++pass) {
    std::atomic<int64_t> count = 0;
    const auto begin = Clock::now();
    pool.run(pool.threads(), [&](int64_t index, int /*thread*/) { count += work(index); });
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    rates.push_back(static_cast<double>(count) / seconds);
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

/// Bytes a second.
double measure_reading(ops::ThreadPool &pool) {
  const ops::AlignedMemory memory(buffer_bytes);
  const std::span<uint64_t> values(memory.as<uint64_t>(), buffer_bytes / sizeof(uint64_t));
  // Memory that was never written is one page of zeros, again and again.
  std::fill(values.begin(), values.end(), 1);
  const size_t share = values.size() / static_cast<size_t>(pool.threads());
  std::atomic<uint64_t> checksum = 0;
  double best = 0;
  for (const size_t places : ways_of_reading) {
    const size_t distance = distance_of(share, places);
    const double rate = measure(pool, memory_passes, [&](int64_t index) {
      // Using the sums keeps the compiler from leaving out the reading.
      checksum += sum(values.data() + static_cast<size_t>(index) * share, places, distance);
      return static_cast<int64_t>(places * distance * sizeof(uint64_t));
    });
    best = std::max(best, rate);
  }
  return best;
}

}  // namespace

Result<MachineLimits> measure_machine(int threads) {
  return base::guard("measuring the machine", [&]() -> Result<MachineLimits> {
    if (threads < 1 || threads > max_threads) {
      return Status::invalid_argument("threads: found " + std::to_string(threads) +
                                      ", expected 1 to " + std::to_string(max_threads));
    }
    KYUTAISTT_ASSIGN(kernels, ops::choose_kernels());
    ops::ThreadPool pool(threads);
    MachineLimits limits;
    limits.read_bytes = measure_reading(pool);
    const auto arithmetic = [&](auto dots) {
      return measure(pool, arithmetic_passes,
                     [&](int64_t /*index*/) { return dots(arithmetic_rounds); });
    };
    limits.multiply_adds_f32 = arithmetic(kernels->repeat_f32);
    limits.multiply_adds_bf16 = arithmetic(kernels->repeat_bf16);
    limits.multiply_adds_int16 = arithmetic(kernels->repeat_int16);
    limits.multiply_adds_int8 = arithmetic(kernels->repeat_int8);
    return limits;
  });
}

}  // namespace kyutaistt
