// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt evaluate`: how well a model recognises recordings of which it is known what was said.
#include <chrono>
#include <iostream>
#include <memory>
#include <utility>

#include <kyutaistt/option_names.h>

#include "program/commands.h"
#include "program/evaluation/report.h"
#include "program/heard_words.h"
#include "program/hearing_options.h"
#include "program/interruption.h"
#include "program/model_use.h"
#include "program/output.h"
#include "program/progress_bar.h"
#include "program/recognise_jobs.h"

namespace kyutaistt::program {

namespace {

struct EvaluateRequest {
  std::string model;
  std::string list;
  ReferenceKeys keys;
  ModelOptions model_options;
  Hearing hearing;
  int parallel = default_parallel;
  int resamples = 0;
  int worst = 0;
  bool json = false;
  /// A file for the page of alignments; empty for none.
  std::string page;
};

constexpr int default_resamples = 1000;
constexpr int default_worst = 10;
constexpr int max_resamples = 100000;
constexpr int max_worst = 1000000;

Result<EvaluateRequest> read_request(const Arguments &arguments) {
  if (arguments.operands().size() != 2) {
    return Status::invalid_argument("expected a MODEL and a MANIFEST");
  }
  EvaluateRequest request;
  request.model = arguments.operands()[0];
  request.list = arguments.operands()[1];
  auto options = model_options(arguments);
  auto hearing = hearing_options(arguments);
  const auto format = arguments.choice("--format", {"table", "json"}, 0);
  const auto parallel = arguments.integer("--parallel", 1, max_parallel, default_parallel);
  const auto resamples = arguments.integer("--resamples", 1, max_resamples, default_resamples);
  const auto worst = arguments.integer("--worst", 0, max_worst, default_worst);
  for (const Status &status : {options.status(), hearing.status(), format.status(),
                               parallel.status(), resamples.status(), worst.status()}) {
    if (!status.ok()) {
      return status;
    }
  }
  if (Status status = check_one_domain(hearing.value()); !status.ok()) {
    return status;
  }
  request.model_options = std::move(options).value();
  request.hearing = std::move(hearing).value();
  request.json = format.value() == 1;
  request.parallel = parallel.value();
  request.resamples = resamples.value();
  request.worst = worst.value();
  request.keys.text = arguments.text("--text-key", request.keys.text);
  request.keys.group = arguments.text("--group-by");
  request.page = arguments.text("--html");
  return request;
}

/// Keeps the words, for who looks at them when the job is done.
class WordsTranscript : public Transcript {
 public:
  explicit WordsTranscript(HeardWords &heard) : heard_(heard) {}

  void add(const Event &event) override { heard_.add(event); }
  void finish(const Ending & /*ending*/) override {}

 private:
  HeardWords &heard_;
};

double share_of(const Jobs &jobs) {
  double done = 0;
  for (const auto &job : jobs) {
    done += std::max(job->share.load(), 0.0);
  }
  return done / static_cast<double>(jobs.size());
}

/// What all recordings say.
std::vector<HeardWords> hear(Engine &engine, const EvaluateRequest &request,
                             const std::vector<Reference> &references, Jobs &jobs,
                             ProgressBar &bar) {
  std::vector<HeardWords> heard(references.size());
  for (size_t i = 0; i < references.size(); ++i) {
    jobs.push_back(std::make_unique<Job>());
    jobs.back()->path = references[i].audio;
    jobs.back()->texts.push_back({std::make_unique<WordsTranscript>(heard[i]), ""});
  }
  recognise_jobs(engine, request.hearing, jobs, request.parallel,
                 [&] { bar.show("recognising", share_of(jobs)); });
  bar.clear();
  return heard;
}

/// Pairs the texts of what was heard to its end, and takes down what was not.
std::vector<TextPair> collect(const std::vector<Reference> &references, const Jobs &jobs,
                              const std::vector<HeardWords> &heard, Evaluation &evaluation) {
  std::vector<TextPair> pairs;
  for (size_t i = 0; i < references.size(); ++i) {
    const Job &job = *jobs[i];
    evaluation.audio_seconds += in_seconds(job.duration);
    if (!job.status.ok()) {
      fail(job.error(), FileFailed);
      evaluation.failed.push_back({job.path, job.error()});
      continue;
    }
    for (TextPair &pair : pair_texts(references[i], heard[i].words())) {
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

int print(const EvaluateRequest &request, const Evaluation &evaluation) {
  std::cout << (request.json ? evaluation_json(evaluation)
                             : evaluation_table(evaluation, static_cast<size_t>(request.worst)));
  if (!request.page.empty()) {
    Status status = write_whole_file(request.page, evaluation_page(evaluation), true);
    if (!status.ok()) {
      return fail(status.message(), FileFailed);
    }
  }
  return evaluation.failed.empty() ? Success : FileFailed;
}

int run(const EvaluateRequest &request) {
  const auto references = read_references(request.list, request.keys);
  if (!references.ok()) {
    return fail(references.status().message(), FileFailed);
  }
  FoundModel model;
  if (const ExitCode code =
          find_model_for(request.model, request.model_options, request.hearing.prompts, model);
      code != Success) {
    return code;
  }
  catch_interruption();
  ProgressBar bar;
  const auto engine = load_engine(model.folder, request.model_options, bar);
  if (!engine.ok()) {
    return interrupted() ? Interrupted : fail(engine.status().message(), ModelFailed);
  }
  Evaluation evaluation;
  evaluation.model = request.model;
  evaluation.domain = domain_of(request.hearing.prompts.front(), model.info);
  evaluation.precision = option_name(engine.value()->model().loaded().precision);
  evaluation.recordings = references.value().size();
  evaluation.resamples = static_cast<size_t>(request.resamples);
  Jobs jobs;
  const auto begin = std::chrono::steady_clock::now();
  const std::vector<HeardWords> heard =
      hear(*engine.value(), request, references.value(), jobs, bar);
  evaluation.processing_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (interrupted()) {
    return Interrupted;
  }
  score(evaluation, collect(references.value(), jobs, heard, evaluation));
  return print(request, evaluation);
}

}  // namespace

const std::vector<OptionSpec> &evaluate_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {
        {"--format", "table|json", "what to print (default: table)"},
        {"--html", "FILE", "write a page with the alignment of every text there"},
        {"--text-key", "KEY", "key of what was said (default: text)"},
        {"--group-by", "KEY", "also score the texts of each value of this key, e.g. speaker"},
        {"--worst", "N", "how many of the worst texts the table has (default: 10)"},
        {"--resamples", "N", "of the bootstrap for intervals (default: 1000)"},
        {"--parallel", "N", "files recognised at once, 1 to 64 (default: 4)"},
    };
    for (const auto *options : {&hearing_option_specs(), &model_option_specs()}) {
      all.insert(all.end(), options->begin(), options->end());
    }
    all.push_back({"--help", nullptr, "print this help"});
    return all;
  }();
  return specs;
}

int evaluate(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, evaluate_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "evaluate");
  }
  const auto request = read_request(arguments.value());
  if (!request.ok()) {
    return fail_usage(request.status().message(), "evaluate");
  }
  return run(request.value());
}

}  // namespace kyutaistt::program
