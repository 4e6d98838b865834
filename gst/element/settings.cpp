// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/settings.h"

#include <kyutaistt/model.h>

namespace kyutaistt::element {

ModelOptions Settings::model_options() const {
  ModelOptions options;
  options.device = device;
  options.precision = precision;
  options.cache_precision = cache_precision;
  options.threads = static_cast<int>(threads);
  options.alignment = alignment;
  options.codec_attention = codec_attention;
  options.packed_weights = packed_weights;
  return options;
}

Result<Prompt> Settings::prompt() const {
  Prompt result;
  if (!domain.empty()) {
    result.domain = domain;
  }
  if (pad_steps >= 0) {
    result.pad_steps = pad_steps;
  }
  auto tokens = parse_token_ids(prompt_tokens, "property prompt-tokens");
  if (!tokens.ok()) {
    return tokens.status();
  }
  result.tokens = std::move(tokens).value();
  return result;
}

}  // namespace kyutaistt::element
