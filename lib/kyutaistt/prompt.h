// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a model is to write: the text that is forced at the start of a context.
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

/// The longest run of pads that a prompt can ask for: a minute.
inline constexpr int max_pad_steps = 750;

/// The text that is forced at the start of a stream's context: first `tokens`, then pads.
struct Prompt {
  /// Name of one of the model's domains; empty for none, so that nothing is forced. Unset: the
  /// model's default domain, if it has one.
  std::optional<std::string> domain;
  /// Own token ids instead of a domain's; they win over `domain`.
  std::vector<int32_t> tokens;
  /// Pads forced behind the tokens, in steps of 80 ms. Unset: what the model asks for.
  std::optional<int> pad_steps;
  /// False: nothing is forced at all.
  bool enabled = true;
};

/// Whether a model can be prompted so: `NotFound` for an unknown domain (with the known ones),
/// `InvalidArgument` for token ids or pad steps out of range.
KYUTAISTT_PUBLIC Status check_prompt(const ModelInfo &model, const Prompt &prompt);

/// Token ids as a user writes them: separated by commas, with spaces anywhere between; a last comma
/// does no harm. Anything else is `InvalidArgument`; `what` says in its message what was being set,
/// e.g. "property prompt-tokens". Whether a model has the ids is for `check_prompt`.
KYUTAISTT_PUBLIC Result<std::vector<int32_t>> parse_token_ids(std::string_view text,
                                                              std::string_view what);

}  // namespace kyutaistt
