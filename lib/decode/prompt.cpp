// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/prompt.h"

#include <algorithm>
#include <string>

#include "base/guard.h"
#include "text/tokenizer.h"

namespace kyutaistt::decode {

namespace {

Result<const Domain *> find_domain(const ModelInfo &model, const std::string &name) {
  const auto found = std::find_if(model.domains.begin(), model.domains.end(),
                                  [&](const Domain &domain) { return domain.name == name; });
  if (found != model.domains.end()) {
    return &*found;
  }
  if (model.domains.empty()) {
    return Status::not_found("domain \"" + name + "\" is unknown: the model " + model.path +
                             " has no domains");
  }
  std::string known;
  for (const Domain &domain : model.domains) {
    known += (known.empty() ? "" : ", ") + domain.name;
  }
  return Status::not_found("domain \"" + name + "\" is unknown: the model " + model.path + " has " +
                           known);
}

Status check_tokens(const ModelInfo &model, const std::vector<int32_t> &tokens) {
  const int64_t vocabulary = model.language_model.text_vocabulary;
  for (const int32_t token : tokens) {
    if (token < 0 || token >= vocabulary) {
      return Status::invalid_argument("prompt token " + std::to_string(token) +
                                      " is out of range: the model " + model.path +
                                      " has ids 0 to " + std::to_string(vocabulary - 1));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<int32_t>> forced_tokens(const ModelInfo &model, const Prompt &prompt) {
  const int pads = prompt.pad_steps.value_or(model.pad_steps);
  if (pads < 0 || pads > most_pad_steps) {
    return Status::invalid_argument("pad steps must be 0 to " + std::to_string(most_pad_steps) +
                                    ", not " + std::to_string(pads));
  }
  KYUTAISTT_TRY(check_tokens(model, prompt.tokens));
  if (!prompt.enabled) {
    return std::vector<int32_t>();
  }
  std::vector<int32_t> tokens = prompt.tokens;
  if (tokens.empty()) {
    const std::string domain = prompt.domain.value_or(model.default_domain);
    if (domain.empty()) {
      return std::vector<int32_t>();
    }
    KYUTAISTT_ASSIGN(found, find_domain(model, domain));
    tokens = found->tokens;
  }
  tokens.insert(tokens.end(), static_cast<size_t>(pads), text::pad_token);
  return tokens;
}

}  // namespace kyutaistt::decode

namespace kyutaistt {

Status check_prompt(const ModelInfo &model, const Prompt &prompt) {
  return base::guard("checking the prompt",
                     [&] { return decode::forced_tokens(model, prompt).status(); });
}

}  // namespace kyutaistt
