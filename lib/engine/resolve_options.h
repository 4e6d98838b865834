// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the options mean that a caller left open.
#pragma once

#include <string>

#include <kyutaistt/model.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "ops/operations.h"

namespace kyutaistt::engine {

/// For 0 one for each core. `InvalidArgument` for more than anybody has.
Result<int> resolve_threads(int threads);

/// `InvalidArgument` if a model's weights are packed, and for another device or precision.
Status check_packed(const ModelInfo &info, const ModelOptions &options);

/// Sets precisions that are `Auto`. `Unsupported` if `operations` cannot compute in them.
Status resolve_precisions(const ModelInfo &info, const ops::Operations &operations,
                          ModelOptions &options);

/// The same before the model is loaded: libtorch is not loaded for another device than the CPU.
Status resolve_precisions(const ModelInfo &info, ModelOptions &options);

/// Sets everything that is left open as loading the folder would: options that mean the same become
/// equal. Reads what `inspect_model` reads.
Result<ModelOptions> resolve_options(const std::string &folder, const ModelOptions &options);

}  // namespace kyutaistt::engine
