// SPDX-License-Identifier: LGPL-2.1-or-later
/// Which kernels this processor can run.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/status.h>

#include "ops/native/kernels.h"

namespace kyutaistt::ops {

/// Those that the processor can run, the fastest first; plain C++ is always the last.
const std::vector<const Kernels *> &supported_kernels();

/// The kernels of this name. `InvalidArgument` with the known names if there are none, or if the
/// processor cannot run them.
Result<const Kernels *> find_kernels(const std::string &name);

/// Value of the environment variable KYUTAISTT_INSTRUCTION_SET; empty if it is not set.
std::string forced_instruction_set();

/// The fastest kernels, or those that KYUTAISTT_INSTRUCTION_SET names. `InvalidArgument` if there
/// are none of this name.
Result<const Kernels *> choose_kernels();

}  // namespace kyutaistt::ops
