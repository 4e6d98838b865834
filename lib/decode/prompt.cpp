// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/prompt.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

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

void skip_spaces(std::string_view &text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

Result<std::vector<int32_t>> read_token_ids(std::string_view text, std::string_view what) {
  std::vector<int32_t> tokens;
  std::string_view rest = text;
  for (skip_spaces(rest); !rest.empty(); skip_spaces(rest)) {
    int32_t token = 0;
    const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), token);
    rest.remove_prefix(static_cast<size_t>(parsed.ptr - rest.data()));
    skip_spaces(rest);
    if (parsed.ec != std::errc() || !(rest.empty() || rest.starts_with(','))) {
      return Status::invalid_argument(std::string(what) + ": found " + std::string(text) +
                                      ", expected token ids separated by commas");
    }
    tokens.push_back(token);
    rest.remove_prefix(rest.empty() ? 0 : 1);
  }
  return tokens;
}

}  // namespace

Result<std::vector<int32_t>> forced_tokens(const ModelInfo &model, const Prompt &prompt) {
  const int pads = prompt.pad_steps.value_or(model.pad_steps);
  if (pads < 0 || pads > max_pad_steps) {
    return Status::invalid_argument("pad steps: found " + std::to_string(pads) +
                                    ", expected 0 to " + std::to_string(max_pad_steps));
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

Result<std::vector<int32_t>> parse_token_ids(std::string_view text, std::string_view what) {
  return base::guard("reading token ids", [&] { return decode::read_token_ids(text, what); });
}

}  // namespace kyutaistt
