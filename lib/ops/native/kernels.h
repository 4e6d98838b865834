// SPDX-License-Identifier: LGPL-2.1-or-later
/// The inner loops of the native operations: one set for each instruction set, all made from the
/// same source (kernels_body.h).
///
/// Plain pointers only: the units that define these functions are compiled for instructions that
/// the machine may not have, so they must not share inline functions with the rest of the library.
/// All functions are free of state and may run on any thread. Pointers to activations need no
/// alignment; packed weights begin at cache lines.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kyutaistt::ops {

/// A row of inputs for int16, int8 and int4 products: value = code * scale of its group.
struct QuantizedRow {
  /// In the form that the kernels' products of this kind take.
  const std::byte *codes = nullptr;
  /// One for each group.
  const float *scales = nullptr;
  /// One for each group: -offset * sum of the group's codes, which cancels the weights' offset.
  /// int16 weights have none.
  const int32_t *corrections = nullptr;
};

/// A product of a few rows of inputs with a few neighbouring panels of weights.
struct ProductTile {
  /// The first panel at column `begin`, and the distance to the next panel.
  const std::byte *panels = nullptr;
  size_t panel_bytes = 0;
  int panel_count = 0;
  /// Weights that will be needed soon, and how many panels of them are worth prefetching now; the
  /// kernel prefetches the same columns of them as it multiplies.
  const std::byte *prefetched = nullptr;
  int prefetched_count = 0;
  /// One pointer for each row: f32 values, bf16 values, or a `QuantizedRow` (int16, int8, int4);
  /// from column 0 on.
  const void *const *rows = nullptr;
  int row_count = 0;
  /// The columns to multiply now. A product over [0, columns) may be cut at borders of groups.
  int64_t begin = 0;
  int64_t end = 0;
  int64_t columns = 0;
  /// Sums from one cut to the next: [row][panel][16].
  float *partial = nullptr;
  /// Place of the first row's first output; used by the last cut.
  float *output = nullptr;
  int64_t output_stride = 0;
  /// Outputs from the first panel's first row to the end of the matrix.
  int64_t output_count = 0;
  /// For the outputs of these panels, or null.
  const float *bias = nullptr;
  const float *scale = nullptr;
  /// output += scale * (product + bias) instead of output = product + bias.
  bool accumulate = false;
};

/// How keys and values are held.
enum class CacheType { F32, Bf16, Int8 };

/// The keys and values of one head of one stream: rings of `capacity` positions.
///
/// Keys: [capacity / 16][dimension][16 positions], so that one load serves 16 positions. Values:
/// [capacity][padded dimension]. int8 has a scale for each position.
struct HeadCache {
  CacheType type = CacheType::F32;
  void *keys = nullptr;
  void *values = nullptr;
  float *key_scales = nullptr;
  float *value_scales = nullptr;
  int64_t capacity = 0;
  int64_t dimension = 0;
  /// `dimension` rounded up to 16.
  int64_t padded_dimension = 0;
};

/// One query of one head.
struct HeadQuery {
  const float *query = nullptr;
  /// Of the query's position, [dimension / 2] each.
  const float *cosines = nullptr;
  const float *sines = nullptr;
  int64_t position = 0;
  int64_t first_visible = 0;
  float *output = nullptr;
  /// Room for capacity + padded dimension + 32 floats.
  float *scratch = nullptr;
};

/// Most panels of a tile of more than `few_rows` rows over all instruction sets.
inline constexpr int max_tile_panels = 4;
inline constexpr int few_rows = 2;
/// Most panels of a tile of at most `few_rows` rows over all instruction sets.
inline constexpr int max_few_rows_panels = 8;

struct Kernels {
  /// As users name it, e.g. "avx512".
  const char *name;
  /// Best shape of a tile: rows with floating point and with integers.
  int tile_rows;
  int whole_tile_rows;
  int tile_panels;
  /// Panels of a tile of at most `few_rows` rows: such a product is bound by memory, which is read
  /// fastest in several places at once.
  int few_rows_panels;

