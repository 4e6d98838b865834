// SPDX-License-Identifier: LGPL-2.1-or-later
/// The kernels, written once for sixteen lanes. Included by one unit for each instruction set,
/// behind the header that defines `Vector` for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/native/kernels.h"
#include "ops/native/panel_format.h"

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

// Functions of one value.

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
  const float whole = static_cast<float>(count);
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

// Inputs of products.

void to_bf16(const float *x, int64_t count, int64_t padded, uint16_t *output) {
  in_lanes(
      count, [&](int64_t i) { Vector::store_bf16(output + i, Vector::load(x + i)); },
      [&](int64_t i, int64_t n) {
        uint16_t last[lanes];
        Vector::store_bf16(last, Vector::load_first(x + i, n));
        __builtin_memcpy(output + i, last, static_cast<size_t>(n) * sizeof(uint16_t));
      });
  for (int64_t i = count; i < padded; ++i) {
    output[i] = 0;
  }
}

void quantise(const float *x, int64_t count, int64_t padded, int64_t group, int offset,
              int8_t *codes, float *scales, int32_t *corrections) {
  constexpr float greatest_code = 127;
  for (int64_t begin = 0; begin < padded; begin += group) {
    const int64_t end = smaller(begin + group, padded);
    const int64_t known = smaller(end, count);
    Floats best = Vector::zero();
    for (int64_t i = begin; i < known; i += lanes) {
      const Floats values = Vector::load_first(x + i, smaller(lanes, known - i));
      best = Vector::maximum(Vector::magnitude(values), best);
    }
    const float magnitude = Vector::maximum_of(best);
    const float inverse = magnitude > 0 ? greatest_code / magnitude : 0;
    int32_t sum = 0;
    for (int64_t i = begin; i < end; i += lanes) {
      const int64_t n = smaller(lanes, known - i);
      int8_t sixteen[lanes] = {};
      if (n > 0) {
        const Floats values = Vector::load_first(x + i, n);
        Vector::store_int8(sixteen, Vector::multiply(values, Vector::broadcast(inverse)));
      }
      sum += Vector::sum_of_int8(sixteen);
      __builtin_memcpy(codes + i, sixteen, static_cast<size_t>(smaller(lanes, end - i)));
    }
    *scales++ = magnitude / greatest_code;
    *corrections++ = -offset * sum;
  }
}

// Products.

/// Asks for one line of each of the panels that are wanted soon.
void prefetch(const ProductTile &tile, size_t offset) {
  const std::byte *line = tile.prefetched + offset;
  for (int i = 0; i < tile.prefetched_count; ++i) {
    __builtin_prefetch(line, 0, 2);
    line += tile.panel_bytes;
  }
}

template <int panels, int rows>
struct Sums {
  Floats of[panels][rows];

  void begin(const ProductTile &tile) {
    for (int p = 0; p < panels; ++p) {
      for (int r = 0; r < rows; ++r) {
        of[p][r] = tile.begin == 0 ? Vector::zero()
                                   : Vector::load(tile.partial + (r * panels + p) * lanes);
      }
    }
  }

  void finish(const ProductTile &tile) const {
    for (int r = 0; r < rows; ++r) {
      for (int p = 0; p < panels; ++p) {
        if (tile.end < tile.columns) {
          Vector::store(tile.partial + (r * panels + p) * lanes, of[p][r]);
        } else {
          write(tile, p, r);
        }
      }
    }
  }

 private:
  void write(const ProductTile &tile, int p, int r) const {
    const int64_t first = p * lanes;
    const int64_t n = smaller(lanes, tile.output_count - first);
    float *place = tile.output + r * tile.output_stride + first;
    Floats value = of[p][r];
    if (tile.bias != nullptr) {
      value = Vector::add(value, Vector::load_first(tile.bias + first, n));
    }
    if (tile.accumulate) {
      const Floats old = Vector::load_first(place, n);
      value = tile.scale == nullptr
                  ? Vector::add(old, value)
                  : Vector::multiply_add(Vector::load_first(tile.scale + first, n), value, old);
    }
    Vector::store_first(place, value, n);
  }
};

