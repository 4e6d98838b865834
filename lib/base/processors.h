// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many threads can run at the same time.
#pragma once

#include <string>

namespace kyutaistt::base {

/// Processors that the calling thread may run on, by its affinity (cpusets included), but no more
/// than the quota of its control group, or of any that this one is in, is worth, rounded up. Both
/// versions of control groups count. At least 1. /proc and the mounted groups are looked for below
/// `root`.
int usable_processors(const std::string &root = "");

}  // namespace kyutaistt::base
