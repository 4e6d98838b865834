// SPDX-License-Identifier: LGPL-2.1-or-later
/// Sixteen lanes in four NEON registers each. Included by units that are compiled for the dot
/// products of bytes, one of them also for I8MM and BF16, each of which gets functions of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include <arm_neon.h>

// What is copied in byte by byte is not cleared first.
// NOLINTBEGIN(cppcoreguidelines-init-variables)

namespace kyutaistt::ops {

namespace {

struct Vector {
  static constexpr int tile_rows = 6;
  static constexpr int whole_tile_rows = 4;
  static constexpr int tile_panels = 1;
  static constexpr int few_rows_panels = 2;
  /// Sums of an int16 product that fit into the registers, each in two forms.
  static constexpr int int16_sums = 4;
  static constexpr int lanes = 16;

  /// Four lanes in each of four registers.
  template <typename Part>
  struct Parts {
    Part of[4];
  };
  using Floats = Parts<float32x4_t>;
  using Integers = Parts<int32x4_t>;
  /// 64 bytes: four for each lane.
  using Bytes = Parts<uint8x16_t>;
#ifdef __ARM_FEATURE_MATMUL_INT8
  /// Weights of int8 products as they are stored: the instruction takes unsigned weights.
  using Columns = Bytes;
#else
  /// Weights of int8 products without their offset: the instruction takes both sides signed.
  using Columns = Parts<int8x16_t>;
#endif
  using Code = int8_t;
  /// Of a group of int4 products.
  using GroupSums = Integers;

  /// Calls function(i) for each of the four registers.
  template <typename Function>
  static auto each(Function function) {
    return Parts<decltype(function(0))>{{function(0), function(1), function(2), function(3)}};
  }

