// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/transcribe_request.h"

#include <algorithm>
#include <utility>

#include "program/archive/archive_request.h"
#include "program/commands.h"
#include "program/cue_options.h"
#include "program/hearing_options.h"
#include "program/recognise_jobs.h"

namespace kyutaistt::program {

namespace {

// In the order of the enumeration.
const std::vector<std::string> formats = {"text", "json", "jsonl", "srt", "vtt", "html"};

/// Refuses options that have no effect together.
Status check_combination(const Arguments &arguments, const TranscribeRequest &request) {
  const bool has_several_texts = request.hearing.prompts.size() > 1;
  if (has_several_texts && (request.output.empty() || request.output == "-") &&
      request.output_folder.empty()) {
    return Status::invalid_argument(
        "option --domain: several domains need --output FILE or --output-dir DIR, for a file each");
  }
  if (has_several_texts && request.hearing.report_steps) {
    return Status::invalid_argument("--tokens and --codes need a single domain");
  }
  if ((request.tokens || request.codes) && request.format != Format::Json) {
    return Status::invalid_argument("--tokens and --codes need --format json");
  }
  for (const OptionSpec &option : cue_option_specs()) {
    if (arguments.has(option.name) && !has_cues(request.format)) {
      return Status::invalid_argument(std::string(option.name) +
                                      " needs --format srt, vtt or html");
    }
  }
  for (const OptionSpec &option : archive_option_specs()) {
    if (arguments.has(option.name)) {
      return Status::invalid_argument(std::string(option.name) + " needs --manifest");
    }
  }
  if (arguments.has("--output") && arguments.has("--output-dir")) {
    return Status::invalid_argument("expected either --output or --output-dir");
  }
  if (request.overwrite && request.output_folder.empty()) {
    return Status::invalid_argument("--overwrite needs --output-dir");
  }
  for (const char *option : {"--output", "--output-dir"}) {
    if (arguments.has(option) && arguments.text(option).empty()) {
      return Status::invalid_argument(std::string("option ") + option +
                                      ": found nothing, expected a name");
    }
  }
  return {};
}

}  // namespace

Result<Format> parse_format(const std::string &name) {
  const auto format = std::find(formats.begin(), formats.end(), name);
  if (format == formats.end()) {
    return Status::invalid_argument("option --format: found " + name +
                                    ", expected text, json, jsonl, srt, vtt or html");
  }
  return static_cast<Format>(format - formats.begin());
}

Result<TranscribeRequest> read_transcribe_request(const Arguments &arguments) {
  TranscribeRequest request;
  if (arguments.operands().size() < 2) {
    return Status::invalid_argument("expected a MODEL and at least one FILE");
  }
  request.model = arguments.operands().front();
  request.operands.assign(arguments.operands().begin() + 1, arguments.operands().end());
  auto options = model_options(arguments);
  if (!options.ok()) {
    return options.status();
  }
  request.model_options = std::move(options).value();
  const auto format = parse_format(arguments.text("--format", "text"));
  const auto parallel = arguments.integer("--parallel", 1, max_parallel, 1);
  for (const Status &status : {format.status(), parallel.status()}) {
    if (!status.ok()) {
      return status;
    }
  }
  request.format = format.value();
  if (arguments.has("--parallel")) {
    request.parallel = parallel.value();
  }
  auto hearing = hearing_options(arguments);
  if (!hearing.ok()) {
    return hearing.status();
  }
  request.hearing = std::move(hearing).value();
  const auto shape = cue_shape(arguments);
  if (!shape.ok()) {
    return shape.status();
  }
  request.cue_shape = shape.value();
  request.tokens = arguments.has("--tokens");
  request.codes = arguments.has("--codes");
  request.hearing.report_steps = request.tokens || request.codes;
  request.output = arguments.text("--output");
  request.output_folder = arguments.text("--output-dir");
  request.overwrite = arguments.has("--overwrite");
  if (Status status = check_combination(arguments, request); !status.ok()) {
    return status;
  }
  if (request.output == "-") {
    request.output.clear();
  }
  return request;
}

bool has_cues(Format format) {
  return format == Format::Srt || format == Format::Vtt || format == Format::Html;
}

const char *extension_of(Format format) {
  switch (format) {
    case Format::Json:
      return ".json";
    case Format::JsonLines:
      return ".jsonl";
    case Format::Srt:
      return ".srt";
    case Format::Vtt:
      return ".vtt";
    case Format::Html:
      return ".html";
    case Format::Text:
      break;
  }
  return ".txt";
}

const std::vector<OptionSpec> &transcribe_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {
        {"--format", "text|json|jsonl|srt|vtt|html", "what to write (default: text)"},
        {"--output", "FILE", "write there instead of to standard output"},
        {"--output-dir", "DIR", "write a file there for each FILE, whole or not at all"},
        {"--overwrite", nullptr, "with --output-dir: also over files that are there"},
        {"--parallel", "N",
         "streams at once, of files or their pieces, 1 to 64 (default: 12; with --manifest: 4)"},
        {"--tokens", nullptr, "JSON: also the token of every step"},
        {"--codes", nullptr, "JSON: also the codes of every frame"},
    };
    for (const auto *options : {&archive_option_specs(), &hearing_option_specs(),
                                &cue_option_specs(), &model_option_specs()}) {
      all.insert(all.end(), options->begin(), options->end());
    }
    all.push_back({"--help", nullptr, "print this help"});
    return all;
  }();
  return specs;
}

}  // namespace kyutaistt::program
