// SPDX-License-Identifier: LGPL-2.1-or-later
/// Attention of one head over its ring cache. Part of kernels_body.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/native/kernel_functions.h"
#include "ops/native/kernels.h"

// Registers are filled before they are read; clearing them first would cost instructions.
// NOLINTBEGIN(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)

namespace kyutaistt::ops {

namespace {

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

/// Writes codes of `count` values at a distance of `stride`; returns their scale.
float store_codes(const float *x, int64_t count, int8_t *place, int64_t stride) {
  constexpr float greatest_code = 127;
  const Scaling scaling = find_scaling(x, count, greatest_code);
  for (int64_t i = 0; i < count; i += lanes) {
    const int64_t n = smaller(lanes, count - i);
    int8_t codes[lanes];
    code_int8(x + i, n, scaling, codes);
    for (int64_t k = 0; k < n; ++k) {
      place[(i + k) * stride] = codes[k];
    }
  }
  return scaling.scale;
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
    case CacheType::Int8:
      *scale = store_codes(x, count, static_cast<int8_t *>(place), stride);
      return;
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

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
