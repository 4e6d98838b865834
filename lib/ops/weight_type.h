// SPDX-License-Identifier: LGPL-2.1-or-later
/// How an implementation holds the weights of one matrix.
#pragma once

#include <kyutaistt/options.h>

namespace kyutaistt::ops {

enum class WeightType {
  F32,
  /// Products round their inputs to bf16 as well.
  Bf16,
  /// 16-bit integers with scales; inputs are quantized as finely.
  Int16,
  /// 8-bit integers with scales; inputs are quantized as well.
  Int8,
  /// 4-bit integers with scales; inputs are quantized to 8 bits.
  Int4,
};

constexpr const char *weight_type_name(WeightType type) {
  constexpr const char *names[] = {"f32", "bf16", "int16", "int8", "int4"};
  return names[static_cast<int>(type)];
}

/// The type of the language model's matrices. `precision` must be resolved.
constexpr WeightType weight_type_of(Precision precision) {
  switch (precision) {
    case Precision::Bf16:
      return WeightType::Bf16;
    case Precision::Int8:
      return WeightType::Int8;
    case Precision::Int4:
      return WeightType::Int4;
    default:
      return WeightType::F32;
  }
}

/// The type of the codec's large matrices. One frame reads them all for a handful of products, so
/// they cost what their bytes cost. Integers of 16 bits lie much nearer to f32 than the TF32
/// that the codec computes with on GPUs, and are used unless the language model is f32, for parity.
constexpr WeightType codec_weight_type_of(Precision precision) {
  return precision == Precision::Int8 || precision == Precision::Int4 ? WeightType::Int16
                                                                      : WeightType::F32;
}

}  // namespace kyutaistt::ops
