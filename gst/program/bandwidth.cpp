// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/bandwidth.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

namespace kyutaistt::program {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t buffer_bytes = size_t{512} << 20;
constexpr int passes = 6;

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

}  // namespace

double measure_read_bandwidth(int threads) {
  const auto count = static_cast<size_t>(std::max(threads, 1));
  const std::vector<uint64_t> buffer(buffer_bytes / sizeof(uint64_t), 1);
  const size_t share = buffer.size() / count;
  std::atomic<uint64_t> checksum = 0;
  std::barrier line(static_cast<std::ptrdiff_t>(count) + 1);
  std::vector<std::thread> readers;
  for (size_t reader = 0; reader < count; ++reader) {
    readers.emplace_back([&, reader] {
      for (int pass = 0; pass < passes; ++pass) {
        line.arrive_and_wait();
        checksum += sum(std::span(buffer).subspan(reader * share, share));
        line.arrive_and_wait();
      }
    });
  }
  double best = 0;
  for (int pass = 0; pass < passes; ++pass) {
    line.arrive_and_wait();
    const auto begin = Clock::now();
    line.arrive_and_wait();
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    best = std::max(best, static_cast<double>(share * count * sizeof(uint64_t)) / seconds);
  }
  for (std::thread &reader : readers) {
    reader.join();
  }
  // Using the sums keeps the compiler from leaving out the reading.
  return checksum > 0 ? best : 0;
}

}  // namespace kyutaistt::program
