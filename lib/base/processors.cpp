// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/processors.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sched.h>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

namespace kyutaistt::base {

namespace {

namespace fs = std::filesystem;

constexpr int unlimited = std::numeric_limits<int>::max();

int allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails where there are more than a thousand.
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return CPU_COUNT(&set);
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// A mounted hierarchy of control groups that may have quotas.
struct Hierarchy {
  bool is_version_2 = false;
  /// The group that the mount point shows.
  std::string root;
  std::string mount_point;
};

bool contains_word(const std::string &list, std::string_view word) {
  std::istringstream words(list);
  for (std::string found; std::getline(words, found, ',');) {
    if (found == word) {
      return true;
    }
  }
  return false;
}

/// Spaces and the like stand as three octal digits after a backslash.
std::string unescape(const std::string &text) {
  constexpr size_t digits = 3;
  constexpr int octal = 8;
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string code = text.substr(i + 1, digits);
    if (text[i] == '\\' && code.size() == digits &&
        code.find_first_not_of("01234567") == std::string::npos) {
      result += static_cast<char>(std::stoi(code, nullptr, octal));
      i += digits;
    } else {
      result += text[i];
    }
  }
  return result;
}

/// From a line of mountinfo: ID PARENT DEVICE ROOT MOUNT-POINT OPTIONS [TAGS] - TYPE SOURCE
/// OPTIONS.
std::optional<Hierarchy> parse_mount(const std::string &line) {
  std::istringstream words(line);
  std::string skipped;
  Hierarchy hierarchy;
  words >> skipped >> skipped >> skipped >> hierarchy.root >> hierarchy.mount_point;
  while (words >> skipped && skipped != "-") {
  }
  std::string type;
  std::string source;
  std::string options;
  words >> type >> source >> options;
  hierarchy.is_version_2 = type == "cgroup2";
  if (!hierarchy.is_version_2 && (type != "cgroup" || !contains_word(options, "cpu"))) {
    return std::nullopt;
  }
  hierarchy.root = unescape(hierarchy.root);
  hierarchy.mount_point = unescape(hierarchy.mount_point);
  return hierarchy;
}

/// The group of this process in a hierarchy, from lines of ID:CONTROLLERS:PATH.
std::optional<std::string> find_group(const fs::path &list, const Hierarchy &hierarchy) {
  std::ifstream file(list);
  for (std::string line; std::getline(file, line);) {
    const size_t first = std::min(line.find(':'), line.size());
    const size_t second = line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (hierarchy.is_version_2 ? controllers.empty() : contains_word(controllers, "cpu")) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

/// Where the group is below the mount point; empty for the mount point itself, also where the
/// group is not shown by the mount.
fs::path place_of(const std::string &group, const std::string &root) {
  const fs::path place = fs::path(group).lexically_relative(root);
  const bool is_outside = place.empty() || *place.begin() == ".." || place == ".";
  return is_outside ? fs::path() : place;
}

/// The processors that `quota` microseconds of each `period` amount to; "max" and invalid text mean
/// no limit.
int processors_of(double quota, double period) {
  if (quota > 0 && period > 0) {
    return static_cast<int>(std::min(std::ceil(quota / period), double{unlimited}));
  }
  return unlimited;
}

int processors_of_group(const fs::path &group, bool is_version_2) {
  double quota = 0;
  double period = 0;
  if (is_version_2) {
    std::ifstream file(group / "cpu.max");
    return file >> quota >> period ? processors_of(quota, period) : unlimited;
  }
  std::ifstream quota_file(group / "cpu.cfs_quota_us");
  std::ifstream period_file(group / "cpu.cfs_period_us");
  return quota_file >> quota && period_file >> period ? processors_of(quota, period) : unlimited;
}

/// The smallest quota of the group and of those above it.
int processors_of_hierarchy(const fs::path &mount_point, const fs::path &place, bool is_version_2) {
  int processors = processors_of_group(mount_point, is_version_2);
  fs::path group = mount_point;
  for (const fs::path &part : place) {
    group /= part;
    processors = std::min(processors, processors_of_group(group, is_version_2));
  }
  return processors;
}

int processors_of_quotas(const std::string &root) {
  int processors = unlimited;
  std::ifstream mounts(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (const auto hierarchy = parse_mount(line)) {
      const auto group = find_group(root + "/proc/self/cgroup", *hierarchy);
      const fs::path place = group ? place_of(*group, hierarchy->root) : fs::path();
      processors = std::min(processors, processors_of_hierarchy(root + hierarchy->mount_point,
                                                                place, hierarchy->is_version_2));
    }
  }
  return processors;
}

}  // namespace

int usable_processors(const std::string &root) {
  return std::max(1, std::min(allowed_processors(), processors_of_quotas(root)));
}

}  // namespace kyutaistt::base
