// SPDX-License-Identifier: LGPL-2.1-or-later
/// How packed weights lie in memory. The same for every instruction set, so that packed weights can
/// be stored.
///
/// A matrix [rows, columns] is cut into panels of 16 rows; the last one is filled up with zeros. A
/// panel holds for its columns, one group after the other:
///
///   f32    [column][row]                         64 bytes a column
///   bf16   [pair of columns][row][2]             64 bytes a pair
///   int16  for each 256 columns: 16 scales (f32), then [pair of columns][row][2]
///   int8   for each 256 columns: 16 scales (f32), then [four columns][row][4], value + 128
///   int4   for each 64 columns: 2 x 16 scales (bf16), one for each 32 columns and row; then [eight
///          columns][row][4] bytes: value + 8 of the first four columns in the low halves, of the
///          other four in the high halves
///
/// So a product reads memory strictly forward, the scales with the values, and one load fills a
/// 512-bit register with the weights of 16 rows for one, two, four or eight inputs. Columns beyond
/// the matrix (to fill a pair, four or 64) are zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/weight_type.h"

namespace kyutaistt::ops {

inline constexpr int64_t panel_rows = 16;
/// Columns that share a scale.
inline constexpr int64_t int16_group = 256;
/// Codes of int16 weights and their inputs are within +-16383: the products of eight columns, and
/// no more, always fit into a sum of 32 bits.
inline constexpr int int16_greatest = 16383;
inline constexpr int64_t int16_run = 8;
inline constexpr int64_t int8_group = 256;
inline constexpr int64_t int4_group = 32;
/// Columns of int4 weights whose scales lie together.
inline constexpr int64_t int4_chunk = 2 * int4_group;
/// What is added to a value to store it without a sign.
inline constexpr int int8_offset = 128;
inline constexpr int int4_offset = 8;

constexpr int64_t divide_up(int64_t value, int64_t unit) {
  return (value + unit - 1) / unit;
}

/// Shape and type of a packed matrix.
struct PanelFormat {
  WeightType type = WeightType::F32;
  int64_t rows = 0;
  int64_t columns = 0;

  constexpr int64_t panels() const { return divide_up(rows, panel_rows); }

  /// Columns with those that fill up.
  constexpr int64_t padded_columns() const {
    switch (type) {
      case WeightType::Bf16:
      case WeightType::Int16:
        return divide_up(columns, 2) * 2;
      case WeightType::Int8:
        return divide_up(columns, 4) * 4;
      case WeightType::Int4:
        return divide_up(columns, int4_chunk) * int4_chunk;
      default:
        return columns;
    }
  }

  /// Columns that share a scale; all of them where there are no scales.
  constexpr int64_t group() const {
    switch (type) {
      case WeightType::Int16:
        return int16_group;
      case WeightType::Int8:
        return int8_group;
      case WeightType::Int4:
        return int4_group;
      default:
        return columns;
    }
  }

  constexpr int64_t groups() const { return divide_up(padded_columns(), group()); }

  /// Bytes of a panel's first `count` columns; `count` must be a multiple of what lies together, or
  /// `padded_columns()`.
  constexpr size_t column_bytes(int64_t count) const {
    constexpr int64_t line = 64;
    switch (type) {
      case WeightType::Bf16:
        return static_cast<size_t>(count / 2 * line);
      case WeightType::Int16:
        return static_cast<size_t>(count / 2 * line + divide_up(count, int16_group) * line);
      case WeightType::Int8:
        return static_cast<size_t>(count / 4 * line + divide_up(count, int8_group) * line);
      case WeightType::Int4:
        return static_cast<size_t>(count / 8 * line + count / int4_chunk * line);
      default:
        return static_cast<size_t>(count * line);
    }
  }

  constexpr size_t panel_bytes() const { return column_bytes(padded_columns()); }
  constexpr size_t bytes() const { return static_cast<size_t>(panels()) * panel_bytes(); }
};

}  // namespace kyutaistt::ops
