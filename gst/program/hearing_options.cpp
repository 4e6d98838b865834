// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/hearing_options.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kyutaistt::program {

namespace {

constexpr int max_pause_milliseconds = 600000;

Status read_prompt(const Arguments &arguments, Prompt &prompt) {
  prompt.enabled = !arguments.has("--no-prompt");
  if (arguments.has("--domain")) {
    prompt.domain = arguments.text("--domain");
  }
  auto tokens = parse_token_ids(arguments.text("--prompt-tokens"), "option --prompt-tokens");
  if (!tokens.ok()) {
    return tokens.status();
  }
  prompt.tokens = std::move(tokens).value();
  if (arguments.has("--pad-steps")) {
    const auto pads = arguments.integer("--pad-steps", 0, max_pad_steps, 0);
    if (!pads.ok()) {
      return pads.status();
    }
    prompt.pad_steps = pads.value();
  }
  return {};
}

}  // namespace

Result<Hearing> hearing_options(const Arguments &arguments) {
  Hearing hearing;
  if (Status status = read_prompt(arguments, hearing.prompt); !status.ok()) {
    return status;
  }
  hearing.reading.conversion =
      arguments.has("--raw-samples") ? Conversion::Refused : Conversion::Allowed;
  if (arguments.has("--raw-format")) {
    auto raw = RawFormat::parse(arguments.text("--raw-format"));
    if (!raw.ok()) {
      return raw.status();
    }
    hearing.reading.raw_format = std::move(raw).value();
  }
  const auto channel = ChannelChoice::parse(arguments.text("--channel"), "option --channel");
  if (!channel.ok()) {
    return channel.status();
  }
  hearing.reading.channel = channel.value();
  hearing.reading.track = arguments.text("--audio-track");
  hearing.relay = !arguments.has("--no-relay");
  const auto pause = arguments.integer("--flush-on-pause", 0, max_pause_milliseconds, 0);
  if (!pause.ok()) {
    return pause.status();
  }
  hearing.flush_on_pause = std::chrono::milliseconds(pause.value());
  return hearing;
}

const std::vector<OptionSpec> &hearing_option_specs() {
  static const std::vector<OptionSpec> specs = {
      {"--domain", "D", "task to prompt for, e.g. asr_is_en (default: the model's)"},
      {"--no-relay", nullptr, "let the context roll on as the reference does, without its prompt"},
      {"--flush-on-pause", "MS",
       "silence after which the last words come at once (default: never)"},
      {"--no-prompt", nullptr, "force nothing"},
      {"--prompt-tokens", "1,2,3,4", "force these tokens instead of a domain's"},
      {"--pad-steps", "N", "pads forced after the prompt (default: the model's)"},
      {"--raw-format", "FORMAT:RATE:CHANNELS",
       "read samples without a container, e.g. s16le:16000:1"},
      {"--audio-track", "N|LANGUAGE", "which audio track of a film (default: the container's)"},
      {"--channel", "mix|left|right|N", "which channel (default: all of them, mixed)"},
      {"--raw-samples", nullptr, "read 24 kHz mono only, without any conversion"},
  };
  return specs;
}

std::string domain_of(const Prompt &prompt, const ModelInfo &model) {
  if (!prompt.enabled || !prompt.tokens.empty()) {
    return {};
  }
  return prompt.domain.value_or(model.default_domain);
}

std::string language_of(const std::string &domain, const ModelInfo &model) {
  const auto found = std::find_if(model.domains.begin(), model.domains.end(),
                                  [&](const Domain &known) { return known.name == domain; });
  return found == model.domains.end() ? "" : found->language;
}

}  // namespace kyutaistt::program
