// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is forced at the start of a context.
#pragma once

#include <cstddef>
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

/// One text of a context.
struct ForcedText {
  /// The stream's number for it.
  size_t text = 0;
  /// The tokens that are forced at its start.
  std::vector<int32_t> tokens;
};
/// The texts that a context writes.
using ForcedTokens = std::vector<ForcedText>;

}  // namespace kyutaistt::decode
