// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <kyutaistt/machine.h>

#include "ops/native/aligned_memory.h"
#include "ops/native/instruction_set.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t buffer_bytes = size_t{512} << 20;
constexpr int memory_passes = 15;
constexpr int arithmetic_passes = 9;
/// Some milliseconds of dot products.
constexpr int64_t arithmetic_rounds = 1000000;

/// Sums up in independent parts, so that nothing but memory is waited for.
uint64_t sum(std::span<const uint64_t> values) {
  constexpr size_t parts = 32;
  uint64_t sums[parts] = {};
  for (size_t i = 0; i + parts <= values.size(); i += parts) {
    for (size_t part = 0; part < parts; ++part) {
      sums[part] += values[i + part];
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

}  // namespace

MachineLimits measure_machine(int threads) {
  ops::ThreadPool pool(threads);
  const ops::Kernels &kernels = *ops::supported_kernels().front();
  MachineLimits limits;
  {
    const ops::AlignedMemory memory(buffer_bytes);
    const std::span<uint64_t> values(memory.as<uint64_t>(), buffer_bytes / sizeof(uint64_t));
    // Memory that was never written is one page of zeros, again and again.
    std::fill(values.begin(), values.end(), 1);
    const size_t share = values.size() / static_cast<size_t>(threads);
    std::atomic<uint64_t> checksum = 0;
    limits.read_bytes = measure(pool, memory_passes, [&](int64_t index) {
      // Using the sums keeps the compiler from leaving out the reading.
      checksum += sum(values.subspan(static_cast<size_t>(index) * share, share));
      return static_cast<int64_t>(share * sizeof(uint64_t));
    });
  }
  const auto arithmetic = [&](auto dots) {
    return measure(pool, arithmetic_passes,
                   [&](int64_t /*index*/) { return dots(arithmetic_rounds); });
  };
  limits.multiply_adds_f32 = arithmetic(kernels.repeat_f32);
  limits.multiply_adds_bf16 = arithmetic(kernels.repeat_bf16);
  limits.multiply_adds_int8 = arithmetic(kernels.repeat_int8);
  return limits;
}

}  // namespace kyutaistt
