// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt transcribe`: the speech in files as text, subtitles or JSON.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <thread>

#include <kyutaistt/engine.h>
#include <kyutaistt/model.h>

#include "program/commands.h"
#include "program/file_recognition.h"
#include "program/interruption.h"
#include "program/progress_bar.h"
#include "program/results.h"

namespace kyutaistt::program {

namespace {

/// Files that are recognised at the same time: they share the reading of the weights.
constexpr size_t max_parallel = 4;

/// The command line, understood.
struct Request {
  std::string model;
  std::vector<std::string> files;
  ModelOptions model_options;
  Hearing hearing;
  Format format = Format::Text;
  bool tokens = false;
  bool codes = false;
  std::string output;
};

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

Result<Request> read_request(const Arguments &arguments) {
  Request request;
  if (arguments.operands().size() < 2) {
    return Status::invalid_argument("expected a MODEL and at least one FILE");
  }
  request.model = arguments.operands().front();
  request.files.assign(arguments.operands().begin() + 1, arguments.operands().end());
  auto options = model_options(arguments);
  if (!options.ok()) {
    return options.status();
  }
  request.model_options = std::move(options).value();
  const auto format = arguments.choice("--format", {"text", "json", "srt", "vtt"}, 0);
  if (!format.ok()) {
    return format.status();
  }
  request.format = static_cast<Format>(format.value());
  if (Status status = read_prompt(arguments, request.hearing.prompt); !status.ok()) {
    return status;
  }
  request.hearing.conversion =
      arguments.has("--raw-samples") ? Conversion::Refused : Conversion::Allowed;
  request.tokens = arguments.has("--tokens");
  request.codes = arguments.has("--codes");
  request.hearing.report_steps = request.tokens || request.codes;
  request.output = arguments.text("--output");
  if ((request.tokens || request.codes) && request.format != Format::Json) {
    return Status::invalid_argument("--tokens and --codes need --format json");
  }
  if (request.files.size() > 1 &&
      (request.format == Format::Srt || request.format == Format::Vtt)) {
    return Status::invalid_argument("--format " + arguments.text("--format") +
                                    " takes one FILE: subtitles are of one recording");
  }
  return request;
}

/// Shows progress and writes results until all files are through.
void watch(const std::vector<std::unique_ptr<Job>> &jobs, ResultWriter &writer, ProgressBar &bar) {
  constexpr auto interval = std::chrono::milliseconds(50);
  for (bool all_done = false; !all_done;) {
    all_done = true;
    double sum = 0;
    bool known = true;
    for (const auto &job : jobs) {
      all_done = all_done && job->is_done;
      known = known && job->share >= 0;
      sum += job->share;
    }
    if (writer.is_ready()) {
      bar.clear();
      writer.write_ready();
    }
    if (!all_done) {
      bar.show("recognising", known ? sum / static_cast<double>(jobs.size()) : -1);
      std::this_thread::sleep_for(interval);
    }
  }
}

void recognise_all(Engine &engine, const Request &request,
                   const std::vector<std::unique_ptr<Job>> &jobs, ResultWriter &writer,
                   ProgressBar &bar) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (size_t worker = 0; worker < std::min(max_parallel, jobs.size()); ++worker) {
    workers.emplace_back([&] {
      for (size_t i = next++; i < jobs.size(); i = next++) {
        if (!interrupted()) {
          recognise(engine, request.hearing, *jobs[i]);
        }
        jobs[i]->share = 1;
        jobs[i]->is_done = true;
      }
    });
  }
  watch(jobs, writer, bar);
  for (std::thread &worker : workers) {
    worker.join();
  }
  bar.clear();
}

Result<std::shared_ptr<Engine>> load(const std::string &folder, const Request &request,
                                     ProgressBar &bar) {
  ModelOptions options = request.model_options;
  options.progress = [&bar](double share) {
    bar.show("loading the model", share);
    return !interrupted();
  };
  auto model = Model::load(folder, options);
  bar.clear();
  return model.ok() ? Engine::create(std::move(model).value()) : model.status();
}

/// Finds out whether the results can be written, before there is anything that could be lost.
Status open_output(const Request &request, Output &output) {
  if (request.output.empty()) {
    return {};
  }
  std::error_code error;
  for (const std::string &input : request.files) {
    if (std::filesystem::equivalent(input, request.output, error)) {
      return Status::invalid_argument(request.output + ": is one of the files to be read");
    }
  }
  return output.open(request.output);
}

std::string domain_of(const Request &request, const ModelInfo &model) {
  if (!request.hearing.prompt.enabled || !request.hearing.prompt.tokens.empty()) {
    return {};
  }
  return request.hearing.prompt.domain.value_or(model.default_domain);
}

int exit_code(const ResultWriter &writer, const Output &output) {
  int code = writer.some_failed() ? FileFailed : Success;
  if (!output.ok()) {
    code = fail("the output cannot be written", FileFailed);
  }
  return interrupted() ? Interrupted : code;
}

/// Everything behind the command line. What can be refused is refused before the weights are read.
int run(const Request &request) {
  const auto folder = find_model(request.model);
  if (!folder.ok()) {
    return fail(folder.status().message(), ModelFailed);
  }
  const auto model = inspect_model(folder.value(), request.model_options);
  if (!model.ok()) {
    return fail(model.status().message(), ModelFailed);
  }
  for (const std::string &warning : model.value().warnings) {
    std::cerr << "kyutaistt: warning: " << warning << "\n";
  }
  if (Status status = check_prompt(model.value(), request.hearing.prompt); !status.ok()) {
    return fail(status.message(), UsageError);
  }
  Output output;
  if (Status status = open_output(request, output); !status.ok()) {
    return fail(status.message(), FileFailed);
  }
  catch_interruption();
  ProgressBar bar;
  const auto engine = load(folder.value(), request, bar);
  if (!engine.ok()) {
    return interrupted() ? Interrupted : fail(engine.status().message(), ModelFailed);
  }
  std::vector<std::unique_ptr<Job>> jobs;
  for (const std::string &path : request.files) {
    jobs.push_back(std::make_unique<Job>());
    jobs.back()->path = path;
  }
  Details details;
  details.model = request.model;
  details.domain = domain_of(request, model.value());
  details.delay_seconds = model.value().delay_seconds;
  details.tokens = request.tokens;
  details.codes = request.codes;
  ResultWriter writer(jobs, request.format, std::move(details), output);
  recognise_all(*engine.value(), request, jobs, writer, bar);
  return exit_code(writer, output);
}

}  // namespace

const std::vector<OptionSpec> &transcribe_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {
        {"--domain", "D", "task to prompt for, e.g. asr_is_en (default: the model's)"},
        {"--format", "text|json|srt|vtt",
         "what to write (default: text); srt and vtt take one FILE"},
        {"--output", "FILE", "write there instead of to standard output"},
        {"--no-prompt", nullptr, "force nothing"},
        {"--prompt-tokens", "1,2,3,4", "force these tokens instead of a domain's"},
        {"--pad-steps", "N", "pads forced behind the prompt (default: the model's)"},
        {"--tokens", nullptr, "JSON: also the token of every step"},
        {"--codes", nullptr, "JSON: also the codes of every frame"},
        {"--raw-samples", nullptr, "read 24 kHz mono only, without any conversion"},
    };
    const auto &model = model_option_specs();
    all.insert(all.end(), model.begin(), model.end());
    all.push_back({"--help", nullptr, "print this help"});
    return all;
  }();
  return specs;
}

int transcribe(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, transcribe_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "transcribe");
  }
  const auto request = read_request(arguments.value());
  if (!request.ok()) {
    return fail_usage(request.status().message(), "transcribe");
  }
  return run(request.value());
}

}  // namespace kyutaistt::program
