// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/sidecar.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include <kyutaistt/option_names.h>

#include "base/guard.h"
#include "checkpoint/json_file.h"

namespace kyutaistt::checkpoint {

namespace {

constexpr int sidecar_format = 1;
constexpr double max_delay_seconds = 60;

Result<Domain> read_domain(const std::string &name, const JsonObject &domains, int64_t vocabulary) {
  // So that messages that name it stay on one line.
  const auto is_control = [](unsigned char c) { return c < ' ' || c == '\x7F'; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return domains.wrong(name.c_str(), "a name without control characters");
  }
  KYUTAISTT_ASSIGN(config, domains.object(name.c_str()));
  Domain domain;
  domain.name = name;
  const Json *tokens = config.find("tokens");
  const std::string expected = "a list of token ids, 0 to " + std::to_string(vocabulary - 1);
  if (tokens == nullptr || !tokens->is_array() || tokens->empty()) {
    return config.wrong("tokens", expected);
  }
  for (const Json &token : *tokens) {
    if (!token.is_number_unsigned() || token.get<uint64_t>() >= static_cast<uint64_t>(vocabulary)) {
      return config.wrong("tokens", expected);
    }
    domain.tokens.push_back(token.get<int32_t>());
  }
  KYUTAISTT_ASSIGN(language, config.string("language", ""));
  domain.language = std::move(language);
  return domain;
}

Status read_domains(const JsonObject &sidecar, ModelInfo &info) {
  if (sidecar.has("domains")) {
    KYUTAISTT_ASSIGN(domains, sidecar.object("domains"));
    info.domains.clear();
    info.default_domain.clear();
    for (const auto &[name, value] : domains.value().items()) {
      KYUTAISTT_ASSIGN(domain, read_domain(name, domains, info.language_model.text_vocabulary));
      info.domains.push_back(std::move(domain));
    }
  }
  KYUTAISTT_ASSIGN(chosen, sidecar.string("default_domain", info.default_domain));
  info.default_domain = std::move(chosen);
  const bool known =
      info.default_domain.empty() ||
      std::any_of(info.domains.begin(), info.domains.end(),
                  [&](const Domain &domain) { return domain.name == info.default_domain; });
  return known ? Status() : sidecar.wrong("default_domain", "the name of one of its domains");
}

template <typename Value>
Result<Value> read_choice(const JsonObject &sidecar, const char *key, Value fallback) {
  KYUTAISTT_ASSIGN(name, sidecar.string(key, option_name(fallback)));
  const auto choice = find_option<Value>(name);
  return choice ? Result<Value>(*choice) : sidecar.wrong(key, list_options<Value>());
}

Status read_alignment(const JsonObject &sidecar, ModelInfo &info) {
  KYUTAISTT_ASSIGN(alignment, read_choice(sidecar, "alignment", Alignment::Auto));
  if (alignment != Alignment::Auto) {
    info.alignment = alignment;
  }
  return {};
}

Status read_codec_attention(const JsonObject &sidecar, ModelInfo &info) {
  KYUTAISTT_ASSIGN(attention, read_choice(sidecar, "codec_attention", CodecAttention::Auto));
  info.codec_attention = attention == CodecAttention::Auto ? CodecAttention::Exact : attention;
  return {};
}

void warn_of_unknown_keys(const JsonObject &sidecar, ModelInfo &info) {
  static constexpr std::array<std::string_view, 7> known = {
      "format",        "domains",   "default_domain", "pad_steps",
      "delay_seconds", "alignment", "codec_attention"};
  for (const auto &[key, value] : sidecar.value().items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      info.warnings.push_back(sidecar.where() + ": " + printable(key) +
                              " is unknown and was ignored");
    }
  }
}

}  // namespace

void apply_known_model(ModelInfo &info) {
  const LanguageModelInfo &shape = info.language_model;
  if (shape.text_vocabulary != 9323 || shape.layers != 16 || shape.width != 2048) {
    return;
  }
  info.domains = {{"asr_is_is", {9318, 8002, 8003, 9193}, "is"},
                  {"asr_is_en", {9318, 8032, 8015, 9193}, "en"}};
  info.default_domain = "asr_is_is";
  info.pad_steps = 12;
  constexpr double trained_delay = 5.0;
  if (info.delay_seconds != trained_delay) {
    // 0 also means that the folder does not state it.
    const std::string found = info.delay_seconds == 0
                                  ? "names no delay"
                                  : "says a delay of " + Json(info.delay_seconds).dump() + " s";
    info.warnings.push_back("the folder itself " + found +
                            ", but mideind/kyutai-stt-1b-is-en was trained with 5 s, which is "
                            "used; a sidecar can say otherwise");
    info.delay_seconds = trained_delay;
  }
}

Status apply_sidecar(const std::string &folder, ModelInfo &info) {
  const std::string path = folder + "/kyutaistt.json";
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return {};
  }
  KYUTAISTT_ASSIGN(json, read_json_file(path));
  KYUTAISTT_ASSIGN(sidecar, JsonObject::of(json, path));
  KYUTAISTT_ASSIGN(format, sidecar.integer("format", 0, INT64_MAX));
  if (format != sidecar_format) {
    return sidecar.wrong("format", "1, the only one that this version knows");
  }
  KYUTAISTT_TRY(read_domains(sidecar, info));
  KYUTAISTT_ASSIGN(pads, sidecar.integer("pad_steps", 0, max_pad_steps, info.pad_steps));
  info.pad_steps = static_cast<int>(pads);
  KYUTAISTT_ASSIGN(delay,
                   sidecar.number("delay_seconds", 0, max_delay_seconds, info.delay_seconds));
  info.delay_seconds = delay;
  KYUTAISTT_TRY(read_alignment(sidecar, info));
  KYUTAISTT_TRY(read_codec_attention(sidecar, info));
  warn_of_unknown_keys(sidecar, info);
  return {};
}

}  // namespace kyutaistt::checkpoint
