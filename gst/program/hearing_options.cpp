// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/hearing_options.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <utility>

namespace kyutaistt::program {

namespace {

constexpr int max_pause_milliseconds = 600000;

Status read_prompt(const Arguments &arguments, Prompt &prompt) {
  prompt.enabled = !arguments.has("--no-prompt");
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

/// A prompt for each of the domains that are named, or the one of other options.
Result<std::vector<Prompt>> read_prompts(const Arguments &arguments) {
  Prompt prompt;
  if (Status status = read_prompt(arguments, prompt); !status.ok()) {
    return status;
  }
  if (!arguments.has("--domain")) {
    return std::vector{prompt};
  }
  std::vector<Prompt> prompts;
  std::istringstream names(arguments.text("--domain"));
  // A single name may be empty: nothing is forced.
  for (std::string name; std::getline(names, name, ',') || prompts.empty();) {
    if (!prompts.empty() && name.empty()) {
      return Status::invalid_argument("option --domain: found no name between commas");
    }
    if (std::any_of(prompts.begin(), prompts.end(),
                    [&](const Prompt &other) { return other.domain == name; })) {
      return Status::invalid_argument("option --domain: found " + name +
                                      " twice, expected each domain once");
    }
    prompts.push_back(prompt);
    prompts.back().domain = name;
  }
  if (prompts.size() > 1 && (!prompt.enabled || !prompt.tokens.empty())) {
    return Status::invalid_argument("--no-prompt and --prompt-tokens take no several domains");
  }
  return prompts;
}

}  // namespace

Result<Hearing> hearing_options(const Arguments &arguments) {
  Hearing hearing;
  auto prompts = read_prompts(arguments);
  if (!prompts.ok()) {
    return prompts.status();
  }
  hearing.prompts = std::move(prompts).value();
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
  const auto gate = arguments.integer("--voice-gate", 0, max_pause_milliseconds, 0);
  if (!gate.ok()) {
    return gate.status();
  }
  hearing.voice_gate = std::chrono::milliseconds(gate.value());
  return hearing;
}

Status check_one_domain(const Hearing &hearing) {
  return hearing.prompts.size() == 1
             ? Status()
             : Status::invalid_argument("option --domain: found several domains, expected one");
}

const std::vector<OptionSpec> &hearing_option_specs() {
  static const std::vector<OptionSpec> specs = {
      {"--domain", "D[,D...]",
       "task to prompt for, e.g. asr_is_en (default: the model's); transcribe takes several"},
      {"--no-relay", nullptr, "let the context roll on as the reference does, without its prompt"},
      {"--flush-on-pause", "MS",
       "silence after which the last words come at once (default: never)"},
      {"--voice-gate", "MS",
       "time without speech after which nothing is heard until there is (default: never)"},
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