template <int panels, int rows>
void multiply_f32(const ProductTile &tile) {
  const float *weights[panels];
  const float *inputs[rows];
  for (int p = 0; p < panels; ++p) {
    weights[p] =
        reinterpret_cast<const float *>(tile.panels + static_cast<size_t>(p) * tile.panel_bytes);
  }
  for (int r = 0; r < rows; ++r) {
    inputs[r] = static_cast<const float *>(tile.rows[r]) + tile.begin;
  }
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t count = tile.end - tile.begin;
  for (int64_t k = 0; k < count; ++k) {
    Floats column[panels];
    for (int p = 0; p < panels; ++p) {
      column[p] = Vector::load(weights[p] + k * lanes);
    }
    for (int r = 0; r < rows; ++r) {
      const Floats input = Vector::broadcast(inputs[r][k]);
      for (int p = 0; p < panels; ++p) {
        sums.of[p][r] = Vector::multiply_add(column[p], input, sums.of[p][r]);
      }
    }
    prefetch(tile, static_cast<size_t>(k) * line_bytes);
  }
  sums.finish(tile);
}

template <int panels, int rows>
void multiply_bf16(const ProductTile &tile) {
  const std::byte *weights[panels];
  const uint16_t *inputs[rows];
  for (int p = 0; p < panels; ++p) {
    weights[p] = tile.panels + static_cast<size_t>(p) * tile.panel_bytes;
  }
  for (int r = 0; r < rows; ++r) {
    inputs[r] = static_cast<const uint16_t *>(tile.rows[r]) + tile.begin;
  }
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t pairs = (tile.end - tile.begin) / 2;
  for (int64_t k = 0; k < pairs; ++k) {
    Bytes columns[panels];
    for (int p = 0; p < panels; ++p) {
      columns[p] = Vector::load_bytes(weights[p] + static_cast<size_t>(k) * line_bytes);
    }
    for (int r = 0; r < rows; ++r) {
      for (int p = 0; p < panels; ++p) {
        sums.of[p][r] = Vector::dot_bf16(sums.of[p][r], columns[p], inputs[r] + 2 * k);
      }
    }
    prefetch(tile, static_cast<size_t>(k) * line_bytes);
  }
  sums.finish(tile);
}

template <int panels, int rows>
void multiply_int16(const ProductTile &tile) {
  const float *inputs[rows];
  for (int r = 0; r < rows; ++r) {
    inputs[r] = static_cast<const float *>(tile.rows[r]) + tile.begin;
  }
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t count = tile.end - tile.begin;
  size_t offset = 0;
  for (int64_t begin = 0; begin < count; begin += int16_group) {
    Floats products[panels][rows];
    for (int p = 0; p < panels; ++p) {
      for (int r = 0; r < rows; ++r) {
        products[p][r] = Vector::zero();
      }
    }
    const size_t scales = offset;
    offset += line_bytes;
    const int64_t end = smaller(begin + int16_group, count);
    for (int64_t k = begin; k < end; ++k) {
      Floats column[panels];
      for (int p = 0; p < panels; ++p) {
        column[p] = Vector::load_int16(reinterpret_cast<const int16_t *>(
            tile.panels + static_cast<size_t>(p) * tile.panel_bytes + offset));
      }
      for (int r = 0; r < rows; ++r) {
        const Floats input = Vector::broadcast(inputs[r][k]);
        for (int p = 0; p < panels; ++p) {
          products[p][r] = Vector::multiply_add(column[p], input, products[p][r]);
        }
      }
      prefetch(tile, offset);
      offset += line_bytes / 2;
    }
    for (int p = 0; p < panels; ++p) {
      const Floats scale = Vector::load(reinterpret_cast<const float *>(
          tile.panels + static_cast<size_t>(p) * tile.panel_bytes + scales));
      for (int r = 0; r < rows; ++r) {
        sums.of[p][r] = Vector::multiply_add(products[p][r], scale, sums.of[p][r]);
      }
    }
  }
  sums.finish(tile);
}

