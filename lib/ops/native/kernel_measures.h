// SPDX-License-Identifier: LGPL-2.1-or-later
/// Dot products from registers, for measuring what the processor can do. Part of kernels_body.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/native/kernel_functions.h"

// Registers are filled before they are read; clearing them first would cost instructions.
// NOLINTBEGIN(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)

namespace kyutaistt::ops {

namespace {

/// Repeats add(sum) on more independent sums than an instruction's latency can keep busy. Returns
/// how many products of two numbers were added up; `each` is what one call adds up.
template <typename Sum, typename Add>
int64_t repeat(int64_t rounds, int64_t each, Add add_to) {
  constexpr int independent = Vector::tile_rows * Vector::tile_panels > 12 ? 12 : 4;
  Sum sums[independent];
  for (Sum &sum : sums) {
    sum = Sum{};
    // Keeps the compiler from seeing that all are the same.
    asm volatile("" : "+m"(sum));
  }
  for (int64_t round = 0; round < rounds; ++round) {
    for (Sum &sum : sums) {
      sum = add_to(sum);
    }
  }
  for (Sum &sum : sums) {
    // Keeps the compiler from leaving the work out.
    asm volatile("" : : "m"(sum));
  }
  return rounds * independent * each;
}

int64_t repeat_f32(int64_t rounds) {
  const Floats x = Vector::broadcast(0.5F);
  return repeat<Floats>(rounds, lanes, [&](Floats sum) { return Vector::multiply_add(x, x, sum); });
}

alignas(line_bytes) constexpr int8_t small_codes[line_bytes] = {1, 2, 3, 4, 5, 6, 7, 8};

int64_t repeat_bf16(int64_t rounds) {
  const Bytes weights = Vector::load_bytes(reinterpret_cast<const std::byte *>(small_codes));
  uint16_t inputs[2] = {1, 2};
  return repeat<Floats>(rounds, 2 * lanes,
                        [&](Floats sum) { return Vector::dot_bf16(sum, weights, inputs); });
}

int64_t repeat_int8(int64_t rounds) {
  const Bytes weights = Vector::load_bytes(reinterpret_cast<const std::byte *>(small_codes));
  return repeat<Integers>(rounds, 4 * lanes,
                          [&](Integers sum) { return Vector::dot(sum, weights, small_codes); });
}

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
