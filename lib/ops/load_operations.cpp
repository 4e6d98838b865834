// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/load_operations.h"

#include <cstdlib>
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

/// Whether the environment asks for libtorch on the CPU too.
Result<bool> is_libtorch_forced() {
  constexpr const char *variable = "KYUTAISTT_OPERATIONS";
  const char *found = std::getenv(variable);
  const std::string value = found == nullptr ? "" : found;
  if (!value.empty() && value != "native" && value != "libtorch") {
    return Status::invalid_argument(std::string(variable) + ": found " + value +
                                    ", expected native or libtorch");
  }
  return value == "libtorch";
}

}  // namespace

Result<std::unique_ptr<Operations>> load_operations(const OperationsRequest &request) {
  KYUTAISTT_ASSIGN(is_forced, is_libtorch_forced());
  if (request.device != "cpu" || is_forced) {
    return load_torch_operations(request);
  }
  KYUTAISTT_ASSIGN(kernels, choose_kernels());
  return make_native_operations(*kernels, request.threads);
}

}  // namespace kyutaistt::ops