/// Pointers into the rows of a product of whole numbers.
template <int rows>
struct QuantisedInputs {
  const int8_t *codes[rows];
  const float *scales[rows];
  const int32_t *corrections[rows];

  QuantisedInputs(const ProductTile &tile, int64_t group) {
    for (int r = 0; r < rows; ++r) {
      const auto *row = static_cast<const QuantisedRow *>(tile.rows[r]);
      codes[r] = row->codes + tile.begin;
      scales[r] = row->scales + tile.begin / group;
      corrections[r] = row->corrections + tile.begin / group;
    }
  }
};

template <int panels, int rows>
void multiply_int8(const ProductTile &tile) {
  const QuantisedInputs<rows> inputs(tile, int8_group);
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t count = tile.end - tile.begin;
  size_t offset = 0;
  for (int64_t begin = 0; begin < count; begin += int8_group) {
    const int64_t group = begin / int8_group;
    Integers products[panels][rows];
    for (int r = 0; r < rows; ++r) {
      const Integers correction = Vector::broadcast_integer(inputs.corrections[r][group]);
      for (int p = 0; p < panels; ++p) {
        products[p][r] = correction;
      }
    }
    const size_t scales = offset;
    prefetch(tile, offset);
    offset += line_bytes;
    const int64_t end = smaller(begin + int8_group, count);
    for (int64_t k = begin; k < end; k += 4) {
      Bytes columns[panels];
      for (int p = 0; p < panels; ++p) {
        columns[p] =
            Vector::load_bytes(tile.panels + static_cast<size_t>(p) * tile.panel_bytes + offset);
      }
      for (int r = 0; r < rows; ++r) {
        for (int p = 0; p < panels; ++p) {
          products[p][r] = Vector::dot(products[p][r], columns[p], inputs.codes[r] + k);
        }
      }
      prefetch(tile, offset);
      offset += line_bytes;
    }
    for (int p = 0; p < panels; ++p) {
      const Floats weight_scale = Vector::load(reinterpret_cast<const float *>(
          tile.panels + static_cast<size_t>(p) * tile.panel_bytes + scales));
      for (int r = 0; r < rows; ++r) {
        const Floats scale =
            Vector::multiply(weight_scale, Vector::broadcast(inputs.scales[r][group]));
        sums.of[p][r] =
            Vector::multiply_add(Vector::to_floats(products[p][r]), scale, sums.of[p][r]);
      }
    }
  }
  sums.finish(tile);
}

template <int panels, int rows>
void multiply_int4(const ProductTile &tile) {
  const QuantisedInputs<rows> inputs(tile, int4_group);
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t count = tile.end - tile.begin;
  size_t offset = 0;
  size_t scales = 0;
  for (int64_t begin = 0; begin < count; begin += int4_group) {
    const int64_t group = begin / int4_group;
    // The scales of two groups lie together.
    const bool is_second = begin % int4_chunk != 0;
    if (!is_second) {
      prefetch(tile, offset);
      scales = offset;
      offset += line_bytes;
    }
    Integers products[panels][rows];
    for (int r = 0; r < rows; ++r) {
      const Integers correction = Vector::broadcast_integer(inputs.corrections[r][group]);
      for (int p = 0; p < panels; ++p) {
        products[p][r] = correction;
      }
    }
    for (int64_t k = begin; k < begin + int4_group; k += 8) {
      Bytes low[panels];
      Bytes high[panels];
      for (int p = 0; p < panels; ++p) {
        const Bytes both =
            Vector::load_bytes(tile.panels + static_cast<size_t>(p) * tile.panel_bytes + offset);
        low[p] = Vector::low_halves(both);
        high[p] = Vector::high_halves(both);
      }
      for (int r = 0; r < rows; ++r) {
        for (int p = 0; p < panels; ++p) {
          products[p][r] = Vector::dot(products[p][r], low[p], inputs.codes[r] + k);
          products[p][r] = Vector::dot(products[p][r], high[p], inputs.codes[r] + k + 4);
        }
      }
      prefetch(tile, offset);
      offset += line_bytes;
    }
    for (int p = 0; p < panels; ++p) {
      const auto *place = reinterpret_cast<const uint16_t *>(
          tile.panels + static_cast<size_t>(p) * tile.panel_bytes + scales);
      const Floats weight_scale = Vector::load_bf16(place + (is_second ? lanes : 0));
      for (int r = 0; r < rows; ++r) {
        const Floats scale =
            Vector::multiply(weight_scale, Vector::broadcast(inputs.scales[r][group]));
        sums.of[p][r] =
            Vector::multiply_add(Vector::to_floats(products[p][r]), scale, sums.of[p][r]);
      }
    }
  }
  sums.finish(tile);
}

