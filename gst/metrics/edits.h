// SPDX-License-Identifier: LGPL-2.1-or-later
/// The fewest edits that make one sequence of another (Levenshtein). Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kyutaistt::metrics {

enum class Edit : uint8_t { Hit, Substitution, Deletion, Insertion };

/// How many there are of each.
struct Edits {
  int64_t hits = 0;
  int64_t substitutions = 0;
  int64_t deletions = 0;
  int64_t insertions = 0;

  int64_t errors() const { return substitutions + deletions + insertions; }
  /// Length of the reference.
  int64_t expected() const { return hits + substitutions + deletions; }
  Edits &operator+=(const Edits &other) {
    hits += other.hits;
    substitutions += other.substitutions;
    deletions += other.deletions;
    insertions += other.insertions;
    return *this;
  }
  void count(Edit edit);
};

/// The edits from the beginning to the end. Symbols are small numbers from 0 on, equal where the
/// sequences agree. Of several ways with equally few edits it is the one that RapidFuzz takes, and
/// so jiwer. Costs a 32nd of the product of both lengths in bytes.
std::vector<Edit> align(std::span<const int32_t> reference, std::span<const int32_t> found);

/// Their number; costs no memory.
int64_t count_errors(std::span<const int32_t> reference, std::span<const int32_t> found);

}  // namespace kyutaistt::metrics
