// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/product.h"

#include <algorithm>

namespace kyutaistt::ops {

namespace {

/// Rows of inputs that one task takes at most: enough that reading the weights again for the next
/// task costs little.
constexpr int64_t max_task_rows = 96;
/// Bytes of weights that several tiles of rows read in turn: they should stay in the second-level
/// cache.
constexpr size_t cached_bytes = size_t{256} << 10;
/// From this many values on preparing inputs is shared between threads.
constexpr int64_t min_shared_values = 16384;

constexpr size_t cache_line = 64;

size_t round_up(size_t value, size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Columns after which a product of several tiles is cut.
int64_t cut_columns(const PanelFormat &format, int64_t panels) {
  // The least common multiple of the formats' groups.
  constexpr int64_t unit = int8_group;
  const size_t unit_bytes = format.column_bytes(unit) * static_cast<size_t>(panels);
  const auto units = static_cast<int64_t>(std::max<size_t>(cached_bytes / unit_bytes, 1));
  return units * unit;
}

/// How many rows each of several tiles has: as equal as can be.
int64_t tile_rows(int64_t rows, int64_t most) {
  return divide_up(rows, divide_up(rows, most));
}

using ProductKernel = void (*)(const ProductTile &tile);

ProductKernel kernel_for(const Kernels &kernels, WeightType type) {
  switch (type) {
    case WeightType::Bf16:
      return kernels.product_bf16;
    case WeightType::Int16:
      return kernels.product_int16;
    case WeightType::Int8:
      return kernels.product_int8;
    case WeightType::Int4:
      return kernels.product_int4;
    default:
      return kernels.product_f32;
  }
}

/// How inputs of a product of integers are held.
struct InputCodes {
  Kernels::Quantize quantize = nullptr;
  size_t bytes = 0;
  /// Of the weights.
  int offset = 0;
};

InputCodes input_codes(const Kernels &kernels, WeightType type) {
  switch (type) {
    case WeightType::Int16:
      return {kernels.quantize_int16, sizeof(int16_t), 0};
    case WeightType::Int8:
      return {kernels.quantize_int8, kernels.int8_code_bytes, int8_offset};
    default:
      return {kernels.quantize_int4, sizeof(int8_t), int4_offset};
  }
}

}  // namespace

Multiplier::Multiplier(const Kernels &kernels, ThreadPool &pool) : kernels_(kernels), pool_(pool) {
  constexpr size_t floats = max_task_rows * max_tile_panels * panel_rows;
  for (int thread = 0; thread < pool.threads(); ++thread) {
    partial_.emplace_back(floats * sizeof(float));
  }
}

void Multiplier::multiply(const PanelMatrix &weight, std::span<const float *const> rows,
                          const ProductOutput &output) {
  const PanelFormat &format = weight.format;
  const auto row_count = static_cast<int64_t>(rows.size());
  if (row_count == 0) {
    return;
  }
  const std::span<const void *const> inputs = prepare(format, rows);
  const int64_t max_panels =
      row_count <= few_rows ? kernels_.few_rows_panels : kernels_.tile_panels;
  const int64_t groups = divide_up(format.panels(), max_panels);
  const int64_t task_rows = tile_rows(row_count, max_task_rows);
  const int64_t blocks = divide_up(row_count, task_rows);
  // A thread takes neighbouring tasks. Where there are many rows these have the same inputs, which
  // the thread wrote itself as the outputs of the layer before; else the same weights.
  const bool by_rows = blocks >= pool_.threads();
  pool_.run(groups * blocks, [&](int64_t index, int thread) {
    const int64_t block = by_rows ? index / groups : index % blocks;
    const int64_t group = by_rows ? index % groups : index / blocks;
    const int64_t first_row = block * task_rows;
    Task task;
    task.first_panel = group * max_panels;
    task.panels = std::min<int64_t>(max_panels, format.panels() - task.first_panel);
    task.rows = inputs.subspan(static_cast<size_t>(first_row),
                               static_cast<size_t>(std::min(task_rows, row_count - first_row)));
    task.output = output;
    task.output.values += first_row * output.stride;
    task.partial = partial_[static_cast<size_t>(thread)].as<float>();
    multiply_task(weight, task);
  });
}

void Multiplier::multiply_task(const PanelMatrix &weight, const Task &task) const {
  // Kernels take one, two, four or eight panels.
  int64_t done = 0;
  while (done < task.panels) {
    const int64_t left = task.panels - done;
    const int64_t panels = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    multiply_panels(weight, task, task.first_panel + done, panels);
    done += panels;
  }
}

void Multiplier::multiply_panels(const PanelMatrix &weight, const Task &task, int64_t panel,
                                 int64_t panels) const {
  const PanelFormat &format = weight.format;
  const ProductKernel kernel = kernel_for(kernels_, format.type);
  const auto rows = static_cast<int64_t>(task.rows.size());
  const bool is_whole = format.type != WeightType::F32 && format.type != WeightType::Bf16;
  const int64_t step = tile_rows(rows, is_whole ? kernels_.whole_tile_rows : kernels_.tile_rows);
  const int64_t tiles = divide_up(rows, step);
  const int64_t first_output = panel * panel_rows;
  ProductTile tile;
  tile.panel_bytes = format.panel_bytes();
  tile.panel_count = static_cast<int>(panels);
  tile.columns = format.padded_columns();
  tile.output_stride = task.output.stride;
  tile.output_count = format.rows - first_output;
  tile.bias = task.output.bias == nullptr ? nullptr : task.output.bias + first_output;
  tile.scale = task.output.scale == nullptr ? nullptr : task.output.scale + first_output;
  tile.accumulate = task.output.accumulate;

  // While several tiles compute, the weights that this thread takes next can come. A
  // single tile is bound by memory as it is, and asking costs it a fifth of its speed.
  const int64_t next_panel = panel + kernels_.tile_panels;
  const bool asks = tiles > 1 && format.bytes() > cached_bytes;
  const int64_t next_panels =
      asks ? std::clamp<int64_t>(format.panels() - next_panel, 0, panels) : 0;
  const int64_t cut = tiles > 1 ? cut_columns(format, panels) : tile.columns;
  for (int64_t begin = 0; begin < tile.columns; begin += cut) {
    tile.begin = begin;
    tile.end = std::min(begin + cut, tile.columns);
    const std::byte *columns = weight.panels() + format.column_bytes(begin);
    tile.panels = columns + static_cast<size_t>(panel) * tile.panel_bytes;
    int64_t asked = 0;
    for (int64_t index = 0; index < tiles; ++index) {
      const int64_t row = index * step;
      const int64_t share = divide_up(next_panels - asked, tiles - index);
      tile.prefetched = columns + static_cast<size_t>(next_panel + asked) * tile.panel_bytes;
      tile.prefetched_count = static_cast<int>(share);
      asked += share;
      tile.rows = task.rows.data() + row;
      tile.row_count = static_cast<int>(std::min(step, rows - row));
      tile.partial = task.partial + row * panels * panel_rows;
      tile.output = task.output.values + row * task.output.stride + first_output;
      kernel(tile);
    }
  }
}

std::span<const void *const> Multiplier::prepare(const PanelFormat &format,
                                                 std::span<const float *const> rows) {
  pointers_.resize(rows.size());
  switch (format.type) {
    case WeightType::Bf16:
      prepare_bf16(format, rows);
      break;
    case WeightType::Int16:
    case WeightType::Int8:
    case WeightType::Int4:
      prepare_quantized(format, rows);
      break;
    default:
      std::copy(rows.begin(), rows.end(), pointers_.begin());
      break;
  }
  return pointers_;
}

void Multiplier::prepare_bf16(const PanelFormat &format, std::span<const float *const> rows) {
  const int64_t padded = format.padded_columns();
  const size_t stride = round_up(static_cast<size_t>(padded) * sizeof(uint16_t), cache_line);
  std::byte *memory = prepared_memory(rows.size() * stride);
  for_each_row(rows.size(), padded, [&](size_t row) {
    auto *place = reinterpret_cast<uint16_t *>(memory + row * stride);
    kernels_.to_bf16(rows[row], format.columns, padded, place);
    pointers_[row] = place;
  });
}

void Multiplier::prepare_quantized(const PanelFormat &format, std::span<const float *const> rows) {
  const int64_t padded = format.padded_columns();
  const auto groups = static_cast<size_t>(format.groups());
  const InputCodes form = input_codes(kernels_, format.type);
  const size_t codes_bytes = round_up(static_cast<size_t>(padded) * form.bytes, cache_line);
  const size_t scales_bytes = round_up(groups * sizeof(float), cache_line);
  const size_t stride = codes_bytes + 2 * scales_bytes;
  std::byte *memory = prepared_memory(rows.size() * stride);
  quantized_.resize(rows.size());
  for_each_row(rows.size(), padded, [&](size_t row) {
    std::byte *place = memory + row * stride;
    auto *scales = reinterpret_cast<float *>(place + codes_bytes);
    auto *corrections = reinterpret_cast<int32_t *>(place + codes_bytes + scales_bytes);
    form.quantize(rows[row], format.columns, padded, format.group(), form.offset, place, scales,
                  corrections);
    quantized_[row] = {place, scales, corrections};
    pointers_[row] = &quantized_[row];
  });
}

template <typename PrepareRow>
void Multiplier::for_each_row(size_t count, int64_t columns, const PrepareRow &prepare_row) {
  if (static_cast<int64_t>(count) * columns < min_shared_values) {
    for (size_t row = 0; row < count; ++row) {
      prepare_row(row);
    }
    return;
  }
  pool_.run(static_cast<int64_t>(count),
            [&](int64_t row, int /*thread*/) { prepare_row(static_cast<size_t>(row)); });
}

std::byte *Multiplier::prepared_memory(size_t bytes) {
  if (prepared_.size() < bytes) {
    prepared_ = AlignedMemory(bytes);
  }
  return prepared_.data();
}

}  // namespace kyutaistt::ops
