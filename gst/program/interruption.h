// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ctrl-C, as a question that what waits can ask.
#pragma once

#include <atomic>

namespace kyutaistt::program {

/// From here on the first SIGINT, SIGTERM or SIGHUP sets `interrupted()`; the second of its kind
/// ends the process, as without this call. A signal that is ignored stays so.
void catch_interruption();

/// The same by the program itself, which cannot go on.
void interrupt();

const std::atomic<bool> &interrupted();

}  // namespace kyutaistt::program
