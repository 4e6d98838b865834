// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a model's own files do not say: its domains, and how it is to be run.
#pragma once

#include <string>

#include <kyutaistt/model_info.h>
#include <kyutaistt/status.h>

namespace kyutaistt::checkpoint {

/// Fills in what is built in for models that are known by their shape
/// (mideind/kyutai-stt-1b-is-en): domains, pads and delay.
void apply_known_model(ModelInfo &info);

/// Reads `kyutaistt.json` of the folder, if it is there, over what `info` says already. Unknown
/// keys are a warning, wrong values an error.
Status apply_sidecar(const std::string &folder, ModelInfo &info);

}  // namespace kyutaistt::checkpoint
