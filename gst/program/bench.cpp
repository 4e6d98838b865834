// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt bench`: the speed of a model on this machine, against what its memory allows.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <sys/resource.h>

#include <kyutaistt/engine.h>
#include <kyutaistt/machine.h>

#include "program/bench_file.h"
#include "program/bench_report.h"
#include "program/bench_run.h"
#include "program/commands.h"
#include "program/json_text.h"
#include "program/progress_bar.h"
#include "program/recognise_jobs.h"

namespace kyutaistt::program {

namespace {

constexpr int default_seconds = 10;

/// Other users of the machine come and go: the limits are measured before and after the steps. What
/// could be read once can be read, as far as the steps are concerned.
MachineLimits join(const MachineLimits &a, const MachineLimits &b, double read_between) {
  return {std::max({a.read_bytes, b.read_bytes, read_between}),
          (a.multiply_adds_f32 + b.multiply_adds_f32) / 2,
          (a.multiply_adds_bf16 + b.multiply_adds_bf16) / 2,
          (a.multiply_adds_int16 + b.multiply_adds_int16) / 2,
          (a.multiply_adds_int8 + b.multiply_adds_int8) / 2};
}

Result<std::shared_ptr<const Model>> load(const Arguments &arguments, const ModelOptions &options) {
  if (arguments.has("--synthetic")) {
    return Model::synthetic(arguments.text("--synthetic"), options);
  }
  const auto folder = find_model(arguments.operands().front());
  return folder.ok() ? Model::load(folder.value(), options) : folder.status();
}

/// The most memory that this process has had, pages of files that it reads not counted.
uint64_t peak_memory() {
  constexpr uint64_t unit = 1024;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * unit;
}

void print(const nlohmann::ordered_json &report, const Arguments &arguments,
           void (*print_table)(const nlohmann::ordered_json &)) {
  if (arguments.has("--json")) {
    std::cout << json_text(report, 2) << "\n";
  } else {
    print_table(report);
  }
}

}  // namespace

const std::vector<OptionSpec> &bench_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {
        {"--synthetic", "tiny|1b|2.6b", "random weights of a real shape, made in memory"},
        {"--streams", "N", "streams at the same time (default: 1; with --file: 12)"},
        {"--texts", "N", "texts that every stream writes (default: 1)"},
        {"--seconds", "S", "how long to measure (default: 10)"},
        {"--file", "RECORDING",
         "measure its recognition as one stream, and in pieces by --streams"},
        {"--live", nullptr, "feed every stream in real time instead of as fast as it goes"},
        {"--backlog", "S", "with --live: the first stream stalls for so long, again and again"},
        {"--frames-at-once", "N",
         "frames of a step of few streams that are late (default: 1, with --live 8)"},
        {"--no-relay", nullptr, "let contexts roll on as the reference does, without their prompt"},
        {"--json", nullptr, "print JSON"},
    };
    const auto &model = model_option_specs();
    all.insert(all.end(), model.begin(), model.end());
    all.push_back({"--help", nullptr, "print this help"});
    return all;
  }();
  return specs;
}

int bench(const std::vector<std::string> &words) {
  const auto parsed = Arguments::parse(words, bench_options());
  if (!parsed.ok()) {
    return fail_usage(parsed.status().message(), "bench");
  }
  const Arguments &arguments = parsed.value();
  if (arguments.operands().size() != (arguments.has("--synthetic") ? 0 : 1)) {
    return fail_usage("expected either a MODEL or --synthetic", "bench");
  }
  for (const char *option :
       {"--live", "--seconds", "--no-relay", "--texts", "--backlog", "--frames-at-once"}) {
    if (arguments.has("--file") && arguments.has(option)) {
      return fail_usage(std::string("--file takes no ") + option, "bench");
    }
  }
  auto options = model_options(arguments);
  const bool hears_file = arguments.has("--file");
  const auto streams =
      arguments.integer("--streams", 1, hears_file ? max_parallel : 1024, hears_file ? 12 : 1);
  const auto texts = arguments.integer("--texts", 1, 8, 1);
  const auto seconds = arguments.integer("--seconds", 1, 86400, default_seconds);
  const auto backlog = arguments.integer("--backlog", 1, 60, 0);
  const auto frames_at_once = arguments.integer(
      "--frames-at-once", 1, 1024, arguments.has("--live") ? EngineOptions{}.frames_at_once : 1);
  if (arguments.has("--backlog") && !arguments.has("--live")) {
    return fail_usage("--backlog needs --live", "bench");
  }
  for (const Status &status : {options.status(), streams.status(), texts.status(), seconds.status(),
                               backlog.status(), frames_at_once.status()}) {
    if (!status.ok()) {
      return fail_usage(status.message(), "bench");
    }
  }
  ProgressBar bar;
  options.value().progress = [&bar](double share) {
    bar.show("loading the model", share);
    return true;
  };
  const auto model = load(arguments, options.value());
  bar.clear();
  if (!model.ok()) {
    return fail(model.status().message(), ModelFailed);
  }
  bar.show("measuring", -1);
  if (hears_file) {
    const auto report = bench_file(model.value(), arguments.text("--file"), streams.value());
    bar.clear();
    if (!report.ok()) {
      return fail(report.status().message(), FileFailed);
    }
    print(report.value(), arguments, print_bench_file);
    return Success;
  }
  const uint64_t load_peak_bytes = peak_memory();
  const int threads = model.value()->loaded().threads;
  Measured measured;
  const auto limits_before = measure_machine(threads);
  const auto meter = ReadMeter::create(threads);
  for (const Status &status : {limits_before.status(), meter.status()}) {
    if (!status.ok()) {
      bar.clear();
      return fail(status.message(), FileFailed);
    }
  }
  double read_between = 0;
  const BenchPlan plan{.streams = streams.value(),
                       .duration = std::chrono::seconds(seconds.value()),
                       .live = arguments.has("--live"),
                       .relay = !arguments.has("--no-relay"),
                       .texts = texts.value(),
                       .backlog = std::chrono::seconds(backlog.value()),
                       .frames_at_once = frames_at_once.value(),
                       .between_steps = [&] { read_between = meter.value()->measure(); }};
  auto result = run_bench(model.value(), plan);
  const auto limits_after = measure_machine(threads);
  bar.clear();
  for (const Status &status : {result.status(), limits_after.status()}) {
    if (!status.ok()) {
      return fail(status.message(), FileFailed);
    }
  }
  measured.load_peak_bytes = load_peak_bytes;
  measured.result = std::move(result).value();
  measured.limits = join(limits_before.value(), limits_after.value(), read_between);
  const auto json = report_bench(*model.value(), plan, measured);
  print(json, arguments, print_bench);
  return Success;
}

}  // namespace kyutaistt::program
