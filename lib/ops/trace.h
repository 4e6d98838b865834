// SPDX-License-Identifier: LGPL-2.1-or-later
/// Lets tests see the model's intermediate values.
#pragma once

#include <functional>
#include <string>

#include "ops/tensor.h"

namespace kyutaistt::ops {

/// Called with the name of an intermediate value, as in the reference fixtures, and the value
/// itself. Empty in normal operation.
using Trace = std::function<void(const std::string &name, const Tensor &value)>;

}  // namespace kyutaistt::ops
