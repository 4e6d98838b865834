// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/floats.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/parallel.h"

namespace kyutaistt::checkpoint {

namespace {

float float_of_bf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

float float_of_f16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0x1F) {
    return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  }
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  }
  // Subnormal: fraction * 2^-24.
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

/// Calls `use(value, index)` for every element; the bytes need not be aligned.
template <typename Element, typename Use>
void for_each(std::span<const std::byte> bytes, Use use) {
  const size_t count = bytes.size() / sizeof(Element);
  for (size_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, bytes.data() + i * sizeof(Element), sizeof(Element));
    use(element, i);
  }
}

/// The first element all of whose exponent bits are set. Whole blocks are tested without a branch,
/// so that the compiler makes vector code of it.
template <typename Bits, Bits exponent>
std::optional<int64_t> find_full_exponent(std::span<const std::byte> all) {
  constexpr size_t block = 4096;
  const std::byte *bytes = all.data();
  const size_t count = all.size() / sizeof(Bits);
  const auto element = [&](size_t i) {
    Bits bits;
    std::memcpy(&bits, bytes + i * sizeof(Bits), sizeof(Bits));
    return bits;
  };
  for (size_t begin = 0; begin < count; begin += block) {
    const size_t end = std::min(begin + block, count);
    Bits found = 0;
    for (size_t i = begin; i < end; ++i) {
      found |= static_cast<Bits>((element(i) & exponent) == exponent);
    }
    for (size_t i = begin; found != 0 && i < end; ++i) {
      if ((element(i) & exponent) == exponent) {
        return static_cast<int64_t>(i);
      }
    }
  }
  return std::nullopt;
}

/// The first f64 value that is NaN or infinite as f32.
std::optional<int64_t> find_beyond_f32(std::span<const std::byte> all) {
  std::optional<int64_t> found;
  for_each<double>(all, [&](double value, size_t i) {
    // Negated, so that a NaN is found too.
    if (!found && !(std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max()))) {
      found = static_cast<int64_t>(i);
    }
  });
  return found;
}

std::optional<int64_t> find_non_finite_in(DataType type, std::span<const std::byte> bytes) {
  switch (type) {
    case DataType::F32:
      return find_full_exponent<uint32_t, 0x7F800000U>(bytes);
    case DataType::F64:
      return find_beyond_f32(bytes);
    case DataType::Bf16:
      return find_full_exponent<uint16_t, 0x7F80U>(bytes);
    case DataType::F16:
      return find_full_exponent<uint16_t, 0x7C00U>(bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace

bool is_floating_point(DataType type) noexcept {
  return type == DataType::F64 || type == DataType::F32 || type == DataType::F16 ||
         type == DataType::Bf16;
}

std::vector<float> to_floats(const TensorView &view) {
  std::vector<float> values(static_cast<size_t>(view.elements()));
  copy_floats(view, 0, values);
  return values;
}

void copy_floats(const TensorView &view, int64_t first, std::span<float> output) {
  const size_t size = element_size(view.type);
  const auto bytes = view.bytes.subspan(static_cast<size_t>(first) * size, output.size() * size);
  switch (view.type) {
    case DataType::F32:
      std::memcpy(output.data(), bytes.data(), bytes.size());
      break;
    case DataType::F64:
      for_each<double>(bytes,
                       [&](double value, size_t i) { output[i] = static_cast<float>(value); });
      break;
    case DataType::Bf16:
      for_each<uint16_t>(bytes, [&](uint16_t bits, size_t i) { output[i] = float_of_bf16(bits); });
      break;
    case DataType::F16:
      for_each<uint16_t>(bytes, [&](uint16_t bits, size_t i) { output[i] = float_of_f16(bits); });
      break;
    default:
      break;
  }
}

std::optional<int64_t> find_non_finite(const TensorView &view) {
  constexpr size_t least = size_t{1} << 20;
  const size_t size = element_size(view.type);
  constexpr int64_t none = std::numeric_limits<int64_t>::max();
  std::atomic<int64_t> first = none;
  base::in_parts(view.bytes.size() / size, least, [&](size_t begin, size_t end) {
    const auto found =
        find_non_finite_in(view.type, view.bytes.subspan(begin * size, (end - begin) * size));
    if (!found) {
      return;
    }
    const int64_t element = static_cast<int64_t>(begin) + *found;
    int64_t best = first;
    while (element < best && !first.compare_exchange_weak(best, element)) {
    }
  });
  return first == none ? std::nullopt : std::optional(first.load());
}

}  // namespace kyutaistt::checkpoint
