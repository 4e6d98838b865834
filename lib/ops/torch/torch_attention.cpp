// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/torch/torch_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace kyutaistt::ops {

namespace {

class TorchKeyValueCache final : public KeyValueCache {
 public:
  TorchKeyValueCache(const Attention &attention, int64_t capacity, const at::Device &device)
      : keys(at::zeros({attention.heads, capacity, attention.head_dimension},
                       at::TensorOptions().dtype(at::kFloat).device(device))),
        values(at::zeros_like(keys)) {}

  int64_t capacity() const { return keys.size(1); }

  const at::Tensor keys;    // [heads, capacity, head_dimension], rotated
  const at::Tensor values;  // [heads, capacity, head_dimension]
};

/// Cosines and sines [rows, 1, head_dimension / 2] of position * base^(-2i / head_dimension). The
/// angles are computed in double: positions grow without bound.
std::pair<at::Tensor, at::Tensor> rotation(const Attention &attention,
                                           std::span<const AttentionRow> rows,
                                           const at::Device &device) {
  const int64_t half = attention.head_dimension / 2;
  const at::Tensor cosines = at::empty({static_cast<int64_t>(rows.size()), 1, half}, at::kFloat);
  const at::Tensor sines = at::empty_like(cosines);
  auto *cosine = cosines.data_ptr<float>();
  auto *sine = sines.data_ptr<float>();
  for (const AttentionRow &row : rows) {
    for (int64_t i = 0; i < half; ++i) {
      const double frequency =
          std::pow(attention.rope_base, -static_cast<double>(i) / static_cast<double>(half));
      const double angle = static_cast<double>(row.position) * frequency;
      *cosine++ = static_cast<float>(std::cos(angle));
      *sine++ = static_cast<float>(std::sin(angle));
    }
  }
  return {cosines.to(device), sines.to(device)};
}

/// Rotates the pairs (i, i + head_dimension / 2) of [rows, heads, head_dimension].
at::Tensor rotate(const at::Tensor &x, const at::Tensor &cosines, const at::Tensor &sines) {
  const auto halves = x.chunk(2, 2);
  return at::cat({halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines},
                 2);
}

/// True where a query may not look: [queries, slots]. Undefined if every query sees every slot.
at::Tensor hidden_slots(std::span<const AttentionRow> queries, int64_t slots, int64_t capacity) {
  const int64_t newest = queries.back().position;
  at::Tensor hidden = at::empty({static_cast<int64_t>(queries.size()), slots}, at::kBool);
  auto *flag = hidden.data_ptr<bool>();
  bool any = false;
  for (const AttentionRow &query : queries) {
    for (int64_t slot = 0; slot < slots; ++slot) {
      const int64_t age = (newest % capacity - slot + capacity) % capacity;
      const int64_t position = newest - age;
      const bool is_hidden = position < query.first_visible || position > query.position;
      any = any || is_hidden;
      *flag++ = is_hidden;
    }
  }
  return any ? hidden : at::Tensor();
}

/// Attention of the positions of one stream: q [T, heads, head_dimension] -> the same shape.
at::Tensor attend_stream(const at::Tensor &q, const TorchKeyValueCache &cache,
                         std::span<const AttentionRow> queries) {
  const int64_t slots = std::min(cache.capacity(), queries.back().position + 1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(2)));
  at::Tensor scores =
      at::bmm(q.transpose(0, 1), cache.keys.narrow(1, 0, slots).transpose(1, 2)).mul_(scale);
  if (const at::Tensor hidden = hidden_slots(queries, slots, cache.capacity()); hidden.defined()) {
    scores.masked_fill_(hidden.to(q.device()), -std::numeric_limits<float>::infinity());
  }
  return at::bmm(at::softmax(scores, -1), cache.values.narrow(1, 0, slots)).transpose(0, 1);
}

}  // namespace

std::unique_ptr<KeyValueCache> make_torch_cache(const Attention &attention, int64_t capacity,
                                                const at::Device &device) {
  return std::make_unique<TorchKeyValueCache>(attention, capacity, device);
}

at::Tensor torch_attend(const at::Tensor &qkv, const Attention &attention,
                        std::span<const AttentionRow> rows) {
  const auto parts =
      qkv.view({qkv.size(0), 3, attention.heads, attention.head_dimension}).unbind(1);
  const auto [cosines, sines] = rotation(attention, rows, qkv.device());
  const at::Tensor queries = rotate(parts[0], cosines, sines);
  const at::Tensor keys = rotate(parts[1], cosines, sines);
  std::vector<at::Tensor> outputs;
  for (size_t begin = 0; begin < rows.size();) {
    const auto &cache = static_cast<const TorchKeyValueCache &>(*rows[begin].cache);
    // Positions of one stream, no later one of which lies where the first one still looks.
    size_t end = begin;
    while (end < rows.size() && rows[end].cache == &cache &&
           rows[end].position - rows[begin].first_visible < cache.capacity()) {
      const int64_t slot = rows[end].position % cache.capacity();
      cache.keys.select(1, slot).copy_(keys[static_cast<int64_t>(end)]);
      cache.values.select(1, slot).copy_(parts[2][static_cast<int64_t>(end)]);
      ++end;
    }
    const auto count = static_cast<int64_t>(end - begin);
    outputs.push_back(attend_stream(queries.narrow(0, static_cast<int64_t>(begin), count), cache,
                                    rows.subspan(begin, end - begin)));
    begin = end;
  }
  return at::cat(outputs, 0).flatten(1);
}

}  // namespace kyutaistt::ops
