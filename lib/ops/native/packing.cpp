// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/packing.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "checkpoint/floats.h"

namespace kyutaistt::ops {

namespace {

using checkpoint::TensorView;

constexpr auto greatest_int16 = static_cast<float>(int16_greatest);
constexpr float greatest_int8 = 127;

/// Sixteen rows of floats, each with its columns filled up with zeros.
class PanelRows {
 public:
  PanelRows(const PanelFormat &format, const PackingSource &source)
      : format_(format),
        source_(source),
        stride_(format.padded_columns()),
        values_(static_cast<size_t>(panel_rows * stride_)),
        row_(static_cast<size_t>(format.columns)) {}

  void read(int64_t panel) {
    const int64_t first = panel * panel_rows;
    const int64_t count = std::min(panel_rows, format_.rows - first);
    // Columns beyond the matrix are never written.
    std::fill(values_.begin() + count * stride_, values_.end(), 0.0F);
    for (int64_t i = 0; i < count; ++i) {
      read_row(first + i, values_.data() + i * stride_);
    }
  }

  const float *row(int64_t index) const { return values_.data() + index * stride_; }

 private:
  void read_row(int64_t row, float *place) {
    for (const TensorView &part : source_.parts) {
      if (const int64_t rows = part.elements() / format_.columns; row >= rows) {
        row -= rows;
        continue;
      }
      if (source_.kernel == 1) {
        checkpoint::copy_floats(part, row * format_.columns, {place, row_.size()});
        return;
      }
      checkpoint::copy_floats(part, row * format_.columns, row_);
      const int64_t inputs = format_.columns / source_.kernel;
      for (int64_t k = 0; k < source_.kernel; ++k) {
        for (int64_t input = 0; input < inputs; ++input) {
          place[k * inputs + input] = row_[static_cast<size_t>(input * source_.kernel + k)];
        }
      }
      return;
    }
  }

  const PanelFormat &format_;
  const PackingSource &source_;
  const int64_t stride_;
  std::vector<float> values_;
  std::vector<float> row_;
};

uint16_t bf16_of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

float float_of(uint16_t bits) {
  const uint32_t whole = static_cast<uint32_t>(bits) << 16;
  float value = 0;
  std::memcpy(&value, &whole, sizeof(value));
  return value;
}

void pack_f32(const PanelFormat &format, const PanelRows &rows, std::byte *place) {
  auto *output = reinterpret_cast<float *>(place);
  for (int64_t row = 0; row < panel_rows; ++row) {
    const float *values = rows.row(row);
    for (int64_t column = 0; column < format.columns; ++column) {
      output[column * panel_rows + row] = values[column];
    }
  }
}

/// Puts four bytes of each row beside each other: those of this row, one after the other.
void spread(const void *codes, int64_t bytes, int64_t row, std::byte *place) {
  constexpr int64_t together = 4;
  const auto *source = static_cast<const std::byte *>(codes);
  place += row * together;
  for (int64_t i = 0; i < bytes; i += together) {
    std::memcpy(place + i * panel_rows, source + i, together);
  }
}

void pack_bf16(const PanelFormat &format, const PanelRows &rows, std::byte *place) {
  constexpr int64_t most = 256;
  for (int64_t row = 0; row < panel_rows; ++row) {
    const float *values = rows.row(row);
    for (int64_t begin = 0; begin < format.padded_columns(); begin += most) {
      const int64_t count = std::min(most, format.padded_columns() - begin);
      uint16_t codes[most];
      for (int64_t k = 0; k < count; ++k) {
        codes[k] = bf16_of(values[begin + k]);
      }
      spread(codes, count * static_cast<int64_t>(sizeof(uint16_t)), row,
             place + format.column_bytes(begin));
    }
  }
}

/// The value with the greatest magnitude; its sign is kept. Compared as integers, of which, unlike
/// of floats, the compiler takes several at once.
float greatest(const float *values, int64_t count) {
  int32_t high = 0;
  int32_t low = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<int32_t>(values[i]);
    high = std::max(high, bits);
    low = std::max(low, bits ^ std::numeric_limits<int32_t>::min());
  }
  return high >= low ? std::bit_cast<float>(high) : -std::bit_cast<float>(low);
}

/// The factor that turns values of this magnitude or scale into codes; zero, so that the values
/// count as zeros, if it would be infinite.
float inverse_of(float magnitude, float greatest_code) {
  const float inverse = greatest_code / magnitude;
  return std::isfinite(inverse) ? inverse : 0;
}

void pack_int16(const PanelFormat &format, const PanelRows &rows, std::byte *place) {
  const int64_t columns = format.padded_columns();
  for (int64_t begin = 0; begin < columns; begin += int16_group) {
    const int64_t count = std::min(int16_group, columns - begin);
    std::byte *group = place + format.column_bytes(begin);
    auto *scales = reinterpret_cast<float *>(group);
    for (int64_t row = 0; row < panel_rows; ++row) {
      const float *values = rows.row(row) + begin;
      const float magnitude = std::abs(greatest(values, count));
      const float inverse = inverse_of(magnitude, greatest_int16);
      scales[row] = magnitude / greatest_int16;
      int16_t codes[int16_group];
      for (int64_t k = 0; k < count; ++k) {
        // Cutting off above zero rounds.
        const float shifted = values[k] * inverse + (greatest_int16 + 0.5F);
        codes[k] = static_cast<int16_t>(static_cast<int32_t>(shifted) - int16_greatest);
      }
      spread(codes, count * static_cast<int64_t>(sizeof(int16_t)), row,
             group + panel_rows * sizeof(float));
    }
  }
}

void pack_int8(const PanelFormat &format, const PanelRows &rows, std::byte *place) {
  const int64_t columns = format.padded_columns();
  for (int64_t begin = 0; begin < columns; begin += int8_group) {
    const int64_t count = std::min(int8_group, columns - begin);
    std::byte *group = place + format.column_bytes(begin);
    auto *scales = reinterpret_cast<float *>(group);
    for (int64_t row = 0; row < panel_rows; ++row) {
      const float *values = rows.row(row) + begin;
      const float magnitude = std::abs(greatest(values, count));
      const float inverse = inverse_of(magnitude, greatest_int8);
      scales[row] = magnitude / greatest_int8;
      uint8_t codes[int8_group];
      for (int64_t k = 0; k < count; ++k) {
        // Adding 128.5 and cutting off rounds and adds the offset.
        codes[k] =
            static_cast<uint8_t>(static_cast<int32_t>(values[k] * inverse + (int8_offset + 0.5F)));
      }
      spread(codes, count, row, group + panel_rows * sizeof(float));
    }
  }
}

/// The scale, as bf16, that makes the greatest magnitude -8: of the sixteen values from -8 to 7 the
/// one without a counterpart serves the greatest.
uint16_t int4_scale(const float *values) {
  return bf16_of(greatest(values, int4_group) / -static_cast<float>(int4_offset));
}

void pack_int4(const PanelFormat &format, const PanelRows &rows, std::byte *place) {
  constexpr float greatest_code = 15;
  constexpr int64_t group_bytes = int4_group / 2;
  for (int64_t begin = 0; begin < format.padded_columns(); begin += int4_group) {
    const bool is_second = begin % int4_chunk != 0;
    std::byte *chunk = place + format.column_bytes(begin - begin % int4_chunk);
    auto *scales = reinterpret_cast<uint16_t *>(chunk) + (is_second ? panel_rows : 0);
    std::byte *group =
        chunk + 2 * panel_rows * sizeof(uint16_t) + (is_second ? group_bytes * panel_rows : 0);
    for (int64_t row = 0; row < panel_rows; ++row) {
      const float *values = rows.row(row) + begin;
      scales[row] = int4_scale(values);
      const float inverse = inverse_of(float_of(scales[row]), 1);
      uint8_t single[int4_group];
      for (int64_t k = 0; k < int4_group; ++k) {
        const float shifted = values[k] * inverse + (int4_offset + 0.5F);
        single[k] =
            static_cast<uint8_t>(static_cast<int32_t>(std::clamp(shifted, 0.0F, greatest_code)));
      }
      uint8_t pairs[group_bytes];
      for (int64_t i = 0; i < group_bytes; ++i) {
        // Of eight columns the first four are low halves.
        const int64_t k = i / 4 * 8 + i % 4;
        pairs[i] = static_cast<uint8_t>(single[k] | single[k + 4] << 4);
      }
      spread(pairs, group_bytes, row, group);
    }
  }
}

}  // namespace

