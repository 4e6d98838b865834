// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/load_operations.h"

#include <stdexcept>
#include <string>

#include "base/guard.h"
#include "base/module.h"
#include "ops/native/instruction_set.h"
#include "ops/native/native_operations.h"

namespace kyutaistt::ops {

namespace {

Result<std::unique_ptr<Operations>> load_torch_operations(const OperationsRequest &request) {
  return base::guard("libtorch", [&]() -> Result<std::unique_ptr<Operations>> {
    KYUTAISTT_ASSIGN(make_operations,
                     base::find_function<KyutaisttMakeTorchOperations>(
                         base::libtorch_module, "device \"" + request.device + "\"",
                         "kyutaistt_make_torch_operations"));
    std::unique_ptr<Operations> operations;
    try {
      make_operations(request, operations);
    } catch (const std::invalid_argument &error) {
      return Status::invalid_argument(error.what());
    }
    return operations;
  });
}

}  // namespace

Result<std::unique_ptr<Operations>> load_operations(const OperationsRequest &request) {
  if (request.device != "cpu" || forced_instruction_set() == "libtorch") {
    return load_torch_operations(request);
  }
  KYUTAISTT_ASSIGN(kernels, choose_kernels());
  return make_native_operations(*kernels, request.threads);
}

}  // namespace kyutaistt::ops
