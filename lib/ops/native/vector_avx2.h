// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sixteen lanes in two AVX2 registers each. Included by one unit, which is compiled for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include <immintrin.h>

// What is copied in byte by byte is not cleared first.
// NOLINTBEGIN(cppcoreguidelines-init-variables)

namespace kyutaistt::ops {

namespace {

struct Vector {
  static constexpr int tile_rows = 6;
  static constexpr int whole_tile_rows = 3;
  static constexpr int tile_panels = 1;
  static constexpr int few_rows_panels = 4;
  /// Sums of an int16 product that fit into the registers, each in two forms.
  static constexpr int int16_sums = 3;

  struct Floats {
    __m256 low, high;
  };
  struct Integers {
    __m256i low, high;
  };
  /// 64 bytes: four for each lane.
  using Bytes = Integers;
  /// Weights of int8 products, in 16 bits: of each lane's four the even ones and the odd ones.
  struct Columns {
    Bytes even, odd;
  };
  /// Inputs of int8 products, alike: of four codes the even ones come first.
  using Code = int16_t;
  /// Of a group of int4 products: two sums of 16 bits for each lane.
  using GroupSums = Integers;

  /// All bits set in the first `count` of eight lanes; count may be outside of [0, 8].
  static __m256i first(int64_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(count)),
                              _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }

