// SPDX-License-Identifier: LGPL-2.1-or-later
/// Dot products from registers, for measuring what the processor can do. Part of kernels_body.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "ops/native/kernel_functions.h"

// Registers are filled before they are read; clearing them first would cost instructions.
// NOLINTBEGIN(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)

namespace kyutaistt::ops {

namespace {

/// A tile that fits into the registers together with what it multiplies.
constexpr int measured_panels = Vector::tile_panels > 2 ? 2 : Vector::tile_panels;

/// Something that the compiler does not know, or must not leave out.
volatile float unknown = 1;

/// Repeats add_to(sum, index, round) on independent sums that begin with `start()`. Returns how
/// many products of two numbers were added up; `each` is what one call adds up.
template <int independent, typename Start, typename Add>
int64_t repeat(int64_t rounds, int64_t each, Start start, Add add_to) {
  decltype(start()) sums[independent];
  for (auto &sum : sums) {
    sum = start();
  }
  for (int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < independent; ++i) {
      sums[i] = add_to(sums[i], i, round);
    }
  }
  for (const auto &sum : sums) {
    if constexpr (std::is_same_v<decltype(start()), Integers>) {
      unknown = Vector::sum(Vector::to_floats(sum));
    } else {
      unknown = Vector::sum(sum);
    }
  }
  return rounds * independent * each;
}

Floats start_floats() {
  return Vector::broadcast(unknown);
}

constexpr int float_sums = Vector::tile_rows * measured_panels;

int64_t repeat_f32(int64_t rounds) {
  const Floats x = Vector::broadcast(unknown);
  return repeat<float_sums>(rounds, lanes, start_floats,
                            [&](Floats sum, int /*index*/, int64_t /*round*/) {
                              return Vector::multiply_add(x, x, sum);
                            });
}

int64_t repeat_bf16(int64_t rounds) {
  alignas(line_bytes) const uint16_t small[2 * lanes] = {1, 2, 3, 4};
  const Bytes weights = Vector::load_bytes(reinterpret_cast<const std::byte *>(small));
  return repeat<float_sums>(rounds, 2 * lanes, start_floats,
                            [&](Floats sum, int /*index*/, int64_t /*round*/) {
                              return Vector::dot_bf16(sum, weights, small);
                            });
}

// Integers as in a tile: each row's codes with each panel's weights. They change from round to
// round, or the compiler would multiply once and only add up afterwards.

int64_t repeat_int16(int64_t rounds) {
  constexpr int rows = Vector::whole_tile_rows;
  constexpr int panels = measured_panels;
  alignas(line_bytes) const std::byte weights[2][panels][line_bytes] = {};
  const int16_t codes[2][rows][2] = {};
  const auto start = [] { return Vector::broadcast_integer(static_cast<int32_t>(unknown)); };
  return repeat<rows * panels>(
      rounds, 2 * lanes, start, [&](Integers sum, int index, int64_t round) {
        const auto *column = weights[round % 2][index / rows];
        return Vector::dot_int16(sum, Vector::load_bytes(column), codes[round % 2][index % rows]);
      });
}

int64_t repeat_int8(int64_t rounds) {
  constexpr int rows = Vector::whole_tile_rows;
  constexpr int panels = measured_panels;
  alignas(line_bytes) const std::byte weights[2][panels][line_bytes] = {};
  const Vector::Code codes[2][rows][4] = {};
  const auto start = [] { return Vector::broadcast_integer(static_cast<int32_t>(unknown)); };
  return repeat<rows * panels>(
      rounds, 4 * lanes, start, [&](Integers sum, int index, int64_t round) {
        const auto *column = weights[round % 2][index / rows];
        return Vector::dot(sum, Vector::load_columns(column), codes[round % 2][index % rows]);
      });
}

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
