// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sixteen lanes in the compiler's own vector types: for every architecture, in whatever registers
/// it has. Included by one unit.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

// What is copied in byte by byte is not cleared first.
// NOLINTBEGIN(cppcoreguidelines-init-variables)

namespace kyutaistt::ops {

namespace {

struct Vector {
  static constexpr int tile_rows = 2;
  static constexpr int whole_tile_rows = 2;
  static constexpr int tile_panels = 1;
  static constexpr int few_rows_panels = 1;
  /// Sums of an int16 product at once.
  static constexpr int int16_sums = 2;
  static constexpr int lanes = 16;

  using Floats = float __attribute__((vector_size(64)));
  using Integers = int32_t __attribute__((vector_size(64)));
  using Bytes = uint8_t __attribute__((vector_size(64)));
  /// Weights and inputs of int8 products.
  using Columns = Bytes;
  using Code = int8_t;
  /// Of a group of int4 products.
  using GroupSums = Integers;

  static Floats zero() { return Floats{}; }
  static Floats broadcast(float value) { return Floats{} + value; }
  static Floats load(const float *p) {
    Floats x;
    __builtin_memcpy(&x, p, sizeof(x));
    return x;
  }
  static Floats load_first(const float *p, int64_t count) {
    Floats x{};
    for (int64_t i = 0; i < count; ++i) {
      x[i] = p[i];
    }
    return x;
  }
  static void store(float *p, Floats x) { __builtin_memcpy(p, &x, sizeof(x)); }
  static void store_first(float *p, Floats x, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      p[i] = x[i];
    }
  }
  static Floats load_bf16(const uint16_t *p) {
    Integers bits;
    for (int i = 0; i < lanes; ++i) {
      bits[i] = static_cast<int32_t>(static_cast<uint32_t>(p[i]) << 16);
    }
    return as_floats(bits);
  }
  static Floats load_int8(const int8_t *p) {
    Floats x;
    for (int i = 0; i < lanes; ++i) {
      x[i] = static_cast<float>(p[i]);
    }
    return x;
  }
  static void store_bf16(uint16_t *p, Floats x) {
    for (int i = 0; i < lanes; ++i) {
      const float value = x[i];
      uint32_t bits;
      __builtin_memcpy(&bits, &value, sizeof(bits));
      p[i] = static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
    }
  }
  /// Values within [-128, 127], rounded to the nearest.
  static void store_int8(int8_t *p, Floats x) {
    for (int i = 0; i < lanes; ++i) {
      p[i] = static_cast<int8_t>(__builtin_rintf(x[i]));
    }
  }
  /// Values that fit into 16 bits, rounded to the nearest.
  static void store_int16(int16_t *p, Floats x) {
    for (int i = 0; i < lanes; ++i) {
      p[i] = static_cast<int16_t>(__builtin_rintf(x[i]));
    }
  }

  static Floats add(Floats a, Floats b) { return a + b; }
  static Floats subtract(Floats a, Floats b) { return a - b; }
  static Floats multiply(Floats a, Floats b) { return a * b; }
  static Floats divide(Floats a, Floats b) { return a / b; }
  /// a * b + c
  static Floats multiply_add(Floats a, Floats b, Floats c) { return a * b + c; }
  static Floats maximum(Floats a, Floats b) { return a > b ? a : b; }
  static Floats minimum(Floats a, Floats b) { return a < b ? a : b; }
  static Floats magnitude(Floats a) { return a < 0.0F ? -a : a; }
  /// a > 0 ? b : c
  static Floats where_positive(Floats a, Floats b, Floats c) { return a > 0.0F ? b : c; }
  static Floats round(Floats a) {
    // Adding 1.5 * 2^23 leaves no bits after the binary point; for magnitudes below 2^22.
    const Floats shift = broadcast(12582912.0F);
    Floats shifted = a + shift;
    // Keeps the compiler from cancelling both.
    asm volatile("" : "+m"(shifted));
    return shifted - shift;
  }
  /// a * 2^n for whole n within [-126, 127].
  static Floats scale_by_power(Floats a, Floats n) {
    const Integers biased = __builtin_convertvector(n, Integers) + 127;
    return a * as_floats(biased << 23);
  }
  static float sum(Floats a) {
    float total = 0;
    for (int i = 0; i < lanes; ++i) {
      total += a[i];
    }
    return total;
  }
  static float maximum_of(Floats a) {
    float best = a[0];
    for (int i = 1; i < lanes; ++i) {
      best = a[i] > best ? a[i] : best;
    }
    return best;
  }

  static Integers broadcast_integer(int32_t value) { return Integers{} + value; }
  static Floats to_floats(Integers a) { return __builtin_convertvector(a, Floats); }
  static int32_t sum_of_int8(const int8_t *p) {
    int32_t total = 0;
    for (int i = 0; i < lanes; ++i) {
      total += p[i];
    }
    return total;
  }

  static Bytes load_bytes(const std::byte *p) {
    Bytes x;
    __builtin_memcpy(&x, p, sizeof(x));
    return x;
  }
  static Bytes low_halves(Bytes a) { return a & 0x0F; }
  static Bytes high_halves(Bytes a) { return a >> 4; }
  static Columns load_columns(const std::byte *p) { return load_bytes(p); }
  /// What the sums of a group of int8 products begin with: it cancels the weights' offset.
  static Integers begin_int8(int32_t correction) { return broadcast_integer(correction); }
  /// Sixteen codes in the form that `dot` takes.
  static void arrange(const int8_t *codes, Code *place) { __builtin_memcpy(place, codes, lanes); }
  /// sums[lane] += the lane's four unsigned bytes * the four signed codes.
  static Integers dot(Integers sums, Columns weights, const Code *codes) {
    for (int i = 0; i < lanes; ++i) {
      for (int k = 0; k < 4; ++k) {
        sums[i] += static_cast<int32_t>(weights[4 * i + k]) * codes[k];
      }
    }
    return sums;
  }
  /// sums[lane] += the lane's pair of integers * the pair of codes.
  static Integers dot_int16(Integers sums, Bytes weights, const int16_t *codes) {
    Integers pairs;
    __builtin_memcpy(&pairs, &weights, sizeof(pairs));
    // The first of a pair is the low half.
    return sums + ((pairs << 16) >> 16) * codes[0] + (pairs >> 16) * codes[1];
  }
  static GroupSums begin_group(int32_t correction) { return broadcast_integer(correction); }
  static GroupSums dot_int4(GroupSums sums, Bytes weights, const int8_t *codes) {
    return dot(sums, weights, codes);
  }
  static Integers end_group(GroupSums sums, int32_t /*correction*/) { return sums; }
  /// sums[lane] += the lane's pair of bf16 * the pair of inputs.
  static Floats dot_bf16(Floats sums, Bytes weights, const uint16_t *inputs) {
    Integers pairs;
    __builtin_memcpy(&pairs, &weights, sizeof(pairs));
    const auto widen = [](uint16_t bits) {
      const uint32_t whole = static_cast<uint32_t>(bits) << 16;
      float value;
      __builtin_memcpy(&value, &whole, sizeof(value));
      return value;
    };
    const Integers low = pairs << 16;
    const Integers high = pairs & static_cast<int32_t>(0xFFFF0000U);
    return sums + as_floats(low) * widen(inputs[0]) + as_floats(high) * widen(inputs[1]);
  }

 private:
  static Floats as_floats(Integers bits) {
    Floats x;
    __builtin_memcpy(&x, &bits, sizeof(x));
    return x;
  }
};

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables)