  static Floats zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static Floats broadcast(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  static Floats load(const float *p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static Floats load_first(const float *p, int64_t count) {
    return {_mm256_maskload_ps(p, first(count)), _mm256_maskload_ps(p + 8, first(count - 8))};
  }
  static void store(float *p, Floats x) {
    _mm256_storeu_ps(p, x.low);
    _mm256_storeu_ps(p + 8, x.high);
  }
  static void store_first(float *p, Floats x, int64_t count) {
    _mm256_maskstore_ps(p, first(count), x.low);
    _mm256_maskstore_ps(p + 8, first(count - 8), x.high);
  }
  static Floats load_bf16(const uint16_t *p) {
    const auto *halves = reinterpret_cast<const __m128i *>(p);
    const auto widen = [](__m128i half) {
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
    };
    return {widen(_mm_loadu_si128(halves)), widen(_mm_loadu_si128(halves + 1))};
  }
  static Floats load_int8(const int8_t *p) {
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
    return to_floats({_mm256_cvtepi8_epi32(all), _mm256_cvtepi8_epi32(_mm_srli_si128(all, 8))});
  }
  static void store_bf16(uint16_t *p, Floats x) {
    const auto round = [](__m256 values) {
      const __m256i bits = _mm256_castps_si256(values);
      const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
      return _mm256_srli_epi32(
          _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
    };
    const __m256i packed = _mm256_packus_epi32(round(x.low), round(x.high));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), _mm256_permute4x64_epi64(packed, 0xD8));
  }
  /// Values within [-128, 127], rounded to the nearest.
  static void store_int8(int8_t *p, Floats x) {
    const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high));
    const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
    _mm_storeu_si128(
        reinterpret_cast<__m128i *>(p),
        _mm_packs_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1)));
  }
  /// Values that fit into 16 bits, rounded to the nearest.
  static void store_int16(int16_t *p, Floats x) {
    const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(x.low), _mm256_cvtps_epi32(x.high));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p), _mm256_permute4x64_epi64(words, 0xD8));
  }

  static Floats add(Floats a, Floats b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
  }
  static Floats subtract(Floats a, Floats b) {
    return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
  }
  static Floats multiply(Floats a, Floats b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  static Floats divide(Floats a, Floats b) {
    return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
  }
  /// a * b + c
  static Floats multiply_add(Floats a, Floats b, Floats c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
  }
  static Floats maximum(Floats a, Floats b) {
    return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)};
  }
  static Floats minimum(Floats a, Floats b) {
    return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)};
  }
  static Floats magnitude(Floats a) {
    const __m256 sign = _mm256_set1_ps(-0.0F);
    return {_mm256_andnot_ps(sign, a.low), _mm256_andnot_ps(sign, a.high)};
  }
  /// a > 0 ? b : c
  static Floats where_positive(Floats a, Floats b, Floats c) {
    const __m256 none = _mm256_setzero_ps();
    return {_mm256_blendv_ps(c.low, b.low, _mm256_cmp_ps(a.low, none, _CMP_GT_OQ)),
            _mm256_blendv_ps(c.high, b.high, _mm256_cmp_ps(a.high, none, _CMP_GT_OQ))};
  }
  static Floats round(Floats a) {
    constexpr int mode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return {_mm256_round_ps(a.low, mode), _mm256_round_ps(a.high, mode)};
  }
  /// a * 2^n for whole n within [-126, 127].
  static Floats scale_by_power(Floats a, Floats n) {
    const auto power = [](__m256 exponent) {
      const __m256i biased = _mm256_add_epi32(_mm256_cvtps_epi32(exponent), _mm256_set1_epi32(127));
      return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
    };
    return {_mm256_mul_ps(a.low, power(n.low)), _mm256_mul_ps(a.high, power(n.high))};
  }
  static float sum(Floats a) {
    const __m256 eight = _mm256_add_ps(a.low, a.high);
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
  }
  static float maximum_of(Floats a) {
    const __m256 eight = _mm256_max_ps(a.low, a.high);
    const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
  }

  static Integers broadcast_integer(int32_t value) {
    return {_mm256_set1_epi32(value), _mm256_set1_epi32(value)};
  }
  static Floats to_floats(Integers a) {
    return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)};
  }
  static int32_t sum_of_int8(const int8_t *p) {
    int32_t total = 0;
    for (int i = 0; i < 16; ++i) {
      total += p[i];
    }
    return total;
  }

  static Bytes load_bytes(const std::byte *p) {
    const auto *halves = reinterpret_cast<const __m256i *>(p);
    return {_mm256_load_si256(halves), _mm256_load_si256(halves + 1)};
  }
  static Bytes low_halves(Bytes a) {
    const __m256i mask = _mm256_set1_epi8(0x0F);
    return {_mm256_and_si256(a.low, mask), _mm256_and_si256(a.high, mask)};
  }
  static Bytes high_halves(Bytes a) {
    return low_halves({_mm256_srli_epi16(a.low, 4), _mm256_srli_epi16(a.high, 4)});
  }
  /// Four bytes in all lanes. Read as a float, because GCC puts neighbouring integers together into
  /// one and takes them apart again.
  static __m256i broadcast_bytes(const void *p) {
    float four;
    __builtin_memcpy(&four, p, sizeof(four));
    return _mm256_castps_si256(_mm256_set1_ps(four));
  }
  static Columns load_columns(const std::byte *p) {
    const Bytes all = load_bytes(p);
    const __m256i low_byte = _mm256_set1_epi16(0x00FF);
    return {{_mm256_and_si256(all.low, low_byte), _mm256_and_si256(all.high, low_byte)},
            {_mm256_srli_epi16(all.low, 8), _mm256_srli_epi16(all.high, 8)}};
  }
  /// What the sums of a group of int8 products begin with: it cancels the weights' offset.
  static Integers begin_int8(int32_t correction) { return broadcast_integer(correction); }
  /// Sixteen codes in the form that `dot` takes.
  static void arrange(const int8_t *codes, Code *place) {
    const __m128i evens_first = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    const __m128i all = _mm_loadu_si128(reinterpret_cast<const __m128i *>(codes));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(place),
                        _mm256_cvtepi8_epi16(_mm_shuffle_epi8(all, evens_first)));
  }
  /// sums[lane] += the lane's four unsigned bytes * the four signed codes. In 16 bits, because the
  /// instruction for bytes saturates.
  static Integers dot(Integers sums, Columns weights, const Code *codes) {
    const __m256i even = broadcast_bytes(codes);
    const __m256i odd = broadcast_bytes(codes + 2);
    sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(weights.even.low, even));
    sums.high = _mm256_add_epi32(sums.high, _mm256_madd_epi16(weights.even.high, even));
    sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(weights.odd.low, odd));
    sums.high = _mm256_add_epi32(sums.high, _mm256_madd_epi16(weights.odd.high, odd));
    return sums;
  }
  /// sums[lane] += the lane's pair of integers * the pair of codes.
  static Integers dot_int16(Integers sums, Bytes weights, const int16_t *codes) {
    const __m256i pair = broadcast_bytes(codes);
    return {_mm256_add_epi32(sums.low, _mm256_madd_epi16(weights.low, pair)),
            _mm256_add_epi32(sums.high, _mm256_madd_epi16(weights.high, pair))};
  }

  static GroupSums begin_group(int32_t /*correction*/) {
    return {_mm256_setzero_si256(), _mm256_setzero_si256()};
  }
  /// sums[lane] += the lane's four halves of bytes * the four signed codes. A pair of products is
  /// within 2 * 15 * 127, so that eight of these fit into 16 bits.
  static GroupSums dot_int4(GroupSums sums, Bytes weights, const int8_t *codes) {
    const __m256i all = broadcast_bytes(codes);
    return {_mm256_add_epi16(sums.low, _mm256_maddubs_epi16(weights.low, all)),
            _mm256_add_epi16(sums.high, _mm256_maddubs_epi16(weights.high, all))};
  }
  static Integers end_group(GroupSums sums, int32_t correction) {
    const __m256i one = _mm256_set1_epi16(1);
    const __m256i start = _mm256_set1_epi32(correction);
    return {_mm256_add_epi32(_mm256_madd_epi16(sums.low, one), start),
            _mm256_add_epi32(_mm256_madd_epi16(sums.high, one), start)};
  }
  /// sums[lane] += the lane's pair of bf16 * the pair of inputs.
  static Floats dot_bf16(Floats sums, Bytes weights, const uint16_t *inputs) {
    const __m256i two = broadcast_bytes(inputs);
    const auto even = [](__m256i x) { return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16)); };
    const auto odd = [](__m256i x) {
      const __m256i high = _mm256_set1_epi32(static_cast<int32_t>(0xFFFF0000U));
      return _mm256_castsi256_ps(_mm256_and_si256(x, high));
    };
    const auto products = [&](__m256 sum, __m256i eight) {
      return _mm256_fmadd_ps(odd(eight), odd(two), _mm256_fmadd_ps(even(eight), even(two), sum));
    };
    return {products(sums.low, weights.low), products(sums.high, weights.high)};
  }
};

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables)
