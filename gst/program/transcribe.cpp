// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt transcribe`: the speech in files as text, subtitles or JSON.
#include <algorithm>
#include <filesystem>

#include <kyutaistt/engine.h>
#include <kyutaistt/model.h>

#include "program/archive/archive.h"
#include "program/commands.h"
#include "program/hearing_options.h"
#include "program/inputs.h"
#include "program/interruption.h"
#include "program/model_use.h"
#include "program/progress_bar.h"
#include "program/recognise_jobs.h"
#include "program/results.h"
#include "program/transcribe_request.h"

namespace kyutaistt::program {

namespace {

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

/// How many streams are recognised at the same time if nobody says.
int default_streams(const ModelInfo &model, size_t texts) {
  // With the 1B model in int8, more are hardly faster.
  constexpr uint64_t enough = 12;
  constexpr uint64_t max_bytes = 1 << 30;
  return static_cast<int>(std::clamp<uint64_t>(
      max_bytes / std::max<uint64_t>(model.memory_per_stream_bytes * texts, 1), 1, enough));
}

/// The files share the streams. Where every step is reported, or the context rolls on as in the
/// reference, each is heard as a whole.
Hearing hearing_for(const TranscribeRequest &request, int streams, size_t files) {
  Hearing hearing = request.hearing;
  const bool is_cut = hearing.relay && !hearing.report_steps;
  hearing.max_streams = is_cut ? std::max(streams / static_cast<int>(files), 1) : 1;
  hearing.cuts_awaited = request.parallel.has_value();
  return hearing;
}

/// The texts of the recordings, one for each domain, and where they go.
struct Texts {
  /// What distinguishes the files of several texts: the language, or the domain where that is not
  /// enough. Empty where there is only one.
  std::vector<std::string> tags;
  std::vector<Details> details;
  /// For each text one, unless every file has results of its own.
  std::vector<std::unique_ptr<Output>> outputs;
};

/// Shows progress and writes results until all files are done.
void recognise_all(Engine &engine, const TranscribeRequest &request, const Jobs &jobs,
                   const std::vector<std::unique_ptr<Results>> &results, const Texts &texts,
                   ProgressBar &bar) {
  // Words on a terminal show the progress themselves.
  const auto is_terminal = [](const auto &output) { return output->is_terminal(); };
  const bool shows_bar = std::none_of(texts.outputs.begin(), texts.outputs.end(), is_terminal);
  const int streams = request.parallel.value_or(
      default_streams(engine.model().info(), request.hearing.prompts.size()));
  const Hearing hearing = hearing_for(request, streams, jobs.size());
  recognise_jobs(engine, hearing, jobs, streams, [&] {
    for (const auto &result : results) {
      result->write_ready([&bar] { bar.clear(); });
    }
    for (const auto &output : texts.outputs) {
      if (!output->status().ok()) {
        interrupt();
      }
    }
    if (shows_bar) {
      bar.show("recognising", share_of(jobs));
    }
  });
  bar.clear();
}

/// The name with the tag before its extension.
std::string with_tag(const std::string &name, const std::string &tag) {
  if (tag.empty()) {
    return name;
  }
  const std::filesystem::path path(name);
  const std::string file = path.stem().string() + "." + tag + path.extension().string();
  return std::filesystem::path(path).replace_filename(file).string();
}

/// Finds out whether the results can be written, before there is anything that could be lost.
Status open_output(const std::string &path, const std::vector<Input> &inputs, Output &output) {
  if (path.empty()) {
    return {};
  }
  std::error_code error;
  for (const Input &input : inputs) {
    if (std::filesystem::is_regular_file(input.path, error) &&
        std::filesystem::equivalent(input.path, path, error)) {
      return Status::invalid_argument(path + ": is one of the files to be read");
    }
  }
  return output.open(path);
}

Details details_of(const TranscribeRequest &request, const Prompt &prompt, const ModelInfo &model) {
  Details details;
  details.model = request.model;
  details.domain = domain_of(prompt, model);
  details.language = language_of(details.domain, model);
  details.delay_seconds = model.delay_seconds;
  details.tokens = request.tokens;
  details.codes = request.codes;
  details.cue_shape = request.cue_shape;
  return details;
}

/// See `Texts::tags`.
std::vector<std::string> tags_of(const std::vector<Details> &details) {
  std::vector<std::string> tags(details.size());
  for (size_t i = 0; i < details.size() && details.size() > 1; ++i) {
    const std::string &language = details[i].language;
    const auto count = std::count_if(details.begin(), details.end(), [&](const Details &other) {
      return other.language == language;
    });
    tags[i] = !language.empty() && count == 1 ? language : details[i].domain;
  }
  return tags;
}

Result<Texts> prepare_texts(const TranscribeRequest &request, const ModelInfo &model,
                            const std::vector<Input> &inputs) {
  Texts texts;
  for (const Prompt &prompt : request.hearing.prompts) {
    texts.details.push_back(details_of(request, prompt, model));
  }
  texts.tags = tags_of(texts.details);
  for (size_t i = 0; i < texts.tags.size() && request.output_folder.empty(); ++i) {
    Details &details = texts.details[i];
    details.result = request.output.empty() ? "" : with_tag(request.output, texts.tags[i]);
    texts.outputs.push_back(std::make_unique<Output>());
    if (Status status = open_output(details.result, inputs, *texts.outputs.back()); !status.ok()) {
      return status;
    }
  }
  return texts;
}

/// A file whose result exists already is not read again.
Status check_result(const TranscribeRequest &request, const std::string &path) {
  std::error_code error;
  return request.overwrite || !std::filesystem::exists(std::filesystem::symlink_status(path, error))
             ? Status()
             : already_there(path);
}

Jobs make_jobs(const TranscribeRequest &request, const std::vector<Input> &inputs,
               const Texts &texts) {
  Jobs jobs;
  for (const Input &input : inputs) {
    jobs.push_back(std::make_unique<Job>());
    Job &job = *jobs.back();
    job.path = input.path;
    for (size_t i = 0; i < texts.details.size(); ++i) {
      Details details = texts.details[i];
      details.recording = input.path;
      if (inputs.size() > 1 || !request.output_folder.empty()) {
        details.file = input.path;
      }
      if (!request.output_folder.empty()) {
        const std::string tag = texts.tags[i].empty() ? "" : "." + texts.tags[i];
        details.result = (std::filesystem::path(request.output_folder) / input.result).string() +
                         tag + extension_of(request.format);
        if (Status status = check_result(request, details.result); !status.ok()) {
          job.status = std::move(status);
          job.is_done = true;
        }
      }
      job.texts.push_back({make_transcript(request.format, details), details.result});
    }
  }
  return jobs;
}

std::vector<std::unique_ptr<Results>> make_results(const TranscribeRequest &request,
                                                   const Jobs &jobs, const Texts &texts) {
  std::vector<std::unique_ptr<Results>> results;
  for (size_t i = 0; i < texts.outputs.size(); ++i) {
    results.push_back(std::make_unique<JoinedResults>(jobs, i, *texts.outputs[i]));
  }
  if (results.empty()) {
    results.push_back(std::make_unique<SeparateResults>(jobs, request.overwrite));
  }
  return results;
}

int exit_code(const std::vector<std::unique_ptr<Results>> &results, const Texts &texts) {
  for (const auto &output : texts.outputs) {
    if (!output->status().ok()) {
      return fail(output->status().message(), FileFailed);
    }
  }
  if (interrupted()) {
    return Interrupted;
  }
  const auto failed = [](const auto &result) { return result->some_failed(); };
  return std::any_of(results.begin(), results.end(), failed) ? FileFailed : Success;
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
  if (has_cues(request.format) && inputs.value().size() > 1) {
    return Status::invalid_argument(
        "subtitles and pages are of one recording: give one FILE, or --output-dir for a file for "
        "each");
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
  FoundModel model;
  if (const ExitCode code =
          find_model_for(request.model, request.model_options, request.hearing.prompts, model);
      code != Success) {
    return code;
  }
  const auto texts = prepare_texts(request, model.info, inputs.value());
  if (!texts.ok()) {
    return fail(texts.status().message(), FileFailed);
  }
  const Jobs jobs = make_jobs(request, inputs.value(), texts.value());
  const auto results = make_results(request, jobs, texts.value());
  catch_interruption();
  ProgressBar bar;
  const auto engine = load_engine(model.folder, request.model_options, bar);
  if (!engine.ok()) {
    return interrupted() ? Interrupted : fail(engine.status().message(), ModelFailed);
  }
  recognise_all(*engine.value(), request, jobs, results, texts.value(), bar);
  return exit_code(results, texts.value());
}

}  // namespace

int transcribe(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, transcribe_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "transcribe");
  }
  if (arguments.value().has("--manifest")) {
    const auto archive = read_archive_request(arguments.value());
    return archive.ok() ? transcribe_archive(archive.value())
                        : fail_usage(archive.status().message(), "transcribe");
  }
  const auto request = read_transcribe_request(arguments.value());
  if (!request.ok()) {
    return fail_usage(request.status().message(), "transcribe");
  }
  return run(request.value());
}

}  // namespace kyutaistt::program