  static Floats zero() {
    return broadcast(0);
  }
  static Floats broadcast(float value) {
    return each([&](int /*i*/) { return vdupq_n_f32(value); });
  }
  static Floats load(const float *p) {
    return each([&](int i) { return vld1q_f32(p + 4 * i); });
  }
  static Floats load_first(const float *p, int64_t count) {
    if (count >= lanes) {
      return load(p);
    }
    float some[lanes] = {};
    __builtin_memcpy(some, p, static_cast<size_t>(count) * sizeof(float));
    return load(some);
  }
  static void store(float *p, Floats x) {
    for (int i = 0; i < 4; ++i) {
      vst1q_f32(p + 4 * i, x.of[i]);
    }
  }
  static void store_first(float *p, Floats x, int64_t count) {
    float all[lanes];
    store(all, x);
    __builtin_memcpy(p, all, static_cast<size_t>(count) * sizeof(float));
  }
  static Floats load_bf16(const uint16_t *p) {
    return each([&](int i) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p + 4 * i), 16)); });
  }
  static Floats load_int8(const int8_t *p) {
    const int8x16_t all = vld1q_s8(p);
    const int16x8_t low = vmovl_s8(vget_low_s8(all));
    const int16x8_t high = vmovl_high_s8(all);
    return to_floats({{vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low),
                       vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)}});
  }
  static void store_bf16(uint16_t *p, Floats x) {
    for (int i = 0; i < 4; ++i) {
      const uint32x4_t bits = vreinterpretq_u32_f32(x.of[i]);
      const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
      const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(odd, vdupq_n_u32(0x7FFF)));
      vst1_u16(p + 4 * i, vshrn_n_u32(rounded, 16));
    }
  }
  /// Values within [-128, 127], rounded to the nearest.
  static void store_int8(int8_t *p, Floats x) {
    int16_t words[lanes];
    store_int16(words, x);
    vst1q_s8(p, vcombine_s8(vmovn_s16(vld1q_s16(words)), vmovn_s16(vld1q_s16(words + 8))));
  }
  /// Values that fit into 16 bits, rounded to the nearest.
  static void store_int16(int16_t *p, Floats x) {
    for (int i = 0; i < 4; ++i) {
      vst1_s16(p + 4 * i, vmovn_s32(vcvtnq_s32_f32(x.of[i])));
    }
  }

  static Floats add(Floats a, Floats b) {
    return each([&](int i) { return vaddq_f32(a.of[i], b.of[i]); });
  }
  static Floats subtract(Floats a, Floats b) {
    return each([&](int i) { return vsubq_f32(a.of[i], b.of[i]); });
  }
  static Floats multiply(Floats a, Floats b) {
    return each([&](int i) { return vmulq_f32(a.of[i], b.of[i]); });
  }
  static Floats divide(Floats a, Floats b) {
    return each([&](int i) { return vdivq_f32(a.of[i], b.of[i]); });
  }
  /// a * b + c
  static Floats multiply_add(Floats a, Floats b, Floats c) {
    return each([&](int i) { return vfmaq_f32(c.of[i], a.of[i], b.of[i]); });
  }
  /// b where one of both is NaN, unlike the instruction's.
  static Floats maximum(Floats a, Floats b) {
    return each([&](int i) { return vbslq_f32(vcgtq_f32(a.of[i], b.of[i]), a.of[i], b.of[i]); });
  }
  static Floats minimum(Floats a, Floats b) {
    return each([&](int i) { return vbslq_f32(vcltq_f32(a.of[i], b.of[i]), a.of[i], b.of[i]); });
  }
  static Floats magnitude(Floats a) {
    return each([&](int i) { return vabsq_f32(a.of[i]); });
  }
  /// a > 0 ? b : c
  static Floats where_positive(Floats a, Floats b, Floats c) {
    return each([&](int i) { return vbslq_f32(vcgtzq_f32(a.of[i]), b.of[i], c.of[i]); });
  }
  static Floats round(Floats a) {
    return each([&](int i) { return vrndnq_f32(a.of[i]); });
  }
  /// a * 2^n for whole n within [-126, 127].
  static Floats scale_by_power(Floats a, Floats n) {
    return each([&](int i) {
      const int32x4_t biased = vaddq_s32(vcvtq_s32_f32(n.of[i]), vdupq_n_s32(127));
      return vmulq_f32(a.of[i], vreinterpretq_f32_s32(vshlq_n_s32(biased, 23)));
    });
  }
  static float sum(Floats a) {
    return vaddvq_f32(vaddq_f32(vaddq_f32(a.of[0], a.of[1]), vaddq_f32(a.of[2], a.of[3])));
  }
  static float maximum_of(Floats a) {
    return vmaxvq_f32(vmaxq_f32(vmaxq_f32(a.of[0], a.of[1]), vmaxq_f32(a.of[2], a.of[3])));
  }

  static Integers broadcast_integer(int32_t value) {
    return each([&](int /*i*/) { return vdupq_n_s32(value); });
  }
  static Floats to_floats(Integers a) {
    return each([&](int i) { return vcvtq_f32_s32(a.of[i]); });
  }
  static int32_t sum_of_int8(const int8_t *p) {
    return vaddlvq_s8(vld1q_s8(p));
  }

  static Bytes load_bytes(const std::byte *p) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(p);
    return each([&](int i) { return vld1q_u8(bytes + 16 * i); });
  }
  static Bytes low_halves(Bytes a) {
    return each([&](int i) { return vandq_u8(a.of[i], vdupq_n_u8(0x0F)); });
  }
  static Bytes high_halves(Bytes a) {
    return each([&](int i) { return vshrq_n_u8(a.of[i], 4); });
  }
  /// Sixteen codes in the form that `dot` takes.
  static void arrange(const int8_t *codes, Code *place) {
    __builtin_memcpy(place, codes, lanes);
  }

#ifdef __ARM_FEATURE_MATMUL_INT8
  static Columns load_columns(const std::byte *p) {
    return load_bytes(p);
  }
  static Integers begin_int8(int32_t correction) {
    return broadcast_integer(correction);
  }
  /// sums[lane] += the lane's four unsigned bytes * the four signed codes.
  static Integers dot(Integers sums, Columns weights, const Code *codes) {
    const int8x8_t four = load_four(codes);
    return each([&](int i) { return vusdotq_lane_s32(sums.of[i], weights.of[i], four, 0); });
  }
