// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/read_bandwidth.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace kyutaistt::ops {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t buffer_bytes = size_t{512} << 20;
constexpr size_t line = 64;
/// Places that a thread reads at once.
constexpr int ways_of_reading[] = {1, 4, 8, 16};
/// Shape of the products: a layer's width.
constexpr int64_t columns = 2048;
/// Every type of weight and scale is an ordinary number with these bytes.
constexpr int filling = 0x3C;

/// Bytes from one place to the next. Places must not be a power of two apart, or they would lie in
/// the same sets of the caches and the same banks of the memory.
size_t distance_of(size_t bytes, int places) {
  const size_t lines = bytes / line / static_cast<size_t>(places);
  return (places == 1 ? lines : lines * 62 / 63 | 1U) * line;
}

double rate(size_t bytes, Clock::time_point begin) {
  return static_cast<double>(bytes) / std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

ReadBandwidth::ReadBandwidth(const Kernels &kernels, int threads)
    : pool_(threads), kernels_(kernels), multiplier_(kernels, pool_), memory_(buffer_bytes) {
  // Memory that was never written is one page of zeros, again and again.
  const size_t share = buffer_bytes / static_cast<size_t>(threads);
  pool_.run(threads, [&](int64_t index, int /*thread*/) {
    std::memset(memory_.data() + static_cast<size_t>(index) * share, filling, share);
  });
  for (const WeightType type : {WeightType::Bf16, WeightType::Int8, WeightType::Int4}) {
    PanelFormat format{type, panel_rows, columns};
    format.rows *= static_cast<int64_t>(buffer_bytes / format.panel_bytes());
    weights_.emplace_back(format, memory_.data());
  }
  input_.resize(columns, 1);
  int64_t rows = 0;
  for (const PanelMatrix &weight : weights_) {
    rows = std::max(rows, weight.rows);
  }
  output_.resize(static_cast<size_t>(rows));
}

void ReadBandwidth::read_plainly(int places, bool asks) {
  const size_t share = buffer_bytes / static_cast<size_t>(pool_.threads());
  const size_t distance = distance_of(share, places);
  const auto begin = Clock::now();
  pool_.run(pool_.threads(), [&](int64_t index, int /*thread*/) {
    kernels_.read(memory_.data() + static_cast<size_t>(index) * share, places, distance, asks);
  });
  const size_t readers = static_cast<size_t>(pool_.threads()) * static_cast<size_t>(places);
  best_ = std::max(best_, rate(readers * distance, begin));
}

void ReadBandwidth::read_as_product(const PanelMatrix &weight) {
  const float *const row = input_.data();
  const auto begin = Clock::now();
  multiplier_.multiply(weight, {&row, 1}, {.values = output_.data(), .stride = weight.rows});
  best_ = std::max(best_, rate(weight.bytes(), begin));
}

double ReadBandwidth::measure() {
  for (const int places : ways_of_reading) {
    for (const bool asks : {false, true}) {
      read_plainly(places, asks);
    }
  }
  for (const PanelMatrix &weight : weights_) {
    read_as_product(weight);
  }
  return best_;
}

}  // namespace kyutaistt::ops
