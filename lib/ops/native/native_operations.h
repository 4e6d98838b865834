// SPDX-License-Identifier: LGPL-2.1-or-later
/// The operations for CPUs: packed weights, one set of kernels for each instruction set.
#pragma once

#include <memory>

#include "ops/native/kernels.h"
#include "ops/operations.h"

namespace kyutaistt::ops {

/// `threads` must be at least 1. `kernels` must be among those that the processor supports.
std::unique_ptr<Operations> make_native_operations(const Kernels &kernels, int threads);

}  // namespace kyutaistt::ops
