// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ctrl-C, as a question that what waits can ask.
#pragma once

#include <atomic>

namespace kyutaistt::program {

/// From here on the first SIGINT or SIGTERM sets `interrupted()`; the second ends the process, as
/// without this call.
void catch_interruption();

const std::atomic<bool> &interrupted();

}  // namespace kyutaistt::program
