// SPDX-License-Identifier: LGPL-2.1-or-later
/// The operations on libtorch: any device that it knows, and the readable reference for every other
/// implementation.
#pragma once

#include <memory>
#include <string>

#include "ops/operations.h"

namespace kyutaistt::ops {

/// Operations on `device` ("cpu", "cuda:0", ...) with `threads` CPU threads (0: libtorch's choice).
/// The number of threads is a setting of libtorch's for the whole process. Throws
/// std::invalid_argument for a device that is unknown or cannot be used.
std::unique_ptr<Operations> make_torch_operations(const std::string &device, int threads);

}  // namespace kyutaistt::ops
