// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt transcribe`: the speech in files as text, subtitles or JSON.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include <kyutaistt/engine.h>

#include "program/commands.h"
#include "program/interruption.h"
#include "program/progress_bar.h"
#include "program/recognition.h"

namespace kyutaistt::program {

namespace {

/// Files that are recognised at the same time: they share the reading of the weights.
constexpr size_t most_parallel = 4;

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

Result<std::vector<int32_t>> parse_tokens(const std::string &text) {
  std::vector<int32_t> tokens;
  const char *at = text.data();
  const char *const end = at + text.size();
  while (at != end) {
    int32_t token = 0;
    const auto parsed = std::from_chars(at, end, token);
    const bool separated = parsed.ptr == end || (*parsed.ptr == ',' && parsed.ptr + 1 != end);
    if (parsed.ec != std::errc() || !separated) {
      return Status::invalid_argument("option --prompt-tokens: found " + text +
                                      ", expected token ids separated by commas");
    }
    tokens.push_back(token);
    at = parsed.ptr == end ? end : parsed.ptr + 1;
  }
  return tokens;
}

Status read_prompt(const Arguments &arguments, Prompt &prompt) {
  prompt.enabled = !arguments.has("--no-prompt");
  if (arguments.has("--domain")) {
    prompt.domain = arguments.text("--domain");
  }
  auto tokens = parse_tokens(arguments.text("--prompt-tokens"));
  if (!tokens.ok()) {
    return tokens.status();
  }
  prompt.tokens = std::move(tokens).value();
  if (arguments.has("--pad-steps")) {
    const auto pads = arguments.integer("--pad-steps", 0, most_pad_steps, 0);
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

/// Shows progress until `done` files are through.
void watch(const std::vector<std::unique_ptr<Job>> &jobs, const std::atomic<size_t> &done,
           ProgressBar &bar) {
  constexpr auto interval = std::chrono::milliseconds(50);
  while (done < jobs.size()) {
    double sum = 0;
    bool known = true;
    for (const auto &job : jobs) {
      known = known && job->share >= 0;
      sum += job->share;
    }
    bar.show("recognising", known ? sum / static_cast<double>(jobs.size()) : -1);
    std::this_thread::sleep_for(interval);
  }
}

void recognise_all(Engine &engine, const Request &request,
                   const std::vector<std::unique_ptr<Job>> &jobs, ProgressBar &bar) {
  std::atomic<size_t> next = 0;
  std::atomic<size_t> done = 0;
  std::vector<std::thread> lanes;
  for (size_t lane = 0; lane < std::min(most_parallel, jobs.size()); ++lane) {
    lanes.emplace_back([&] {
      for (size_t i = next++; i < jobs.size(); i = next++) {
        if (!interrupted()) {
          recognise(engine, request.hearing, *jobs[i]);
        }
        jobs[i]->share = 1;
        ++done;
      }
    });
  }
  watch(jobs, done, bar);
  for (std::thread &lane : lanes) {
    lane.join();
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

/// Opens the file for the results, before there is anything that could be lost.
Status open_output(const Request &request, std::ofstream &file) {
  std::error_code error;
  for (const std::string &input : request.files) {
    if (std::filesystem::equivalent(input, request.output, error)) {
      return Status::invalid_argument(request.output + ": is one of the files to be read");
    }
  }
  file.open(request.output, std::ios::binary);
  return file ? Status() : Status::not_found(request.output + ": cannot be written");
}

std::string domain_of(const Request &request, const ModelInfo &model) {
  if (!request.hearing.prompt.enabled || !request.hearing.prompt.tokens.empty()) {
    return {};
  }
  return request.hearing.prompt.domain.value_or(model.default_domain);
}

/// Whether something was heard of the file, be it silence.
bool was_heard(const Job &job) {
  return job.status.ok() || job.duration > Time();
}

bool has_failed(const Job &job) {
  return !job.status.ok() && job.status.code() != StatusCode::Cancelled;
}

/// Writes what was recognised, in the order of the files; after an interruption as far as it went.
/// Returns the exit code.
int write_results(const Request &request, const ModelInfo &model,
                  const std::vector<std::unique_ptr<Job>> &jobs, std::ostream &out) {
  const bool several = jobs.size() > 1;
  // Who reads several results counts them: a file that failed has one too.
  const bool any_heard =
      std::any_of(jobs.begin(), jobs.end(), [](const auto &job) { return was_heard(*job); });
  int code = Success;
  for (const auto &job : jobs) {
    const bool failed = has_failed(*job);
    if (failed) {
      code = fail(job->status.message(), FileFailed);
    }
    if (was_heard(*job) || (failed && any_heard)) {
      const Details details{request.model,
                            several ? job->path : "",
                            domain_of(request, model),
                            job->duration,
                            model.delay_seconds,
                            failed ? job->status.message() : "",
                            request.tokens,
                            request.codes};
      out << format_transcript(job->transcript, request.format, details);
    }
  }
  out.flush();
  if (!out) {
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
  std::ofstream file;
  if (!request.output.empty()) {
    if (Status status = open_output(request, file); !status.ok()) {
      return fail(status.message(), FileFailed);
    }
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
  recognise_all(*engine.value(), request, jobs, bar);
  return write_results(request, model.value(), jobs, request.output.empty() ? std::cout : file);
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
