// SPDX-License-Identifier: LGPL-2.1-or-later
/// Models of made-up weights, for measurements and tests.
#pragma once

#include <string_view>

#include <kyutaistt/status.h>

#include "checkpoint/model_folder.h"

namespace kyutaistt::checkpoint {

/// A model of the shape of `preset`: "tiny", "1b" (as mideind/kyutai-stt-1b-is-en) or "2.6b" (as
/// kyutai/stt-2.6b-en). Weights are made when they are asked for, at about a gigabyte a second, and
/// depend on their names only; language model bf16, codec f32.
Result<ModelFolder> make_synthetic_model(std::string_view preset);

}  // namespace kyutaistt::checkpoint
