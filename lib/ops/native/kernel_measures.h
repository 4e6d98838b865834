// SPDX-License-Identifier: LGPL-2.1-or-later
/// Dot products from registers and reading of memory, for measuring what the machine can do. Part
/// of kernels_body.h.
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

/// Sums up what lies in so many places, some cache lines of each in turn, of which the last ones
/// asked for are `ahead` bytes further on.
template <int places, int lines, size_t ahead>
void read_places(const std::byte *memory, size_t distance) {
  Floats sums[places * lines];
  for (Floats &sum : sums) {
    sum = Vector::zero();
  }
  size_t at = 0;
  for (; at + lines * line_bytes <= distance; at += lines * line_bytes) {
    for (int place = 0; place < places; ++place) {
      const std::byte *const first = memory + static_cast<size_t>(place) * distance + at;
      for (int i = 0; i < lines; ++i) {
        const std::byte *const here = first + static_cast<size_t>(i) * line_bytes;
        if constexpr (ahead > 0) {
          __builtin_prefetch(here + ahead, 0, 0);
        }
        Floats &sum = sums[place * lines + i];
        sum = Vector::add(sum, Vector::load(reinterpret_cast<const float *>(here)));
      }
    }
  }
  for (const Floats &sum : sums) {
    unknown = Vector::sum(sum);
  }
}

template <size_t ahead>
void read_memory(const std::byte *memory, int places, size_t distance) {
  switch (places) {
    case 1:
      read_places<1, 8, ahead>(memory, distance);
      return;
    case 4:
      read_places<4, 2, ahead>(memory, distance);
      return;
    case 8:
      read_places<8, 1, ahead>(memory, distance);
      return;
    default:
      read_places<16, 1, ahead>(memory, distance);
  }
}

void read(const std::byte *memory, int places, size_t distance, bool asks) {
  constexpr size_t ahead = 1024;
  if (asks) {
    read_memory<ahead>(memory, places, distance);
  } else {
    read_memory<0>(memory, places, distance);
  }
}

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
