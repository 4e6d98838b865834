// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt transcribe`: the speech in files as text, subtitles or JSON.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <thread>

#include <kyutaistt/engine.h>
#include <kyutaistt/model.h>

#include "program/commands.h"
#include "program/inputs.h"
#include "program/interruption.h"
#include "program/progress_bar.h"
#include "program/results.h"
#include "program/transcribe_request.h"

namespace kyutaistt::program {

namespace {

/// Files that are recognised at the same time: they share the reading of the weights.
constexpr size_t max_parallel = 4;

/// Wakes the thread that writes results.
class Bell {
 public:
  void ring() {
    const std::lock_guard lock(mutex_);
    rung_ = true;
    changed_.notify_one();
  }
  /// Waits until it has been rung since the last call, but no longer than `patience`.
  void wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

/// Part of all files that was read; negative if it is not known.
double share_of(const Jobs &jobs) {
  double sum = 0;
  for (const auto &job : jobs) {
    const double share = job->share;
    if (share < 0) {
      return share;
    }
    sum += share;
  }
  return sum / static_cast<double>(jobs.size());
}

/// Where the results go, and how progress is shown.
struct Reporting {
  Results &results;
  Output &output;
  ProgressBar bar;
  Bell bell;
};

/// Shows progress and writes results until all files are done.
void watch(const Jobs &jobs, Reporting &reporting) {
  constexpr auto interval = std::chrono::milliseconds(50);
  // Words on a terminal show the progress themselves.
  const bool shows_bar = !reporting.output.is_terminal();
  for (bool all_done = false; !all_done;) {
    all_done =
        std::all_of(jobs.begin(), jobs.end(), [](const auto &job) { return bool(job->is_done); });
    reporting.results.write_ready([&reporting] { reporting.bar.clear(); });
    if (!reporting.output.status().ok()) {
      interrupt();
    }
    if (!all_done) {
      if (shows_bar) {
        reporting.bar.show("recognising", share_of(jobs));
      }
      reporting.bell.wait(interval);
    }
  }
}

void recognise_all(Engine &engine, const TranscribeRequest &request, const Jobs &jobs,
                   Reporting &reporting) {
  Hearing hearing = request.hearing;
  hearing.changed = [&reporting] { reporting.bell.ring(); };
  std::atomic<size_t> next = 0;
  std::vector<std::thread> workers;
  for (size_t worker = 0; worker < std::min(max_parallel, jobs.size()); ++worker) {
    workers.emplace_back([&] {
      for (size_t i = next++; i < jobs.size(); i = next++) {
        Job &job = *jobs[i];
        if (!job.is_done && !interrupted()) {
          recognise(engine, hearing, job);
        }
        job.share = 1;
        job.is_done = true;
      }
    });
  }
  watch(jobs, reporting);
  for (std::thread &worker : workers) {
    worker.join();
  }
  reporting.bar.clear();
}

Result<std::shared_ptr<Engine>> load(const std::string &folder, const TranscribeRequest &request,
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
Status open_output(const TranscribeRequest &request, const std::vector<Input> &inputs,
                   Output &output) {
  if (request.output.empty()) {
    return {};
  }
  std::error_code error;
  for (const Input &input : inputs) {
    if (std::filesystem::is_regular_file(input.path, error) &&
        std::filesystem::equivalent(input.path, request.output, error)) {
      return Status::invalid_argument(request.output + ": is one of the files to be read");
    }
  }
  return output.open(request.output);
}

std::string domain_of(const TranscribeRequest &request, const ModelInfo &model) {
  if (!request.hearing.prompt.enabled || !request.hearing.prompt.tokens.empty()) {
    return {};
  }
  return request.hearing.prompt.domain.value_or(model.default_domain);
}

Details details_of(const TranscribeRequest &request, const ModelInfo &model) {
  Details details;
  details.model = request.model;
  details.domain = domain_of(request, model);
  details.delay_seconds = model.delay_seconds;
  details.tokens = request.tokens;
  details.codes = request.codes;
  details.cue_shape = request.cue_shape;
  return details;
}

/// A file whose result exists already is not read again.
Status check_result(const TranscribeRequest &request, const std::string &path) {
  std::error_code error;
  return request.overwrite || !std::filesystem::exists(std::filesystem::symlink_status(path, error))
             ? Status()
             : already_there(path);
}

Jobs make_jobs(const TranscribeRequest &request, const std::vector<Input> &inputs,
               Details details) {
  Jobs jobs;
  for (const Input &input : inputs) {
    jobs.push_back(std::make_unique<Job>());
    Job &job = *jobs.back();
    job.path = input.path;
    if (inputs.size() > 1 || !request.output_folder.empty()) {
      details.file = input.path;
    }
    job.transcript = make_transcript(request.format, details);
    if (!request.output_folder.empty()) {
      job.result = (std::filesystem::path(request.output_folder) / input.result).string() +
                   extension_of(request.format);
      if (Status status = check_result(request, job.result); !status.ok()) {
        job.status = std::move(status);
        job.is_done = true;
      }
    }
  }
  return jobs;
}

int exit_code(const Results &results, const Output &output) {
  if (!output.status().ok()) {
    return fail(output.status().message(), FileFailed);
  }
  if (interrupted()) {
    return Interrupted;
  }
  return results.some_failed() ? FileFailed : Success;
}

/// The recordings to transcribe; fails if the format cannot hold them.
Result<std::vector<Input>> inputs_of(const TranscribeRequest &request) {
  auto inputs = find_inputs(request.operands);
  if (!inputs.ok()) {
    return inputs;
  }
  if (!request.output_folder.empty()) {
    Status status = separate_results(inputs.value());
    return status.ok() ? std::move(inputs) : Result<std::vector<Input>>(std::move(status));
  }
  const bool is_subtitles = request.format == Format::Srt || request.format == Format::Vtt;
  if (is_subtitles && inputs.value().size() > 1) {
    return Status::invalid_argument(
        "subtitles are of one recording: give one FILE, or --output-dir for a file for each");
  }
  return inputs;
}

/// Everything after the command line. What can be refused is refused before the weights are read.
int run(const TranscribeRequest &request) {
  const auto inputs = inputs_of(request);
  if (!inputs.ok()) {
    const bool is_usage = inputs.status().code() == StatusCode::InvalidArgument;
    return is_usage ? fail_usage(inputs.status().message(), "transcribe")
                    : fail(inputs.status().message(), FileFailed);
  }
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
  if (Status status = open_output(request, inputs.value(), output); !status.ok()) {
    return fail(status.message(), FileFailed);
  }
  const Jobs jobs = make_jobs(request, inputs.value(), details_of(request, model.value()));
  std::unique_ptr<Results> results;
  if (request.output_folder.empty()) {
    results = std::make_unique<JoinedResults>(jobs, output);
  } else {
    results = std::make_unique<SeparateResults>(jobs, request.overwrite);
  }
  catch_interruption();
  Reporting reporting{*results, output, {}, {}};
  const auto engine = load(folder.value(), request, reporting.bar);
  if (!engine.ok()) {
    return interrupted() ? Interrupted : fail(engine.status().message(), ModelFailed);
  }
  recognise_all(*engine.value(), request, jobs, reporting);
  return exit_code(*results, output);
}

}  // namespace

int transcribe(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, transcribe_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "transcribe");
  }
  const auto request = read_transcribe_request(arguments.value());
  if (!request.ok()) {
    return fail_usage(request.status().message(), "transcribe");
  }
  return run(request.value());
}

}  // namespace kyutaistt::program