// The same for every shape of a tile.

struct MultiplyF32 {
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_f32<panels, rows>(tile);
  }
};

struct MultiplyBf16 {
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_bf16<panels, rows>(tile);
  }
};

struct MultiplyInt16 {
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_int16<panels, rows>(tile);
  }
};

struct MultiplyInt8 {
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_int8<panels, rows>(tile);
  }
};

struct MultiplyInt4 {
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_int4<panels, rows>(tile);
  }
};

template <typename Multiply, int panels, int rows>
void with_rows(const ProductTile &tile) {
  if constexpr (rows > 1) {
    if (tile.row_count < rows) {
      with_rows<Multiply, panels, rows - 1>(tile);
      return;
    }
  }
  Multiply::template run<panels, rows>(tile);
}

template <typename Multiply>
void product(const ProductTile &tile) {
  if constexpr (Vector::few_rows_panels >= 8) {
    if (tile.panel_count == 8) {
      with_rows<Multiply, 8, few_rows>(tile);
      return;
    }
  }
  if constexpr (Vector::tile_panels >= 4) {
    if (tile.panel_count == 4) {
      with_rows<Multiply, 4, Vector::tile_rows>(tile);
      return;
    }
  }
  if constexpr (Vector::tile_panels >= 2) {
    if (tile.panel_count == 2) {
      with_rows<Multiply, 2, Vector::tile_rows>(tile);
      return;
    }
  }
  with_rows<Multiply, 1, Vector::tile_rows>(tile);
}

// Measuring.

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

// Attention.

/// Rotates the pairs (i, i + dimension / 2) by the position's angles.
void rotate(const float *x, const float *cosines, const float *sines, int64_t dimension,
            float factor, float *output) {
  const int64_t half = dimension / 2;
  for (int64_t i = 0; i < half; ++i) {
    output[i] = (x[i] * cosines[i] - x[i + half] * sines[i]) * factor;
    output[i + half] = (x[i + half] * cosines[i] + x[i] * sines[i]) * factor;
  }
}

uint16_t bf16_of_float(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

/// The scale that makes the greatest magnitude 127.
float int8_scale(const float *x, int64_t count) {
  float best = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float magnitude = __builtin_fabsf(x[i]);
    best = magnitude > best ? magnitude : best;
  }
  return best / 127.0F;
}

int8_t int8_of_float(float value, float inverse) {
  const float code = __builtin_rintf(value * inverse);
  // Negated, so that a NaN becomes 0 instead of something undefined.
  return !(code >= -127.0F && code <= 127.0F) ? int8_t{0} : static_cast<int8_t>(code);
}

/// Writes `count` values at a distance of `stride`.
void store_values(CacheType type, const float *x, int64_t count, void *place, int64_t stride,
                  float *scale) {
  switch (type) {
    case CacheType::F32:
      for (int64_t i = 0; i < count; ++i) {
        static_cast<float *>(place)[i * stride] = x[i];
      }
      return;
    case CacheType::Bf16:
      for (int64_t i = 0; i < count; ++i) {
        static_cast<uint16_t *>(place)[i * stride] = bf16_of_float(x[i]);
      }
      return;
    case CacheType::Int8: {
      *scale = int8_scale(x, count);
      const float inverse = *scale > 0 ? 1.0F / *scale : 0.0F;
      for (int64_t i = 0; i < count; ++i) {
        static_cast<int8_t *>(place)[i * stride] = int8_of_float(x[i], inverse);
      }
      return;
    }
  }
}

