// SPDX-License-Identifier: LGPL-2.1-or-later
/// Functions of rows of values: activations, norms, sums, choices. Part of kernels_body.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/native/kernels.h"

// Registers are filled before they are read; clearing them first would cost instructions.
// NOLINTBEGIN(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)

namespace kyutaistt::ops {

namespace {

using Floats = Vector::Floats;
using Integers = Vector::Integers;
using Bytes = Vector::Bytes;

constexpr int64_t lanes = 16;
constexpr size_t line_bytes = 64;

int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/// e^x - 1 and e^x share this: x = n ln 2 + r with |r| <= ln 2 / 2, and e^r - 1 by Cephes'
/// polynomial (S. Moshier, expf.c).
struct ReducedExponential {
  Floats power;      // n
  Floats minus_one;  // e^r - 1
};

ReducedExponential reduce_exponential(Floats x) {
  // The constants come first: the other order would turn a NaN into a number.
  const Floats low = Vector::broadcast(-87.0F);
  const Floats high = Vector::broadcast(88.0F);
  x = Vector::minimum(high, Vector::maximum(low, x));
  const Floats n = Vector::round(Vector::multiply(x, Vector::broadcast(1.44269504F)));
  Floats r = Vector::multiply_add(n, Vector::broadcast(-0.693359375F), x);
  r = Vector::multiply_add(n, Vector::broadcast(2.12194440e-4F), r);
  Floats p = Vector::broadcast(1.9875691500e-4F);
  p = Vector::multiply_add(p, r, Vector::broadcast(1.3981999507e-3F));
  p = Vector::multiply_add(p, r, Vector::broadcast(8.3334519073e-3F));
  p = Vector::multiply_add(p, r, Vector::broadcast(4.1665795894e-2F));
  p = Vector::multiply_add(p, r, Vector::broadcast(1.6666665459e-1F));
  p = Vector::multiply_add(p, r, Vector::broadcast(5.0000001201e-1F));
  return {n, Vector::multiply_add(Vector::multiply(p, r), r, r)};
}

Floats exponential(Floats x) {
  const ReducedExponential e = reduce_exponential(x);
  return Vector::scale_by_power(Vector::add(e.minus_one, Vector::broadcast(1)), e.power);
}

Floats elu_of(Floats x) {
  const ReducedExponential e = reduce_exponential(x);
  const Floats one = Vector::broadcast(1);
  const Floats negative = Vector::add(Vector::scale_by_power(e.minus_one, e.power),
                                      Vector::subtract(Vector::scale_by_power(one, e.power), one));
  return Vector::where_positive(x, x, negative);
}

/// erfc(z) for z >= 0 with a relative error below 1.2e-7 (Press et al., Numerical Recipes, erfcc).
Floats complementary_error(Floats z) {
  constexpr float coefficients[] = {-0.82215223F, 1.48851587F,  -1.13520398F,
                                    0.27886807F,  -0.18628806F, 0.09678418F,
                                    0.37409196F,  1.00002368F,  -1.26551223F};
  const Floats one = Vector::broadcast(1);
  const Floats t = Vector::divide(one, Vector::multiply_add(z, Vector::broadcast(0.5F), one));
  Floats p = Vector::broadcast(0.17087277F);
  for (const float coefficient : coefficients) {
    p = Vector::multiply_add(p, t, Vector::broadcast(coefficient));
  }
  const Floats square = Vector::multiply(z, z);
  return Vector::multiply(t, exponential(Vector::subtract(p, square)));
}

Floats gelu_of(Floats x) {
  const Floats z = Vector::multiply(Vector::magnitude(x), Vector::broadcast(0.70710678F));
  const Floats rest = complementary_error(z);
  const Floats half = Vector::multiply(x, Vector::broadcast(0.5F));
  const Floats upper = Vector::multiply(half, Vector::subtract(Vector::broadcast(2), rest));
  return Vector::where_positive(x, upper, Vector::multiply(half, rest));
}

Floats silu_of(Floats x) {
  const Floats one = Vector::broadcast(1);
  const Floats negated = Vector::subtract(Vector::zero(), x);
  return Vector::divide(x, Vector::add(one, exponential(negated)));
}

/// Calls whole(i) for sixteen values each, then part(i, count) for those left.
template <typename Whole, typename Part>
void in_lanes(int64_t count, Whole whole, Part part) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    whole(i);
  }
  if (i < count) {
    part(i, count - i);
  }
}

