// SPDX-License-Identifier: LGPL-2.1-or-later
/// Ctrl-C, as a flag that waiting code can poll.
#pragma once

#include <atomic>

namespace kyutaistt::program {

/// From here on the first SIGINT, SIGTERM or SIGHUP sets `interrupted()`; a second signal of the
/// same kind ends the process, as without this call. A signal that is ignored stays ignored.
void catch_interruption();

/// The same by the program itself, which cannot go on.
void interrupt();

const std::atomic<bool> &interrupted();

}  // namespace kyutaistt::program