#else
  static Columns load_columns(const std::byte *p) {
    const Bytes bytes = load_bytes(p);
    // Flipping the highest bit subtracts the offset of 128.
    return each(
        [&](int i) { return vreinterpretq_s8_u8(veorq_u8(bytes.of[i], vdupq_n_u8(0x80))); });
  }
  /// The weights have no offset that had to be corrected.
  static Integers begin_int8(int32_t /*correction*/) {
    return broadcast_integer(0);
  }
  /// sums[lane] += the lane's four signed bytes * the four signed codes.
  static Integers dot(Integers sums, Columns weights, const Code *codes) {
    const int8x8_t four = load_four(codes);
    return each([&](int i) { return vdotq_lane_s32(sums.of[i], weights.of[i], four, 0); });
  }
#endif
  /// sums[lane] += the lane's pair of integers * the pair of codes.
  static Integers dot_int16(Integers sums, Bytes weights, const int16_t *codes) {
    uint32_t both;
    __builtin_memcpy(&both, codes, sizeof(both));
    const int16x4_t pair = vcreate_s16(both);
    const auto add_pairs = [&](uint8x16_t first, uint8x16_t second, int i) {
      const int16x8_t low = vreinterpretq_s16_u8(first);
      const int16x8_t high = vreinterpretq_s16_u8(second);
      const int16x8_t even = vuzp1q_s16(low, high);
      const int16x8_t odd = vuzp2q_s16(low, high);
      sums.of[i] = vmlal_lane_s16(sums.of[i], vget_low_s16(even), pair, 0);
      sums.of[i] = vmlal_lane_s16(sums.of[i], vget_low_s16(odd), pair, 1);
      sums.of[i + 1] = vmlal_high_lane_s16(sums.of[i + 1], even, pair, 0);
      sums.of[i + 1] = vmlal_high_lane_s16(sums.of[i + 1], odd, pair, 1);
    };
    add_pairs(weights.of[0], weights.of[1], 0);
    add_pairs(weights.of[2], weights.of[3], 2);
    return sums;
  }

  static GroupSums begin_group(int32_t correction) {
    return broadcast_integer(correction);
  }
  /// sums[lane] += the lane's four halves of bytes, which are never negative, * the four codes.
  static GroupSums dot_int4(GroupSums sums, Bytes weights, const int8_t *codes) {
    const int8x8_t four = load_four(codes);
    return each([&](int i) {
      return vdotq_lane_s32(sums.of[i], vreinterpretq_s8_u8(weights.of[i]), four, 0);
    });
  }
  static Integers end_group(GroupSums sums, int32_t /*correction*/) {
    return sums;
  }
  /// sums[lane] += the lane's pair of bf16 * the pair of inputs.
  static Floats dot_bf16(Floats sums, Bytes weights, const uint16_t *inputs) {
    uint32_t both;
    __builtin_memcpy(&both, inputs, sizeof(both));
#ifdef __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
    const bfloat16x4_t pair = vcreate_bf16(both);
    return each([&](int i) {
      return vbfdotq_lane_f32(sums.of[i], vreinterpretq_bf16_u8(weights.of[i]), pair, 0);
    });
#else
    const uint32x2_t pair = vcreate_u32(both);
    const float32x2_t even = vreinterpret_f32_u32(vshl_n_u32(pair, 16));
    const float32x2_t odd = vreinterpret_f32_u32(vand_u32(pair, vdup_n_u32(0xFFFF0000U)));
    return each([&](int i) {
      const uint32x4_t pairs = vreinterpretq_u32_u8(weights.of[i]);
      const float32x4_t low = vreinterpretq_f32_u32(vshlq_n_u32(pairs, 16));
      const float32x4_t high = vreinterpretq_f32_u32(vandq_u32(pairs, vdupq_n_u32(0xFFFF0000U)));
      return vfmaq_lane_f32(vfmaq_lane_f32(sums.of[i], low, even, 0), high, odd, 0);
    });
#endif
  }

 private:
  static int8x8_t load_four(const int8_t *codes) {
    uint32_t four;
    __builtin_memcpy(&four, codes, sizeof(four));
    return vcreate_s8(four);
  }
};

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables)
