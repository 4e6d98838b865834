// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many threads can run at the same time.
#pragma once

#include <string>

namespace kyutaistt::base {

/// Processors that the calling thread may run on, by its affinity (cpusets included), limited by
/// the quotas of its control group and of those above it, rounded up. Both versions of control
/// groups count. At least 1. /proc and the mounted groups are looked up below `root`.
int usable_processors(const std::string &root = "");

}  // namespace kyutaistt::base