AlignedMemory pack_panels(const PanelFormat &format, const PackingSource &source,
                          ThreadPool &pool) {
  AlignedMemory packed(format.bytes());
  std::vector<PanelRows> rows;
  rows.reserve(static_cast<size_t>(pool.threads()));
  for (int thread = 0; thread < pool.threads(); ++thread) {
    rows.emplace_back(format, source);
  }
  pool.run(format.panels(), [&](int64_t panel, int thread) {
    PanelRows &floats = rows[static_cast<size_t>(thread)];
    floats.read(panel);
    std::byte *place = packed.data() + static_cast<size_t>(panel) * format.panel_bytes();
    switch (format.type) {
      case WeightType::Bf16:
        pack_bf16(format, floats, place);
        break;
      case WeightType::Int16:
        pack_int16(format, floats, place);
        break;
      case WeightType::Int8:
        pack_int8(format, floats, place);
        break;
      case WeightType::Int4:
        pack_int4(format, floats, place);
        break;
      default:
        pack_f32(format, floats, place);
        break;
    }
  });
  return packed;
}

bool has_finite_scales(const PanelFormat &format, std::span<const std::byte> packed,
                       ThreadPool &pool) {
  std::atomic<bool> is_finite = true;
  const auto check = [](const std::byte *place, checkpoint::DataType type, size_t bytes) {
    TensorView view;
    view.type = type;
    view.bytes = {place, bytes};
    return !checkpoint::find_non_finite(view);
  };
  constexpr size_t line = 64;
  pool.run(format.panels(), [&](int64_t index, int /*thread*/) {
    const std::byte *panel = packed.data() + static_cast<size_t>(index) * format.panel_bytes();
    bool good = true;
    if (format.type == WeightType::Bf16) {
      good = check(panel, checkpoint::DataType::Bf16, format.panel_bytes());
    } else if (format.type == WeightType::F32) {
      good = check(panel, checkpoint::DataType::F32, format.panel_bytes());
    } else {
      const bool is_int4 = format.type == WeightType::Int4;
      const int64_t step = is_int4 ? int4_chunk : format.group();
      for (int64_t column = 0; column < format.padded_columns(); column += step) {
        good =
            good && check(panel + format.column_bytes(column),
                          is_int4 ? checkpoint::DataType::Bf16 : checkpoint::DataType::F32, line);
      }
    }
    if (!good) {
      is_finite = false;
    }
  });
  return is_finite;
}

}  // namespace kyutaistt::ops