  void (*product_f32)(const ProductTile &tile);
  void (*product_bf16)(const ProductTile &tile);
  void (*product_int16)(const ProductTile &tile);
  void (*product_int8)(const ProductTile &tile);
  void (*product_int4)(const ProductTile &tile);

  /// Dot products from registers, for measuring: how many products were added up.
  int64_t (*repeat_f32)(int64_t rounds);
  int64_t (*repeat_bf16)(int64_t rounds);
  int64_t (*repeat_int16)(int64_t rounds);
  int64_t (*repeat_int8)(int64_t rounds);
  /// Reads `distance` bytes, a multiple of a cache line, in each of 1, 4, 8 or 16 places that lie
  /// so far apart, for measuring; asks for lines in advance, or leaves that to the processor.
  void (*read)(const std::byte *memory, int places, size_t distance, bool asks);

  /// Rounds to bf16 (nearest, ties to even); fills up with zeros to `padded`.
  void (*to_bf16)(const float *x, int64_t count, int64_t padded, uint16_t *output);
  /// Quantizes each group of `group` values by its largest magnitude; fills up with zeros to
  /// `padded`. A group with a value that is NaN or infinite gets a NaN as its scale. `codes`,
  /// `scales`, `corrections` as in `QuantizedRow`; a code of an int16 product takes two bytes, one
  /// of an int8 product `int8_code_bytes`, one of an int4 product a byte.
  using Quantize = void (*)(const float *x, int64_t count, int64_t padded, int64_t group,
                            int offset, std::byte *codes, float *scales, int32_t *corrections);
  Quantize quantize_int16;
  Quantize quantize_int8;
  Quantize quantize_int4;
  size_t int8_code_bytes;

  /// output[i] += x[i].
  void (*add)(const float *x, int64_t count, float *output);
  /// output[i] += table[i], bf16 and f32.
  void (*add_bf16)(const uint16_t *x, int64_t count, float *output);
  void (*elu)(const float *x, int64_t count, float *output);
  void (*gelu)(const float *x, int64_t count, float *output);
  /// silu(gate[i]) * value[i].
  void (*gated_silu)(const float *gate, const float *value, int64_t count, float *output);
  void (*rms_norm)(const float *x, const float *weight, float epsilon, int64_t count,
                   float *output);
  void (*layer_norm)(const float *x, const float *weight, const float *bias, float epsilon,
                     int64_t count, float *output);

  /// Sum of a[i] * b[i].
  float (*dot)(const float *a, const float *b, int64_t count);
  /// Index of the greatest value, the first of several. NaNs do not count.
  int64_t (*greatest_index)(const float *x, int64_t count);
  /// The same, and its softmax, which is NaN if a value is.
  int64_t (*choose)(const float *x, int64_t count, float *probability);

  /// Rotates a key and stores it with its value at a position.
  void (*store_head)(const HeadCache &cache, const float *key, const float *value,
                     const float *cosines, const float *sines, int64_t position, float *scratch);
  /// softmax(q k / sqrt(dimension)) v over the visible positions.
  void (*attend_head)(const HeadCache &cache, const HeadQuery &query);
};

const Kernels &plain_kernels();
#ifdef KYUTAISTT_X86
/// AVX2, FMA and F16C.
const Kernels &avx2_kernels();
/// AVX-512 F, BW, DQ, VL and VNNI.
const Kernels &avx512_kernels();
/// The same and BF16.
const Kernels &avx512_bf16_kernels();
#endif
#ifdef KYUTAISTT_ARM
/// NEON with DotProd.
const Kernels &neon_dotprod_kernels();
/// The same, I8MM and BF16, which come together.
const Kernels &neon_i8mm_kernels();
#endif

}  // namespace kyutaistt::ops
