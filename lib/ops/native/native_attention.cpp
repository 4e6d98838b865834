// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/native_attention.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ops/native/panel_format.h"

namespace kyutaistt::ops {

namespace {

CacheType type_of(CachePrecision precision) {
  switch (precision) {
    case CachePrecision::Bf16:
      return CacheType::Bf16;
    case CachePrecision::Int8:
      return CacheType::Int8;
    default:
      return CacheType::F32;
  }
}

int64_t element_bytes(CacheType type) {
  return type == CacheType::F32 ? 4 : type == CacheType::Bf16 ? 2 : 1;
}

/// One head's part of a cache.
struct HeadLayout {
  HeadLayout(const Attention &attention, int64_t capacity, CacheType type)
      : padded_dimension(divide_up(attention.head_dimension, panel_rows) * panel_rows) {
    // Complete blocks of 16 positions, so that every part begins at a cache line.
    const int64_t slots = divide_up(capacity, panel_rows) * panel_rows;
    key_bytes = slots * attention.head_dimension * element_bytes(type);
    value_bytes = slots * padded_dimension * element_bytes(type);
    scale_bytes = type == CacheType::Int8 ? slots * static_cast<int64_t>(sizeof(float)) : 0;
  }

  int64_t bytes() const { return key_bytes + value_bytes + 2 * scale_bytes; }

  int64_t padded_dimension;
  int64_t key_bytes;
  int64_t value_bytes;
  int64_t scale_bytes;
};

/// The heads' keys, values and scales in one piece of memory.
class NativeKeyValueCache final : public KeyValueCache {
 public:
  NativeKeyValueCache(const Attention &attention, int64_t capacity, CacheType type) {
    const HeadLayout layout(attention, capacity, type);
    memory_ = AlignedMemory(static_cast<size_t>(attention.heads * layout.bytes()));
    for (int64_t head = 0; head < attention.heads; ++head) {
      std::byte *place = memory_.data() + head * layout.bytes();
      HeadCache cache;
      cache.type = type;
      cache.capacity = capacity;
      cache.dimension = attention.head_dimension;
      cache.padded_dimension = layout.padded_dimension;
      cache.keys = place;
      cache.values = place + layout.key_bytes;
      std::byte *scales = place + layout.key_bytes + layout.value_bytes;
      cache.key_scales = reinterpret_cast<float *>(scales);
      cache.value_scales = reinterpret_cast<float *>(scales + layout.scale_bytes);
      heads_.push_back(cache);
    }
  }

  const HeadCache &head(int64_t index) const { return heads_[static_cast<size_t>(index)]; }

 private:
  AlignedMemory memory_;
  std::vector<HeadCache> heads_;
};

const NativeKeyValueCache &cache_of(const AttentionRow &row) {
  return static_cast<const NativeKeyValueCache &>(*row.cache);
}

/// Rows of one stream: they lie together.
struct StreamRows {
  size_t begin = 0;
  size_t end = 0;
};

std::vector<StreamRows> find_streams(std::span<const AttentionRow> rows) {
  std::vector<StreamRows> streams;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (row == 0 || rows[row].cache != rows[row - 1].cache) {
      streams.push_back({row, row});
    }
    streams.back().end = row + 1;
  }
  return streams;
}

bool is_same(const Attention &a, const Attention &b) {
  return a.head_dimension == b.head_dimension && a.rope_base == b.rope_base;
}

}  // namespace

std::unique_ptr<KeyValueCache> make_native_cache(const Attention &attention, int64_t capacity,
                                                 CachePrecision precision) {
  return std::make_unique<NativeKeyValueCache>(attention, capacity, type_of(precision));
}

uint64_t cache_bytes(const Attention &attention, int64_t capacity, CachePrecision precision) {
  const HeadLayout layout(attention, capacity, type_of(precision));
  return AlignedMemory::allocated(static_cast<size_t>(attention.heads * layout.bytes()));
}

void Attender::attend(const float *qkv, const Attention &attention,
                      std::span<const AttentionRow> rows, float *output) {
  prepare_rotation(attention, rows);
  const int64_t dimension = attention.head_dimension;
  const int64_t half = dimension / 2;
  const int64_t width = attention.heads * dimension;
  const std::vector<StreamRows> streams = find_streams(rows);
  int64_t capacity = 0;
  for (const StreamRows &stream : streams) {
    capacity = std::max(capacity, cache_of(rows[stream.begin]).head(0).capacity);
  }
  const int64_t scratch_floats = capacity + dimension + 3 * panel_rows;
  prepare_scratch(scratch_floats);

  const auto tasks = static_cast<int64_t>(streams.size()) * attention.heads;
  pool_.run(tasks, [&](int64_t task, int thread) {
    const StreamRows &stream = streams[static_cast<size_t>(task / attention.heads)];
    const int64_t head = task % attention.heads;
    const HeadCache &cache = cache_of(rows[stream.begin]).head(head);
    auto *scratch = scratch_[static_cast<size_t>(thread)].as<float>();
    // One position after the other: a later one may lie in the ring where an earlier one still
    // looks.
    for (size_t row = stream.begin; row < stream.end; ++row) {
      const auto at = static_cast<int64_t>(row);
      HeadQuery query;
      query.query = qkv + at * 3 * width + head * dimension;
      kernels_.store_head(cache, query.query + width, query.query + 2 * width,
                          cosines_.data() + at * half, sines_.data() + at * half,
                          rows[row].position, scratch);
      query.cosines = cosines_.data() + at * half;
      query.sines = sines_.data() + at * half;
      query.position = rows[row].position;
      query.first_visible = rows[row].first_visible;
      query.output = output + at * width + head * dimension;
      query.scratch = scratch;
      kernels_.attend_head(cache, query);
    }
  });
}

void Attender::prepare_rotation(const Attention &attention, std::span<const AttentionRow> rows) {
  const auto has_position = [](const AttentionRow &row, int64_t position) {
    return row.position == position;
  };
  const bool same_shape = is_same(attention, rotated_attention_);
  if (same_shape && std::equal(rows.begin(), rows.end(), rotated_positions_.begin(),
                               rotated_positions_.end(), has_position)) {
    return;
  }
  const auto half = static_cast<size_t>(attention.head_dimension / 2);
  if (!same_shape) {
    rotated_attention_ = attention;
    frequencies_.resize(half);
    for (size_t i = 0; i < half; ++i) {
      frequencies_[i] =
          std::pow(attention.rope_base, -static_cast<double>(i) / static_cast<double>(half));
    }
  }
  rotated_positions_.clear();
  cosines_.clear();
  sines_.clear();
  for (const AttentionRow &row : rows) {
    for (const double frequency : frequencies_) {
      // In double: positions grow without bound.
      const double angle = static_cast<double>(row.position) * frequency;
      cosines_.push_back(static_cast<float>(std::cos(angle)));
      sines_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  // Last, so that the angles are computed again if memory ran out for them.
  for (const AttentionRow &row : rows) {
    rotated_positions_.push_back(row.position);
  }
}

void Attender::prepare_scratch(int64_t floats) {
  const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
  if (scratch_.empty() || scratch_.front().size() < bytes) {
    std::vector<AlignedMemory> scratch;
    scratch.reserve(static_cast<size_t>(pool_.threads()));
    for (int thread = 0; thread < pool_.threads(); ++thread) {
      scratch.emplace_back(bytes);
    }
    scratch_ = std::move(scratch);
  }
}

}  // namespace kyutaistt::ops