void *element(CacheType type, void *base, int64_t index) {
  const int64_t size = type == CacheType::F32 ? 4 : type == CacheType::Bf16 ? 2 : 1;
  return static_cast<std::byte *>(base) + index * size;
}

void store_head(const HeadCache &cache, const float *key, const float *value, const float *cosines,
                const float *sines, int64_t position, float *scratch) {
  const int64_t slot = position % cache.capacity;
  rotate(key, cosines, sines, cache.dimension, 1, scratch);
  const int64_t key_place = slot / lanes * lanes * cache.dimension + slot % lanes;
  store_values(cache.type, scratch, cache.dimension, element(cache.type, cache.keys, key_place),
               lanes, cache.key_scales + slot);
  store_values(cache.type, value, cache.dimension,
               element(cache.type, cache.values, slot * cache.padded_dimension), 1,
               cache.value_scales + slot);
}

struct LoadF32 {
  using Element = float;
  static Floats load(const float *p) { return Vector::load(p); }
};

struct LoadBf16 {
  using Element = uint16_t;
  static Floats load(const uint16_t *p) { return Vector::load_bf16(p); }
};

struct LoadInt8 {
  using Element = int8_t;
  static Floats load(const int8_t *p) { return Vector::load_int8(p); }
};

/// query . key for the sixteen positions of a block.
template <typename Load>
Floats score_block(const typename Load::Element *keys, const float *query, int64_t dimension) {
  Floats sums[4] = {Vector::zero(), Vector::zero(), Vector::zero(), Vector::zero()};
  int64_t i = 0;
  for (; i + 4 <= dimension; i += 4) {
    for (int64_t k = 0; k < 4; ++k) {
      sums[k] = Vector::multiply_add(Load::load(keys + (i + k) * lanes),
                                     Vector::broadcast(query[i + k]), sums[k]);
    }
  }
  for (; i < dimension; ++i) {
    sums[0] =
        Vector::multiply_add(Load::load(keys + i * lanes), Vector::broadcast(query[i]), sums[0]);
  }
  return Vector::add(Vector::add(sums[0], sums[1]), Vector::add(sums[2], sums[3]));
}

/// Slots [begin, end).
struct SlotRange {
  int64_t begin = 0;
  int64_t end = 0;
};

/// Sums weight * value over slots for `width` lanes groups from `first` on.
template <typename Load, int width>
void sum_values(const HeadCache &cache, const float *weights, const SlotRange (&ranges)[2],
                int64_t first, Floats factor, float *output) {
  Floats sums[width];
  for (int i = 0; i < width; ++i) {
    sums[i] = Vector::zero();
  }
  const auto *values = static_cast<const typename Load::Element *>(cache.values) + first;
  for (const SlotRange &range : ranges) {
    for (int64_t slot = range.begin; slot < range.end; ++slot) {
      const Floats weight = Vector::broadcast(weights[slot]);
      const auto *row = values + slot * cache.padded_dimension;
      for (int i = 0; i < width; ++i) {
        sums[i] = Vector::multiply_add(Load::load(row + i * lanes), weight, sums[i]);
      }
    }
  }
  for (int i = 0; i < width; ++i) {
    const int64_t n = smaller(lanes, cache.dimension - first - i * lanes);
    Vector::store_first(output + first + i * lanes, Vector::multiply(sums[i], factor), n);
  }
}

