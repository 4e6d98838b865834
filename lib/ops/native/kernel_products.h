// SPDX-License-Identifier: LGPL-2.1-or-later
/// Products of packed weights with rows of inputs, and the forms that inputs take. Part of
/// kernels_body.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/native/kernel_functions.h"
#include "ops/native/kernels.h"
#include "ops/native/panel_format.h"

// Registers are filled before they are read; clearing them first would cost instructions.
// NOLINTBEGIN(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)

namespace kyutaistt::ops {

namespace {

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

/// Sixteen codes as the products of their kind take them.
void arrange(const int8_t *codes, int8_t *place) {
  __builtin_memcpy(place, codes, lanes);
}
template <typename Code>
void arrange(const int8_t *codes, Code *place) {
  Vector::arrange(codes, place);
}

void quantize_int16(const float *x, int64_t count, int64_t padded, int64_t group, int /*offset*/,
                    std::byte *codes, float *scales, int32_t * /*corrections*/) {
  for (int64_t begin = 0; begin < padded; begin += group) {
    const int64_t end = smaller(begin + group, padded);
    const int64_t known = smaller(end, count);
    const Scaling scaling = find_scaling(x + begin, known - begin, int16_greatest);
    *scales++ = scaling.scale;
    for (int64_t i = begin; i < end; i += lanes) {
      const int64_t n = scaling.inverse != 0 ? smaller(lanes, known - i) : 0;
      int16_t sixteen[lanes] = {};
      if (n > 0) {
        const Floats values = Vector::load_first(x + i, n);
        Vector::store_int16(sixteen, Vector::multiply(values, Vector::broadcast(scaling.inverse)));
      }
      __builtin_memcpy(codes + static_cast<size_t>(i) * sizeof(int16_t), sixteen,
                       static_cast<size_t>(smaller(lanes, end - i)) * sizeof(int16_t));
    }
  }
}

template <typename Code>
void quantize(const float *x, int64_t count, int64_t padded, int64_t group, int offset,
              std::byte *codes, float *scales, int32_t *corrections) {
  constexpr float greatest_code = 127;
  for (int64_t begin = 0; begin < padded; begin += group) {
    const int64_t end = smaller(begin + group, padded);
    const int64_t known = smaller(end, count);
    const Scaling scaling = find_scaling(x + begin, known - begin, greatest_code);
    int32_t sum = 0;
    for (int64_t i = begin; i < end; i += lanes) {
      int8_t sixteen[lanes];
      code_int8(x + i, smaller(lanes, known - i), scaling, sixteen);
      sum += Vector::sum_of_int8(sixteen);
      Code arranged[lanes];
      arrange(sixteen, arranged);
      __builtin_memcpy(codes + static_cast<size_t>(i) * sizeof(Code), arranged,
                       static_cast<size_t>(smaller(lanes, end - i)) * sizeof(Code));
    }
    *scales++ = scaling.scale;
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
    if (n == lanes) {
      // Masked stores are slow on some processors.
      write_whole(tile, first, value, place);
      return;
    }
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

  static void write_whole(const ProductTile &tile, int64_t first, Floats value, float *place) {
    if (tile.bias != nullptr) {
      value = Vector::add(value, Vector::load(tile.bias + first));
    }
    if (tile.accumulate) {
      const Floats old = Vector::load(place);
      value = tile.scale == nullptr
                  ? Vector::add(old, value)
                  : Vector::multiply_add(Vector::load(tile.scale + first), value, old);
    }
    Vector::store(place, value);
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
    // Unrolled early, or GCC keeps NEON's sums in memory.
#pragma GCC unroll 8
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

/// Pointers into the rows of a product of integers.
template <typename Code, int rows>
struct QuantizedInputs {
  const Code *codes[rows];
  const float *scales[rows];
  const int32_t *corrections[rows];

  QuantizedInputs(const ProductTile &tile, int64_t group) {
    for (int r = 0; r < rows; ++r) {
      const auto *row = static_cast<const QuantizedRow *>(tile.rows[r]);
      codes[r] = reinterpret_cast<const Code *>(row->codes) + tile.begin;
      scales[r] = row->scales + tile.begin / group;
      corrections[r] = row->corrections + tile.begin / group;
    }
  }
};

/// sums += the products of some pairs of columns, whose first lies at `offset`.
template <int pairs, int panels, int rows>
void add_int16_run(const ProductTile &tile, const int16_t *const (&codes)[rows], int64_t column,
                   size_t offset, Floats (&sums)[panels][rows]) {
  Integers whole[panels][rows];
  for (int p = 0; p < panels; ++p) {
    for (int r = 0; r < rows; ++r) {
      whole[p][r] = Vector::broadcast_integer(0);
    }
  }
#pragma GCC unroll 4
  for (int pair = 0; pair < pairs; ++pair) {
    Bytes columns[panels];
    for (int p = 0; p < panels; ++p) {
      columns[p] =
          Vector::load_bytes(tile.panels + static_cast<size_t>(p) * tile.panel_bytes + offset);
    }
    for (int r = 0; r < rows; ++r) {
      for (int p = 0; p < panels; ++p) {
        whole[p][r] = Vector::dot_int16(whole[p][r], columns[p], codes[r] + column + 2 * pair);
      }
    }
    prefetch(tile, offset);
    offset += line_bytes;
  }
  for (int p = 0; p < panels; ++p) {
    for (int r = 0; r < rows; ++r) {
      sums[p][r] = Vector::add(sums[p][r], Vector::to_floats(whole[p][r]));
    }
  }
}

template <int panels, int rows>
void multiply_int16(const ProductTile &tile) {
  constexpr int run_pairs = int16_run / 2;
  const QuantizedInputs<int16_t, rows> inputs(tile, int16_group);
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
    prefetch(tile, offset);
    offset += line_bytes;
    const int64_t end = smaller(begin + int16_group, count);
    int64_t k = begin;
    for (; k + int16_run <= end; k += int16_run) {
      add_int16_run<run_pairs>(tile, inputs.codes, k, offset, products);
      offset += run_pairs * line_bytes;
    }
    for (; k < end; k += 2) {
      add_int16_run<1>(tile, inputs.codes, k, offset, products);
      offset += line_bytes;
    }
    for (int p = 0; p < panels; ++p) {
      const Floats weight_scale = Vector::load(reinterpret_cast<const float *>(
          tile.panels + static_cast<size_t>(p) * tile.panel_bytes + scales));
      for (int r = 0; r < rows; ++r) {
        const Floats scale = Vector::multiply(
            weight_scale, Vector::broadcast(inputs.scales[r][begin / int16_group]));
        sums.of[p][r] = Vector::multiply_add(products[p][r], scale, sums.of[p][r]);
      }
    }
  }
  sums.finish(tile);
}

/// Some of a tile's panels, from `first` on. Not needed where a tile has one panel.
[[maybe_unused]] ProductTile part_of(const ProductTile &tile, int first, int count) {
  ProductTile part = tile;
  const int64_t rows = static_cast<int64_t>(first) * lanes;
  part.panels += static_cast<size_t>(first) * tile.panel_bytes;
  part.panel_count = count;
  part.partial += tile.row_count * rows;
  part.output += rows;
  part.output_count -= rows;
  part.bias = tile.bias == nullptr ? nullptr : tile.bias + rows;
  part.scale = tile.scale == nullptr ? nullptr : tile.scale + rows;
  // Each part asks for what lies opposite to it.
  part.prefetched += static_cast<size_t>(first) * tile.panel_bytes;
  const auto asked = smaller(tile.prefetched_count - first, count);
  part.prefetched_count = static_cast<int>(asked > 0 ? asked : 0);
  return part;
}

/// As many panels at once as registers hold sums for.
template <int panels, int rows>
void multiply_int16_parts(const ProductTile &tile) {
  if constexpr (panels > 1 && panels * rows > Vector::int16_sums) {
    constexpr int half = panels / 2;
    multiply_int16_parts<half, rows>(part_of(tile, 0, half));
    multiply_int16_parts<half, rows>(part_of(tile, half, half));
  } else {
    multiply_int16<panels, rows>(tile);
  }
}

template <int panels, int rows>
void multiply_int8(const ProductTile &tile) {
  const QuantizedInputs<Vector::Code, rows> inputs(tile, int8_group);
  Sums<panels, rows> sums;
  sums.begin(tile);
  const int64_t count = tile.end - tile.begin;
  size_t offset = 0;
  for (int64_t begin = 0; begin < count; begin += int8_group) {
    const int64_t group = begin / int8_group;
    Integers products[panels][rows];
    for (int r = 0; r < rows; ++r) {
      const Integers correction = Vector::begin_int8(inputs.corrections[r][group]);
      for (int p = 0; p < panels; ++p) {
        products[p][r] = correction;
      }
    }
    const size_t scales = offset;
    prefetch(tile, offset);
    offset += line_bytes;
    const int64_t end = smaller(begin + int8_group, count);
    for (int64_t k = begin; k < end; k += 4) {
      Vector::Columns columns[panels];
      for (int p = 0; p < panels; ++p) {
        columns[p] =
            Vector::load_columns(tile.panels + static_cast<size_t>(p) * tile.panel_bytes + offset);
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
  const QuantizedInputs<int8_t, rows> inputs(tile, int4_group);
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
    Vector::GroupSums products[panels][rows];
    for (int r = 0; r < rows; ++r) {
      for (int p = 0; p < panels; ++p) {
        products[p][r] = Vector::begin_group(inputs.corrections[r][group]);
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
          products[p][r] = Vector::dot_int4(products[p][r], low[p], inputs.codes[r] + k);
          products[p][r] = Vector::dot_int4(products[p][r], high[p], inputs.codes[r] + k + 4);
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
        const Integers product = Vector::end_group(products[p][r], inputs.corrections[r][group]);
        sums.of[p][r] = Vector::multiply_add(Vector::to_floats(product), scale, sums.of[p][r]);
      }
    }
  }
  sums.finish(tile);
}

// The same for every shape of a tile.

struct MultiplyF32 {
  static constexpr int tile_rows = Vector::tile_rows;
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_f32<panels, rows>(tile);
  }
};

struct MultiplyBf16 {
  static constexpr int tile_rows = Vector::tile_rows;
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_bf16<panels, rows>(tile);
  }
};

struct MultiplyInt16 {
  static constexpr int tile_rows = Vector::whole_tile_rows;
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_int16_parts<panels, rows>(tile);
  }
};

struct MultiplyInt8 {
  static constexpr int tile_rows = Vector::whole_tile_rows;
  template <int panels, int rows>
  static void run(const ProductTile &tile) {
    multiply_int8<panels, rows>(tile);
  }
};

struct MultiplyInt4 {
  static constexpr int tile_rows = Vector::whole_tile_rows;
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

/// Most rows of a tile of so many panels; none where no tile has as many.
template <typename Multiply>
constexpr int rows_of_tile(int panels) {
  return panels <= Vector::tile_panels       ? Multiply::tile_rows
         : panels <= Vector::few_rows_panels ? few_rows
                                             : 0;
}

template <typename Multiply, int panels>
void with_panels(const ProductTile &tile) {
  if constexpr (panels > 1) {
    if (tile.panel_count < panels) {
      with_panels<Multiply, panels / 2>(tile);
      return;
    }
  }
  if constexpr (rows_of_tile<Multiply>(panels) > 0) {
    with_rows<Multiply, panels, rows_of_tile<Multiply>(panels)>(tile);
  }
}

template <typename Multiply>
void product(const ProductTile &tile) {
  with_panels<Multiply, max_few_rows_panels>(tile);
}

}  // namespace

}  // namespace kyutaistt::ops

// NOLINTEND(cppcoreguidelines-init-variables, cppcoreguidelines-pro-type-member-init)
