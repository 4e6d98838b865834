// SPDX-License-Identifier: LGPL-2.1-or-later
/// The kernels, written once for sixteen lanes. Included by one unit for each instruction set,
/// after the header that defines `Vector` for it.
#pragma once

#include "ops/native/kernel_attention.h"
#include "ops/native/kernel_functions.h"
#include "ops/native/kernel_measures.h"
#include "ops/native/kernel_products.h"
#include "ops/native/kernels.h"

namespace kyutaistt::ops {

namespace {

constexpr Kernels make_kernels(const char *name) {
  return {
      .name = name,
      .tile_rows = Vector::tile_rows,
      .whole_tile_rows = Vector::whole_tile_rows,
      .tile_panels = Vector::tile_panels,
      .few_rows_panels = Vector::few_rows_panels,
      .product_f32 = product<MultiplyF32>,
      .product_bf16 = product<MultiplyBf16>,
      .product_int16 = product<MultiplyInt16>,
      .product_int8 = product<MultiplyInt8>,
      .product_int4 = product<MultiplyInt4>,
      .repeat_f32 = repeat_f32,
      .repeat_bf16 = repeat_bf16,
      .repeat_int16 = repeat_int16,
      .repeat_int8 = repeat_int8,
      .read = read,
      .to_bf16 = to_bf16,
      .quantize_int16 = quantize_int16,
      .quantize_int8 = quantize<Vector::Code>,
      .quantize_int4 = quantize<int8_t>,
      .int8_code_bytes = sizeof(Vector::Code),
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
