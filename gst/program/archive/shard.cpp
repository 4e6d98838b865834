// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/shard.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

namespace kyutaistt::program {

namespace {

constexpr int max_shards = 1000000;

std::optional<int> parse_number(const std::string &text) {
  int number = 0;
  const char *end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const bool is_whole = parsed.ec == std::errc() && parsed.ptr == end && !text.empty();
  return is_whole && number >= 0 && number <= max_shards ? std::optional(number) : std::nullopt;
}

std::optional<int> variable(const char *name) {
  const char *value = std::getenv(name);
  return value != nullptr ? parse_number(value) : std::nullopt;
}

Result<Shard> checked(const Shard &shard, const std::string &what) {
  if (shard.count < 1 || shard.index >= shard.count) {
    return Status::invalid_argument(what + ": found shard " + std::to_string(shard.index) + " of " +
                                    std::to_string(shard.count) + ", expected 0 to " +
                                    std::to_string(std::max(shard.count, 1) - 1));
  }
  return shard;
}

/// The task of Slurm's array that this is, counted from its first.
Result<Shard> slurm_shard(int task, int count) {
  const int first = variable("SLURM_ARRAY_TASK_MIN").value_or(0);
  const int last = variable("SLURM_ARRAY_TASK_MAX").value_or(first + count - 1);
  const int step = std::max(variable("SLURM_ARRAY_TASK_STEP").value_or(1), 1);
  if ((last - first) / step + 1 != count || task < first || (task - first) % step != 0) {
    return Status::invalid_argument("option --shard: found an array of " + std::to_string(count) +
                                    " tasks from " + std::to_string(first) + " to " +
                                    std::to_string(last) +
                                    ", expected one without gaps, or auto/N");
  }
  return checked({(task - first) / step, count}, "option --shard");
}

/// The count is the scheduler's, unless it is given.
Result<Shard> scheduled_shard(std::optional<int> count) {
  const auto task = variable("SLURM_ARRAY_TASK_ID");
  const auto tasks = variable("SLURM_ARRAY_TASK_COUNT");
  const auto index = task ? task : variable("JOB_COMPLETION_INDEX");
  if (!index) {
    return Status::invalid_argument(
        "option --shard: found neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX, expected one "
        "in the environment");
  }
  if (count) {
    return checked({*index, *count}, "option --shard");
  }
  if (task && tasks) {
    return slurm_shard(*task, *tasks);
  }
  return Status::invalid_argument(
      "option --shard: found an index without a count of shards, expected auto/N");
}

/// Longest first; what is equally long in the order of the manifest.
void sort_longest_first(std::vector<size_t> &indices, const std::vector<double> &lengths) {
  std::stable_sort(indices.begin(), indices.end(),
                   [&](size_t first, size_t second) { return lengths[first] > lengths[second]; });
}

/// A guess at how long recordings are to each other.
double file_size(const std::string &path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<double>(size);
}

}  // namespace

Result<Shard> parse_shard(const std::string &text) {
  if (text == "auto") {
    return scheduled_shard(std::nullopt);
  }
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string left = text.substr(0, slash);
  const auto count = parse_number(slash < text.size() ? text.substr(slash + 1) : "");
  const auto index = parse_number(left);
  if (!count || (!index && left != "auto")) {
    return Status::invalid_argument("option --shard: found " + text +
                                    ", expected I/N, auto or auto/N");
  }
  return index ? checked({*index, *count}, "option --shard") : scheduled_shard(count);
}

std::vector<size_t> entries_of(const Shard &shard, const std::vector<ManifestEntry> &entries) {
  const bool all_known = std::all_of(entries.begin(), entries.end(),
                                     [](const auto &entry) { return entry.duration.has_value(); });
  std::vector<size_t> taken;
  std::vector<double> lengths(entries.size());
  if (!all_known) {
    const auto count = static_cast<size_t>(shard.count);
    for (auto i = static_cast<size_t>(shard.index); i < entries.size(); i += count) {
      taken.push_back(i);
      lengths[i] = file_size(entries[i].audio);
    }
    sort_longest_first(taken, lengths);
    return taken;
  }
  std::transform(entries.begin(), entries.end(), lengths.begin(),
                 [](const auto &entry) { return *entry.duration; });
  std::vector<size_t> order(entries.size());
  std::iota(order.begin(), order.end(), size_t{0});
  sort_longest_first(order, lengths);
  // Each goes to the shard that has the least so far.
  using Load = std::pair<double, int>;
  std::priority_queue<Load, std::vector<Load>, std::greater<>> loads;
  for (int i = 0; i < shard.count; ++i) {
    loads.emplace(0, i);
  }
  for (const size_t i : order) {
    const auto [load, owner] = loads.top();
    loads.pop();
    loads.emplace(load + lengths[i], owner);
    if (owner == shard.index) {
      taken.push_back(i);
    }
  }
  return taken;
}

}  // namespace kyutaistt::program
