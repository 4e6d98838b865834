// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many threads can run at the same time.
#pragma once

#include <string>

namespace kyutaistt::base {

/// Processors that the calling thread may run on, by its affinity (cpusets included), but no more
/// than the quota of its control group (version 2, whose files lie in `control_group`) is worth,
/// rounded up. At least 1.
int usable_processors(const std::string &control_group = "/sys/fs/cgroup");

}  // namespace kyutaistt::base
