// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/archive_request.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "program/cue_options.h"
#include "program/hearing_options.h"
#include "program/recognise_jobs.h"
#include "program/transcribe_request.h"

namespace kyutaistt::program {

namespace {

Result<std::vector<Format>> read_formats(const std::string &text) {
  std::vector<Format> formats;
  std::istringstream names(text);
  for (std::string name; std::getline(names, name, ',');) {
    const auto format = parse_format(name);
    if (!format.ok()) {
      return format.status();
    }
    if (std::find(formats.begin(), formats.end(), format.value()) == formats.end()) {
      formats.push_back(format.value());
    }
  }
  return formats.empty()
             ? Status::invalid_argument("option --format: found nothing, expected a format")
             : Result<std::vector<Format>>(formats);
}

/// The options that change what is written: not those of speed, places and progress. The model is
/// compared by its fingerprint.
nlohmann::ordered_json deciding_options(const Arguments &arguments) {
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  const auto add = [&](const OptionSpec &spec) {
    if (arguments.has(spec.name)) {
      options[spec.name] = arguments.text(spec.name);
    }
  };
  for (const auto *specs : {&hearing_option_specs(), &cue_option_specs(), &model_option_specs()}) {
    std::for_each(specs->begin(), specs->end(), add);
  }
  for (const char *name : {"--format", "--tokens", "--codes"}) {
    add({name, nullptr, nullptr});
  }
  options.erase("--threads");
  options.erase("--packed-weights");
  return options;
}

}  // namespace

Result<ArchiveRequest> read_archive_request(const Arguments &arguments) {
  if (arguments.operands().size() != 1) {
    return Status::invalid_argument("expected a MODEL and no FILE beside --manifest");
  }
  if (arguments.text("--output-dir").empty()) {
    return Status::invalid_argument("--manifest needs --output-dir");
  }
  if (arguments.has("--output")) {
    return Status::invalid_argument("--manifest takes no --output");
  }
  ArchiveRequest request;
  request.model = arguments.operands().front();
  request.manifest = arguments.text("--manifest");
  request.folder = arguments.text("--output-dir");
  auto options = model_options(arguments);
  auto hearing = hearing_options(arguments);
  auto formats = read_formats(arguments.text("--format", "json"));
  auto shard = arguments.has("--shard") ? parse_shard(arguments.text("--shard")) : Shard();
  const auto shape = cue_shape(arguments);
  const auto parallel = arguments.integer("--parallel", 1, max_parallel, default_parallel);
  const auto progress = arguments.choice("--progress", {"bar", "json", "none"}, 0);
  for (const Status &status : {options.status(), hearing.status(), formats.status(), shard.status(),
                               shape.status(), parallel.status(), progress.status()}) {
    if (!status.ok()) {
      return status;
    }
  }
  if (Status status = check_one_domain(hearing.value()); !status.ok()) {
    return status;
  }
  request.model_options = std::move(options).value();
  request.hearing = std::move(hearing).value();
  request.formats = std::move(formats).value();
  request.shard = shard.value();
  request.cue_shape = shape.value();
  request.parallel = parallel.value();
  request.progress = static_cast<ProgressStyle>(progress.value());
  request.resume = arguments.has("--resume");
  request.overwrite = arguments.has("--overwrite");
  request.tokens = arguments.has("--tokens");
  request.codes = arguments.has("--codes");
  request.hearing.report_steps = request.tokens || request.codes;
  if (request.resume && request.overwrite) {
    return Status::invalid_argument("expected either --resume or --overwrite");
  }
  request.options = deciding_options(arguments);
  return request;
}

const std::vector<OptionSpec> &archive_option_specs() {
  static const std::vector<OptionSpec> specs = {
      {"--manifest", "LIST",
       "recognise what a manifest lists; --format takes several, as json,srt"},
      {"--shard", "I/N|auto|auto/N", "only part I, from 0 on, of N; auto asks the scheduler"},
      {"--resume", nullptr, "leave out what is whole, by the same model and options"},
      {"--progress", "bar|json|none", "how far things are, json: lines on standard error"},
  };
  return specs;
}

}  // namespace kyutaistt::program