template <typename Load>
void attend(const HeadCache &cache, const HeadQuery &query) {
  float *rotated = query.scratch;
  float *scores = query.scratch + cache.padded_dimension;
  const float scale = 1.0F / __builtin_sqrtf(static_cast<float>(cache.dimension));
  rotate(query.query, query.cosines, query.sines, cache.dimension, scale, rotated);

  // The visible positions are one range of slots, or two where it goes over the ring's end.
  const int64_t visible = query.position - query.first_visible + 1;
  const int64_t first = query.first_visible % cache.capacity;
  const int64_t end = smaller(first + visible, cache.capacity);
  const SlotRange ranges[2] = {{first, end}, {0, visible - (end - first)}};

  const int64_t filled = smaller(query.position + 1, cache.capacity);
  const auto *keys = static_cast<const typename Load::Element *>(cache.keys);
  const int64_t blocks = (filled + lanes - 1) / lanes;
  for (int64_t block = 0; block < blocks; ++block) {
    Floats score =
        score_block<Load>(keys + block * lanes * cache.dimension, rotated, cache.dimension);
    if (cache.type == CacheType::Int8) {
      score = Vector::multiply(score, Vector::load(cache.key_scales + block * lanes));
    }
    Vector::store(scores + block * lanes, score);
  }
  for (int64_t slot = ranges[1].end; slot < ranges[0].begin; ++slot) {
    scores[slot] = lowest;
  }
  for (int64_t slot = ranges[0].end; slot < blocks * lanes; ++slot) {
    scores[slot] = lowest;
  }

  const Floats shift = Vector::broadcast(greatest(scores, blocks * lanes));
  Floats sums = Vector::zero();
  for (int64_t i = 0; i < blocks * lanes; i += lanes) {
    Floats weight = exponential(Vector::subtract(Vector::load(scores + i), shift));
    sums = Vector::add(sums, weight);
    if (cache.type == CacheType::Int8) {
      weight = Vector::multiply(weight, Vector::load(cache.value_scales + i));
    }
    Vector::store(scores + i, weight);
  }
  const Floats factor = Vector::broadcast(1.0F / Vector::sum(sums));

  int64_t at = 0;
  for (; at + 8 * lanes <= cache.padded_dimension; at += 8 * lanes) {
    sum_values<Load, 8>(cache, scores, ranges, at, factor, query.output);
  }
  for (; at + 4 * lanes <= cache.padded_dimension; at += 4 * lanes) {
    sum_values<Load, 4>(cache, scores, ranges, at, factor, query.output);
  }
  for (; at < cache.padded_dimension; at += lanes) {
    sum_values<Load, 1>(cache, scores, ranges, at, factor, query.output);
  }
}

void attend_head(const HeadCache &cache, const HeadQuery &query) {
  switch (cache.type) {
    case CacheType::F32:
      attend<LoadF32>(cache, query);
      return;
    case CacheType::Bf16:
      attend<LoadBf16>(cache, query);
      return;
    case CacheType::Int8:
      attend<LoadInt8>(cache, query);
      return;
  }
}

constexpr Kernels make_kernels(const char *name) {
  return {
      .name = name,
      .tile_rows = Vector::tile_rows,
      .tile_panels = Vector::tile_panels,
      .few_rows_panels = Vector::few_rows_panels,
      .product_f32 = product<MultiplyF32>,
      .product_bf16 = product<MultiplyBf16>,
      .product_int16 = product<MultiplyInt16>,
      .product_int8 = product<MultiplyInt8>,
      .product_int4 = product<MultiplyInt4>,
      .repeat_f32 = repeat_f32,
      .repeat_bf16 = repeat_bf16,
      .repeat_int8 = repeat_int8,
      .to_bf16 = to_bf16,
      .quantise = quantise,
      .add = add,
      .add_bf16 = add_bf16,
      .elu = map<elu_of>,
      .gelu = map<gelu_of>,
      .gated_silu = gated_silu,
      .rms_norm = rms_norm,
      .layer_norm = layer_norm,
      .dot = dot,
      .greatest_index = greatest_index,
      .choose = choose,
      .store_head = store_head,
      .attend_head = attend_head,
  };
}

}  // namespace

}  // namespace kyutaistt::ops
