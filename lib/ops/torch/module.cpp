// SPDX-License-Identifier: LGPL-2.1-or-later
/// Entry of the module that the library loads when a model is first wanted: loading libtorch takes
/// half a second and 300 libraries, which a program that only links the library should not pay for.
#include "ops/load_operations.h"
#include "ops/torch/torch_operations.h"

extern "C" KYUTAISTT_PUBLIC const char *kyutaistt_module_version() {
  return KYUTAISTT_VERSION;
}

extern "C" KYUTAISTT_PUBLIC void kyutaistt_make_torch_operations(
    const kyutaistt::ops::OperationsRequest &request,
    std::unique_ptr<kyutaistt::ops::Operations> &operations) {
  operations = kyutaistt::ops::make_torch_operations(request.device, request.threads);
}
