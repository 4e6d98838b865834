// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/processors.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sched.h>
#include <thread>

namespace kyutaistt::base {

namespace {

int allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails where there are more than a thousand.
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    return CPU_COUNT(&set);
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// "QUOTA PERIOD" in microseconds, or "max PERIOD".
int processors_of_quota(const std::string &control_group) {
  std::ifstream file(control_group + "/cpu.max");
  double quota = 0;
  double period = 0;
  if (file >> quota >> period && quota > 0 && period > 0) {
    const double most = std::numeric_limits<int>::max();
    return static_cast<int>(std::min(std::ceil(quota / period), most));
  }
  return std::numeric_limits<int>::max();
}

}  // namespace

int usable_processors(const std::string &control_group) {
  return std::max(1, std::min(allowed_processors(), processors_of_quota(control_group)));
}

}  // namespace kyutaistt::base
