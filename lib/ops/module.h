// SPDX-License-Identifier: LGPL-2.1-or-later
/// Implementations of the operations that live in shared modules and are loaded on demand.
#pragma once

#include <memory>
#include <string>

#include <kyutaistt/export.h>
#include <kyutaistt/status.h>

#include "ops/operations.h"

namespace kyutaistt::ops {

/// What the computation is to run on.
struct OperationsRequest {
  /// As `ModelOptions::device`.
  std::string device;
  /// CPU threads; 0 means one for each core.
  int threads = 0;
};

/// Loads the libtorch module (once in a process, about half a second) and makes its operations.
///
/// The module `libkyutaistt-torch.so` is looked for in the folder KYUTAISTT_MODULE_PATH of the
/// environment, if set; else beside the library or program that this code is in, in `kyutaistt/`
/// below that, and where the library was configured to be installed.
Result<std::unique_ptr<Operations>> load_torch_operations(const OperationsRequest &request);

}  // namespace kyutaistt::ops

// What a module exports. C linkage so that the names are plain; both sides are built together,
// which the version makes sure of, so C++ types may cross. The second function throws.
extern "C" {
using KyutaisttModuleVersion = const char *();
using KyutaisttModuleMakeOperations = void(const kyutaistt::ops::OperationsRequest &request,
                                           std::unique_ptr<kyutaistt::ops::Operations> &operations);
}
