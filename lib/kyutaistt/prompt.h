// SPDX-License-Identifier: LGPL-2.1-or-later
/// The text tokens that are forced at the start of a context: they choose what the model writes.
///
/// Plain values and functions of them: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/export.h>
#include <kyutaistt/status.h>

namespace kyutaistt {

struct ModelInfo;

/// Maximum number of pads in a prompt: a minute.
inline constexpr int max_pad_steps = 750;

/// The text that is forced at the start of a stream's context: first `tokens`, then pads.
struct Prompt {
  /// Name of one of the model's domains; empty for none, so that nothing is forced. Unset: the
  /// model's default domain, if it has one.
  std::optional<std::string> domain;
  /// Token ids to force instead of a domain's; they override `domain`.
  std::vector<int32_t> tokens;
  /// Pads forced after the tokens, in steps of 80 ms. Unset: the model's own number.
  std::optional<int> pad_steps;
  /// False: nothing is forced at all.
  bool enabled = true;
};

/// Whether a model accepts a prompt: `NotFound` for an unknown domain (with the known ones),
/// `InvalidArgument` for token ids or pad steps out of range.
KYUTAISTT_PUBLIC Status check_prompt(const ModelInfo &model, const Prompt &prompt);

/// Token ids as a user writes them: separated by commas; spaces and a trailing comma are allowed.
/// Anything else is `InvalidArgument`; `what` names in its message what was being set, e.g.
/// "property prompt-tokens". `check_prompt` checks whether a model has these ids.
KYUTAISTT_PUBLIC Result<std::vector<int32_t>> parse_token_ids(std::string_view text,
                                                              std::string_view what);

}  // namespace kyutaistt
