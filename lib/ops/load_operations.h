// SPDX-License-Identifier: LGPL-2.1-or-later
/// Choosing what computes a model.
#pragma once

#include <memory>
#include <string>

#include <kyutaistt/status.h>

#include "ops/operations.h"

namespace kyutaistt::ops {

/// What the computation is to run on.
struct OperationsRequest {
  /// As `ModelOptions::device`.
  std::string device;
  /// CPU threads, at least 1.
  int threads = 1;
};

/// The native operations for the device "cpu", else those of libtorch, whose module is loaded with
/// the first call (about half a second).
///
/// Environment variables force what computes on the CPU: KYUTAISTT_OPERATIONS=libtorch the
/// operations of libtorch, KYUTAISTT_INSTRUCTION_SET one of the native kernels by name
/// (avx512-bf16, avx512, avx2, neon-i8mm, neon-dotprod, plain).
Result<std::unique_ptr<Operations>> load_operations(const OperationsRequest &request);

}  // namespace kyutaistt::ops

extern "C" {
/// What the libtorch module exports. Throws std::invalid_argument for a device that cannot be used.
using KyutaisttMakeTorchOperations = void(const kyutaistt::ops::OperationsRequest &request,
                                          std::unique_ptr<kyutaistt::ops::Operations> &operations);
}
