// SPDX-License-Identifier: LGPL-2.1-or-later
/// Divides the recordings of a manifest among processes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "program/manifest.h"

namespace kyutaistt::program {

struct Shard {
  /// From 0 to `count` - 1.
  int index = 0;
  int count = 1;

  /// "3-of-8", as file names have it.
  std::string name() const { return std::to_string(index) + "-of-" + std::to_string(count); }
};

/// Parses I/N, "auto" or "auto/N". What is left open comes from the environment variables of
/// Slurm's arrays or Kubernetes' indexed Jobs.
Result<Shard> parse_shard(const std::string &text);

/// The indices of a shard's entries, the longest first. Shards get equal amounts of audio if the
/// manifest has all durations, otherwise equal numbers of entries. Which shard an entry belongs to
/// depends on the manifest only, so all processes agree.
std::vector<size_t> entries_of(const Shard &shard, const std::vector<ManifestEntry> &entries);

}  // namespace kyutaistt::program
