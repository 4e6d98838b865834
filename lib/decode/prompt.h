// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is forced at the start of a context.
#pragma once

#include <cstdint>
#include <vector>

#include <kyutaistt/model_info.h>
#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt::decode {

/// The tokens that `prompt` forces from position 0 on: a domain's or its own, then pads; none if
/// the prompt is disabled, or if neither the prompt nor the model names any. An unknown domain is
/// `NotFound` and lists those that the model has; token ids and pad steps out of range are
/// `InvalidArgument`.
Result<std::vector<int32_t>> forced_tokens(const ModelInfo &model, const Prompt &prompt);

/// The forced tokens of each text of a stream.
using ForcedTokens = std::vector<std::vector<int32_t>>;

}  // namespace kyutaistt::decode
