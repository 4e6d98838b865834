// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sixteen lanes in AVX-512 registers. Included by units that are compiled for it, each of which
/// gets functions of its own.
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
  static constexpr int whole_tile_rows = 6;
  static constexpr int tile_panels = 4;
  static constexpr int few_rows_panels = 8;
  /// Sums of an int16 product that fit into the registers, each in two forms.
  static constexpr int int16_sums = 12;

  using Floats = __m512;
  /// Not __m512i, whose elements are of 64 bits: GCC would copy sums between two registers, one for
  /// each type, at every dot product.
  using Integers = int32_t __attribute__((vector_size(64)));
  /// 64 bytes: four for each lane.
  using Bytes = __m512i;
  /// Weights and inputs of int8 products.
  using Columns = Bytes;
  using Code = int8_t;
  /// Of a group of int4 products.
  using GroupSums = Integers;

  static __mmask16 first(int64_t count) { return static_cast<__mmask16>((1U << count) - 1U); }

  static Floats zero() { return _mm512_setzero_ps(); }
  static Floats broadcast(float value) { return _mm512_set1_ps(value); }
  static Floats load(const float *p) { return _mm512_loadu_ps(p); }
  static Floats load_first(const float *p, int64_t count) {
    return _mm512_maskz_loadu_ps(first(count), p);
  }
  static void store(float *p, Floats x) { _mm512_storeu_ps(p, x); }
  static void store_first(float *p, Floats x, int64_t count) {
    _mm512_mask_storeu_ps(p, first(count), x);
  }
  static Floats load_bf16(const uint16_t *p) {
    const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static Floats load_int8(const int8_t *p) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))));
  }
  static void store_bf16(uint16_t *p, Floats x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
  }
  /// Values within [-128, 127], rounded to the nearest.
  static void store_int8(int8_t *p, Floats x) {
    _mm_storeu_si128(reinterpret_cast<__m128i *>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)));
  }
  /// Values that fit into 16 bits, rounded to the nearest.
  static void store_int16(int16_t *p, Floats x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i *>(p),
                        _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(x)));
  }

  static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  /// a * b + c
  static Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats maximum(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static Floats minimum(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static Floats magnitude(Floats a) { return _mm512_abs_ps(a); }
  /// a > 0 ? b : c
  static Floats where_positive(Floats a, Floats b, Floats c) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, zero(), _CMP_GT_OQ), c, b);
  }
  static Floats round(Floats a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  /// a * 2^n for whole n.
  static Floats scale_by_power(Floats a, Floats n) { return _mm512_scalef_ps(a, n); }
  static float sum(Floats a) { return _mm512_reduce_add_ps(a); }
  static float maximum_of(Floats a) { return _mm512_reduce_max_ps(a); }

  static Integers broadcast_integer(int32_t value) { return Integers{} + value; }
  static Floats to_floats(Integers a) { return _mm512_cvtepi32_ps(reinterpret_cast<__m512i>(a)); }
  static int32_t sum_of_int8(const int8_t *p) {
    return _mm512_reduce_add_epi32(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i *>(p))));
  }

  static Bytes load_bytes(const std::byte *p) { return _mm512_load_si512(p); }
  static Bytes low_halves(Bytes a) { return _mm512_and_si512(a, _mm512_set1_epi8(0x0F)); }
  static Bytes high_halves(Bytes a) {
    return _mm512_and_si512(_mm512_srli_epi16(a, 4), _mm512_set1_epi8(0x0F));
  }
  static Columns load_columns(const std::byte *p) { return load_bytes(p); }
  /// What the sums of a group of int8 products begin with: it cancels the weights' offset.
  static Integers begin_int8(int32_t correction) { return broadcast_integer(correction); }
  /// Sixteen codes in the form that `dot` takes.
  static void arrange(const int8_t *codes, Code *place) { __builtin_memcpy(place, codes, 16); }
  /// sums[lane] += the lane's four unsigned bytes * the four signed codes.
  static Integers dot(Integers sums, Columns weights, const Code *codes) {
    int32_t four;
    __builtin_memcpy(&four, codes, sizeof(four));
    return reinterpret_cast<Integers>(
        _mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sums), weights, _mm512_set1_epi32(four)));
  }
  /// sums[lane] += the lane's pair of integers * the pair of codes.
  static Integers dot_int16(Integers sums, Bytes weights, const int16_t *codes) {
    int32_t pair;
    __builtin_memcpy(&pair, codes, sizeof(pair));
    return reinterpret_cast<Integers>(
        _mm512_dpwssd_epi32(reinterpret_cast<__m512i>(sums), weights, _mm512_set1_epi32(pair)));
  }
  static GroupSums begin_group(int32_t correction) { return broadcast_integer(correction); }
  static GroupSums dot_int4(GroupSums sums, Bytes weights, const int8_t *codes) {
    return dot(sums, weights, codes);
  }
  static Integers end_group(GroupSums sums, int32_t /*correction*/) { return sums; }
  /// sums[lane] += the lane's pair of bf16 * the pair of inputs.
  static Floats dot_bf16(Floats sums, Bytes weights, const uint16_t *inputs) {
    int32_t pair;
    __builtin_memcpy(&pair, inputs, sizeof(pair));
    const __m512i two = _mm512_set1_epi32(pair);
#ifdef __AVX512BF16__
    return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(weights),
                            reinterpret_cast<__m512bh>(two));
#else
    const __m512i high = _mm512_set1_epi32(static_cast<int32_t>(0xFFFF0000U));
    const Floats even = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_slli_epi32(weights, 16)),
                                        _mm512_castsi512_ps(_mm512_slli_epi32(two, 16)), sums);
    return _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(weights, high)),
                           _mm512_castsi512_ps(_mm512_and_si512(two, high)), even);
#endif
  }
};

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables)