template <Floats function(Floats)>
void map(const float *x, int64_t count, float *output) {
  in_lanes(
      count, [&](int64_t i) { Vector::store(output + i, function(Vector::load(x + i))); },
      [&](int64_t i, int64_t n) {
        Vector::store_first(output + i, function(Vector::load_first(x + i, n)), n);
      });
}

void gated_silu(const float *gate, const float *value, int64_t count, float *output) {
  in_lanes(
      count,
      [&](int64_t i) {
        const Floats silu = silu_of(Vector::load(gate + i));
        Vector::store(output + i, Vector::multiply(silu, Vector::load(value + i)));
      },
      [&](int64_t i, int64_t n) {
        const Floats silu = silu_of(Vector::load_first(gate + i, n));
        Vector::store_first(output + i, Vector::multiply(silu, Vector::load_first(value + i, n)),
                            n);
      });
}

void add(const float *x, int64_t count, float *output) {
  in_lanes(
      count,
      [&](int64_t i) {
        Vector::store(output + i, Vector::add(Vector::load(output + i), Vector::load(x + i)));
      },
      [&](int64_t i, int64_t n) {
        const Floats old = Vector::load_first(output + i, n);
        Vector::store_first(output + i, Vector::add(old, Vector::load_first(x + i, n)), n);
      });
}

float float_of_bf16(uint16_t bits) {
  const uint32_t whole = static_cast<uint32_t>(bits) << 16;
  float value;
  __builtin_memcpy(&value, &whole, sizeof(value));
  return value;
}

void add_bf16(const uint16_t *x, int64_t count, float *output) {
  in_lanes(
      count,
      [&](int64_t i) {
        Vector::store(output + i, Vector::add(Vector::load(output + i), Vector::load_bf16(x + i)));
      },
      [&](int64_t i, int64_t n) {
        for (int64_t k = i; k < i + n; ++k) {
          output[k] += float_of_bf16(x[k]);
        }
      });
}

/// Sum of function(x) over all values; `function` of zero must be zero.
template <typename Function>
float sum_over(const float *x, int64_t count, Function function) {
  Floats sums[2] = {Vector::zero(), Vector::zero()};
  int64_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    sums[0] = Vector::add(sums[0], function(Vector::load(x + i)));
    sums[1] = Vector::add(sums[1], function(Vector::load(x + i + lanes)));
  }
  for (; i < count; i += lanes) {
    const int64_t n = smaller(lanes, count - i);
    sums[0] = Vector::add(sums[0], function(Vector::load_first(x + i, n)));
  }
  return Vector::sum(Vector::add(sums[0], sums[1]));
}

/// What turns some values into codes of at most `greatest_code`, and back.
struct Scaling {
  /// NaN if a value is NaN or infinite.
  float scale;
  /// 0 if all values count as zeros.
  float inverse;
};

Scaling find_scaling(const float *x, int64_t count, float greatest_code) {
  Floats best = Vector::zero();
  Floats zeros = Vector::zero();
  for (int64_t i = 0; i < count; i += lanes) {
    const Floats values = Vector::load_first(x + i, smaller(lanes, count - i));
    best = Vector::maximum(Vector::magnitude(values), best);
    // A maximum passes over NaNs; a product with zero does not.
    zeros = Vector::multiply_add(values, Vector::zero(), zeros);
  }
  const float magnitude = Vector::maximum_of(best) + Vector::sum(zeros);
  // Below this the inverse would not be finite: such values count as zeros.
  const float min_magnitude = greatest_code * 1e-38F;
  return {magnitude / greatest_code, magnitude >= min_magnitude ? greatest_code / magnitude : 0.0F};
}

/// At most sixteen values as codes of 8 bits, filled up with zeros.
void code_int8(const float *x, int64_t count, const Scaling &scaling, int8_t (&codes)[lanes]) {
  if (scaling.inverse == 0 || count <= 0) {
    __builtin_memset(codes, 0, sizeof(codes));
    return;
  }
  const Floats values = Vector::load_first(x, count);
  Vector::store_int8(codes, Vector::multiply(values, Vector::broadcast(scaling.inverse)));
}

