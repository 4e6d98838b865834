// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <kyutaistt/machine.h>

#include "base/guard.h"
#include "ops/native/instruction_set.h"
#include "ops/native/read_bandwidth.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int memory_passes = 5;
constexpr int arithmetic_passes = 9;
/// Some milliseconds of dot products.
constexpr int64_t arithmetic_rounds = 1000000;

Status check_threads(int threads) {
  if (threads < 1 || threads > max_threads) {
    return Status::invalid_argument("threads: found " + std::to_string(threads) +
                                    ", expected 1 to " + std::to_string(max_threads));
  }
  return {};
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

Result<MachineLimits> measure_machine(int threads) {
  return base::guard("measuring the machine", [&]() -> Result<MachineLimits> {
    KYUTAISTT_TRY(check_threads(threads));
    KYUTAISTT_ASSIGN(kernels, ops::choose_kernels());
    MachineLimits limits;
    {
      ops::ReadBandwidth bandwidth(*kernels, threads);
      for (int pass = 0; pass < memory_passes; ++pass) {
        limits.read_bytes = bandwidth.measure();
      }
    }
    ops::ThreadPool pool(threads);
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

Result<std::unique_ptr<ReadMeter>> ReadMeter::create(int threads) {
  return base::guard("measuring the memory", [&]() -> Result<std::unique_ptr<ReadMeter>> {
    KYUTAISTT_TRY(check_threads(threads));
    KYUTAISTT_ASSIGN(kernels, ops::choose_kernels());
    return std::make_unique<ReadMeter>(std::make_unique<ops::ReadBandwidth>(*kernels, threads));
  });
}

ReadMeter::ReadMeter(std::unique_ptr<ops::ReadBandwidth> bandwidth)
    : bandwidth_(std::move(bandwidth)) {}

ReadMeter::~ReadMeter() = default;

double ReadMeter::measure() {
  return bandwidth_->measure();
}

}  // namespace kyutaistt
