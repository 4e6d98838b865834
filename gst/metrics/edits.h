// SPDX-License-Identifier: LGPL-2.1-or-later
/// Minimal edits between two sequences (Levenshtein). Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kyutaistt::metrics {

enum class Edit : uint8_t { Hit, Substitution, Deletion, Insertion };

/// Counts of each kind.
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

/// Aligns two sequences of symbols, which are small numbers from 0 on. Where several alignments
/// have the minimum of edits, returns the one that RapidFuzz chooses, and with it jiwer. Takes a
/// quarter of a byte of memory for each pair of symbols.
std::vector<Edit> align(std::span<const int32_t> reference, std::span<const int32_t> found);

/// The number of edits alone, without that memory.
int64_t count_errors(std::span<const int32_t> reference, std::span<const int32_t> found);

}  // namespace kyutaistt::metrics
