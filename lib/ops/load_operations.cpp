// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/load_operations.h"

#include <stdexcept>

#include "base/guard.h"
#include "base/module.h"

namespace kyutaistt::ops {

Result<std::unique_ptr<Operations>> load_operations(const OperationsRequest &request) {
  return base::guard("libtorch", [&]() -> Result<std::unique_ptr<Operations>> {
    KYUTAISTT_ASSIGN(make_operations,
                     base::find_function<KyutaisttMakeTorchOperations>(
                         "libtorch", "libkyutaistt-torch.so", "kyutaistt_make_torch_operations"));
    std::unique_ptr<Operations> operations;
    try {
      make_operations(request, operations);
    } catch (const std::invalid_argument &error) {
      return Status::invalid_argument(error.what());
    }
    return operations;
  });
}

}  // namespace kyutaistt::ops
