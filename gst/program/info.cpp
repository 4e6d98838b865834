// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt info`: what a model folder holds.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <string_view>

#include <kyutaistt/model.h>
#include <kyutaistt/option_names.h>

#include "program/commands.h"
#include "program/json_text.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr double mega = 1e6;

OrderedJson describe(const ModelInfo &model) {
  const LanguageModelInfo &lm = model.language_model;
  const CodecInfo &codec = model.codec;
  OrderedJson json;
  json["path"] = model.path;
  json["layout"] = model.layout;
  json["parameters"] = model.parameters;
  json["file_bytes"] = model.file_bytes;
  json["packed_precision"] = nullptr;
  if (model.packed_precision != Precision::Auto) {
    json["packed_precision"] = option_name(model.packed_precision);
  }
  json["memory_per_stream_bytes"] = model.memory_per_stream_bytes;
  json["multiply_adds_per_frame"] = {{"codec", model.codec_multiply_adds},
                                     {"language_model", model.language_model_multiply_adds}};
  json["delay_seconds"] = model.delay_seconds;
  json["silence_prefix_seconds"] = model.silence_prefix_seconds;
  json["alignment"] = option_name(model.alignment);
  json["codec_attention"] = option_name(model.codec_attention);
  json["pad_steps"] = model.pad_steps;
  json["default_domain"] = model.default_domain;
  json["domains"] = OrderedJson::array();
  for (const Domain &domain : model.domains) {
    json["domains"].push_back(
        {{"name", domain.name}, {"tokens", domain.tokens}, {"language", domain.language}});
  }
  json["tokenizer"] = {{"kind", model.tokenizer}, {"pieces", model.tokenizer_pieces}};
  json["language_model"] = {{"layers", lm.layers},
                            {"width", lm.width},
                            {"heads", lm.heads},
                            {"head_dimension", lm.head_dimension},
                            {"feed_forward", lm.feed_forward},
                            {"window", lm.window},
                            {"text_vocabulary", lm.text_vocabulary},
                            {"codebooks", lm.codebooks},
                            {"codebook_size", lm.codebook_size},
                            {"rope_base", lm.rope_base},
                            {"text_start", lm.text_start},
                            {"audio_start", lm.audio_start}};
  json["codec"] = {{"filters", codec.filters},
                   {"width", codec.width},
                   {"layers", codec.layers},
                   {"heads", codec.heads},
                   {"feed_forward", codec.feed_forward},
                   {"window", codec.window},
                   {"codebook_dimension", codec.codebook_dimension},
                   {"strides", codec.strides},
                   {"rope_base", codec.rope_base}};
  json["warnings"] = model.warnings;
  return json;
}

void print_row(const char *label, const std::string &value) {
  constexpr int column = 18;
  std::cout << std::left << std::setw(column) << label << value << "\n";
}

std::string megabytes(uint64_t bytes) {
  constexpr double tenth = 10;
  const double rounded = std::round(static_cast<double>(bytes) / mega * tenth) / tenth;
  return OrderedJson(rounded).dump() + " MB";
}

void print(const ModelInfo &model) {
  const LanguageModelInfo &lm = model.language_model;
  const CodecInfo &codec = model.codec;
  const auto number = [](int64_t value) { return std::to_string(value); };
  print_row("model", model.path + " (" + model.layout + ")");
  print_row("parameters", OrderedJson(static_cast<double>(model.parameters) / mega).dump() +
                              " million, files of " + megabytes(model.file_bytes));
  if (model.packed_precision != Precision::Auto) {
    print_row("weights", std::string("packed as ") + option_name(model.packed_precision));
  }
  print_row("language model", number(lm.layers) + " layers of width " + number(lm.width) + ", " +
                                  number(lm.heads) + " heads of " + number(lm.head_dimension) +
                                  ", feed-forward " + number(lm.feed_forward));
  print_row("window", number(lm.window) + " frames (" +
                          OrderedJson(static_cast<double>(lm.window) / frames_per_second).dump() +
                          " s)");
  print_row("codebooks", number(lm.codebooks) + " of " + number(lm.codebook_size) + " entries");
  print_row("codec", number(codec.layers) + " layers of width " + number(codec.width) + ", " +
                         number(codec.heads) + " heads, window " + number(codec.window) +
                         " positions of 25 Hz");
  print_row("text", number(lm.text_vocabulary) + " tokens, " + number(model.tokenizer_pieces) +
                        " pieces in " + model.tokenizer);
  print_row("delay", OrderedJson(model.delay_seconds).dump() + " s, silence before the start " +
                         OrderedJson(model.silence_prefix_seconds).dump() + " s");
  print_row("alignment", std::string(option_name(model.alignment)) + ", codec attention " +
                             option_name(model.codec_attention));
  for (const Domain &domain : model.domains) {
    const bool is_default = domain.name == model.default_domain;
    print_row("domain",
              domain.name + (domain.language.empty() ? "" : " (" + domain.language + ")") + " " +
                  OrderedJson(domain.tokens).dump() + (is_default ? ", the default" : ""));
  }
  if (!model.domains.empty()) {
    print_row("pad steps", number(model.pad_steps));
  }
  print_row("memory a stream", megabytes(model.memory_per_stream_bytes));
  for (const std::string &warning : model.warnings) {
    print_row("warning", warning);
  }
}

}  // namespace

const std::vector<OptionSpec> &info_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {{"--json", nullptr, "print JSON"}};
    // All but the threads, which change nothing that is reported.
    const auto &model = model_option_specs();
    std::copy_if(model.begin(), model.end(), std::back_inserter(all), [](const OptionSpec &option) {
      return std::string_view(option.name) != "--threads";
    });
    all.push_back({"--help", nullptr, "print this help"});
    return all;
  }();
  return specs;
}

int info(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, info_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "info");
  }
  if (arguments.value().operands().size() != 1) {
    return fail_usage("expected one MODEL", "info");
  }
  const auto options = model_options(arguments.value());
  if (!options.ok()) {
    return fail_usage(options.status().message(), "info");
  }
  const auto folder = find_model(arguments.value().operands().front());
  if (!folder.ok()) {
    return fail(folder.status().message(), ModelFailed);
  }
  const auto model = inspect_model(folder.value(), options.value());
  if (!model.ok()) {
    return fail(model.status().message(), ModelFailed);
  }
  if (arguments.value().has("--json")) {
    std::cout << json_text(describe(model.value()), 2) << "\n";
  } else {
    print(model.value());
  }
  return Success;
}

}  // namespace kyutaistt::program