float dot(const float *a, const float *b, int64_t count) {
  Floats sums = Vector::zero();
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = smaller(lanes, count - i);
    sums = Vector::multiply_add(Vector::load_first(a + i, n), Vector::load_first(b + i, n), sums);
  }
  return Vector::sum(sums);
}

void rms_norm(const float *x, const float *weight, float epsilon, int64_t count, float *output) {
  const float squares = sum_over(x, count, [](Floats v) { return Vector::multiply(v, v); });
  const float mean = squares / static_cast<float>(count);
  const Floats factor = Vector::broadcast(1.0F / __builtin_sqrtf(mean + epsilon));
  in_lanes(
      count,
      [&](int64_t i) {
        const Floats scaled = Vector::multiply(Vector::load(x + i), factor);
        Vector::store(output + i, Vector::multiply(scaled, Vector::load(weight + i)));
      },
      [&](int64_t i, int64_t n) {
        const Floats scaled = Vector::multiply(Vector::load_first(x + i, n), factor);
        Vector::store_first(output + i, Vector::multiply(scaled, Vector::load_first(weight + i, n)),
                            n);
      });
}

void layer_norm(const float *x, const float *weight, const float *bias, float epsilon,
                int64_t count, float *output) {
  const auto whole = static_cast<float>(count);
  const float mean = sum_over(x, count, [](Floats v) { return v; }) / whole;
  const Floats centre = Vector::broadcast(mean);
  in_lanes(
      count,
      [&](int64_t i) { Vector::store(output + i, Vector::subtract(Vector::load(x + i), centre)); },
      [&](int64_t i, int64_t n) {
        Vector::store_first(output + i, Vector::subtract(Vector::load_first(x + i, n), centre), n);
      });
  const float variance =
      sum_over(output, count, [](Floats v) { return Vector::multiply(v, v); }) / whole;
  const Floats factor = Vector::broadcast(1.0F / __builtin_sqrtf(variance + epsilon));
  in_lanes(
      count,
      [&](int64_t i) {
        const Floats scaled = Vector::multiply(Vector::load(output + i), factor);
        Vector::store(output + i, Vector::multiply_add(scaled, Vector::load(weight + i),
                                                       Vector::load(bias + i)));
      },
      [&](int64_t i, int64_t n) {
        const Floats scaled = Vector::multiply(Vector::load_first(output + i, n), factor);
        Vector::store_first(output + i,
                            Vector::multiply_add(scaled, Vector::load_first(weight + i, n),
                                                 Vector::load_first(bias + i, n)),
                            n);
      });
}

constexpr float lowest = -__builtin_huge_valf();

/// The greatest value; NaNs do not count.
float greatest(const float *x, int64_t count) {
  Floats best = Vector::broadcast(lowest);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    best = Vector::maximum(Vector::load(x + i), best);
  }
  float result = Vector::maximum_of(best);
  for (; i < count; ++i) {
    result = x[i] > result ? x[i] : result;
  }
  return result;
}

int64_t first_index(const float *x, int64_t count, float value) {
  for (int64_t i = 0; i < count; ++i) {
    if (x[i] == value) {
      return i;
    }
  }
  return 0;
}

int64_t greatest_index(const float *x, int64_t count) {
  return first_index(x, count, greatest(x, count));
}

int64_t choose(const float *x, int64_t count, float *probability) {
  const float best = greatest(x, count);
  Floats sums = Vector::zero();
  int64_t i = 0;
  const Floats shift = Vector::broadcast(best);
  for (; i + lanes <= count; i += lanes) {
    sums = Vector::add(sums, exponential(Vector::subtract(Vector::load(x + i), shift)));
  }
  float total = Vector::sum(sums);
  if (i < count) {
    float last[lanes];
    Vector::store(last, exponential(Vector::subtract(Vector::load_first(x + i, count - i), shift)));
    for (int64_t k = 0; k < count - i; ++k) {
      total += last[k];
    }
  }
  *probability = 1.0F / total;
  return first_index(x, count, best);
}

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
