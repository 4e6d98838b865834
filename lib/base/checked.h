// SPDX-License-Identifier: LGPL-2.1-or-later
/// Arithmetic on sizes that come from files.
#pragma once

#include <cstdint>
#include <optional>

namespace kyutaistt::base {

/// a * b, or nothing if it does not fit.
inline std::optional<uint64_t> checked_multiply(uint64_t a, uint64_t b) noexcept {
  uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return std::nullopt;
  }
  return product;
}

}  // namespace kyutaistt::base
