// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt bench`: the speed of a model on this machine, against what its memory allows.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include <kyutaistt/engine.h>

#include "program/bandwidth.h"
#include "program/commands.h"
#include "program/progress_bar.h"

namespace kyutaistt::program {

namespace {

/// Steps that are not counted: buffers and caches are still cold.
constexpr size_t warm_up_steps = 5;
constexpr int default_seconds = 10;
constexpr double nanoseconds_per_millisecond = 1e6;

struct Measured {
  std::vector<StepReport> steps;
  double seconds = 0;
};

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / nanoseconds_per_millisecond;
}

/// The value that a share of all do not exceed.
double percentile(std::vector<double> values, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  std::sort(values.begin(), values.end());
  return values[std::max<size_t>(rank, 1) - 1];
}

double mean(const std::vector<StepReport> &steps, std::chrono::nanoseconds StepReport::*part) {
  double sum = 0;
  for (const StepReport &step : steps) {
    sum += milliseconds(step.*part);
  }
  return sum / static_cast<double>(steps.size());
}

/// Ten seconds of noise: what it is does not matter for the speed, but it must not be silent.
std::vector<float> make_noise() {
  constexpr size_t samples = 240000;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-0.3F, 0.3F);
  std::vector<float> noise(samples);
  std::generate(noise.begin(), noise.end(), [&] { return uniform(random); });
  return noise;
}

/// Keeps every stream's queue filled for as long as it takes, and collects the steps.
Result<Measured> run(const std::shared_ptr<const Model> &model, int streams, int seconds) {
  std::mutex mutex;
  Measured measured;
  EngineOptions options;
  options.max_streams = streams;
  options.step_observer = [&](const StepReport &report) {
    const std::lock_guard lock(mutex);
    // While streams are being opened a step has fewer of them.
    if (report.streams == streams) {
      measured.steps.push_back(report);
    }
  };
  auto engine = Engine::create(model, options);
  if (!engine.ok()) {
    return engine.status();
  }
  const std::vector<float> noise = make_noise();
  std::atomic<bool> stopping = false;
  std::vector<std::unique_ptr<Stream>> open;
  for (int i = 0; i < streams; ++i) {
    auto stream = engine.value()->open_stream({}, [](const Event &) {});
    if (!stream.ok()) {
      return stream.status();
    }
    open.push_back(std::move(stream).value());
  }
  std::vector<std::thread> feeders;
  feeders.reserve(open.size());
  for (const auto &stream : open) {
    feeders.emplace_back([&noise, &stopping, &stream = *stream] {
      while (!stopping && stream.push(noise).ok()) {
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  stopping = true;
  for (const auto &stream : open) {
    stream->reset();
  }
  for (std::thread &feeder : feeders) {
    feeder.join();
  }
  open.clear();
  const std::lock_guard lock(mutex);
  if (measured.steps.size() <= warm_up_steps) {
    return Status::invalid_argument("only " + std::to_string(measured.steps.size()) + " steps in " +
                                    std::to_string(seconds) + " s: give more --seconds");
  }
  measured.steps.erase(measured.steps.begin(),
                       measured.steps.begin() + static_cast<std::ptrdiff_t>(warm_up_steps));
  for (const StepReport &step : measured.steps) {
    measured.seconds += std::chrono::duration<double>(step.total).count();
  }
  return measured;
}

nlohmann::ordered_json summarise(const Model &model, const Measured &measured, int streams,
                                 double bandwidth) {
  const LoadedInfo &loaded = model.loaded();
  std::vector<double> totals;
  for (const StepReport &step : measured.steps) {
    totals.push_back(milliseconds(step.total));
  }
  const double lm_ms = mean(measured.steps, &StepReport::language_model);
  constexpr double milli = 1e-3;
  nlohmann::ordered_json json;
  json["model"] = model.info().path;
  json["frames_per_second"] = static_cast<double>(measured.steps.size()) / measured.seconds;
  json["step_ms"] = {{"p50", percentile(totals, 0.5)},
                     {"p95", percentile(totals, 0.95)},
                     {"p99", percentile(totals, 0.99)}};
  json["mimi_ms"] = mean(measured.steps, &StepReport::codec);
  json["lm_ms"] = lm_ms;
  json["weight_bytes_per_step"] = loaded.weight_bytes_per_step;
  json["read_bandwidth_bytes_per_second"] = bandwidth;
  json["bandwidth_share"] =
      static_cast<double>(loaded.weight_bytes_per_step) / (lm_ms * milli) / bandwidth;
  json["memory_per_stream_bytes"] = model.info().memory_per_stream_bytes;
  json["load_seconds"] = loaded.load_seconds;
  json["precision"] = precision_name(loaded.precision);
  json["cache_precision"] = precision_name(loaded.cache_precision);
  json["threads"] = loaded.threads;
  json["streams"] = streams;
  json["steps"] = measured.steps.size();
  json["instruction_set"] = loaded.instruction_set;
  return json;
}

void print(const nlohmann::ordered_json &json) {
  const auto number = [&](const char *key) { return json.at(key).get<double>(); };
  constexpr double giga = 1e9;
  constexpr double mega = 1e6;
  constexpr double percent = 100;
  constexpr double real_time = 12.5;
  const auto &step = json.at("step_ms");
  std::cout << std::fixed << std::setprecision(2) << "model            "
            << json.at("model").get<std::string>() << ", "
            << json.at("precision").get<std::string>() << ", "
            << json.at("instruction_set").get<std::string>() << ", " << json.at("threads")
            << " threads, loaded in " << number("load_seconds") << " s\n"
            << "streams          " << json.at("streams") << ", "
            << number("memory_per_stream_bytes") / mega << " MB each\n"
            << "frames a second  " << number("frames_per_second") << " of each stream ("
            << number("frames_per_second") / real_time << " times real time)\n"
            << "step             p50 " << step.at("p50").get<double>() << " ms, p95 "
            << step.at("p95").get<double>() << " ms, p99 " << step.at("p99").get<double>()
            << " ms, " << json.at("steps") << " steps\n"
            << "codec            " << number("mimi_ms") << " ms a step\n"
            << "language model   " << number("lm_ms") << " ms a step, reads "
            << number("weight_bytes_per_step") / giga << " GB\n"
            << "memory           " << number("read_bandwidth_bytes_per_second") / giga
            << " GB/s can be read, " << number("bandwidth_share") * percent << " % reached\n";
}

Result<std::shared_ptr<const Model>> load(const Arguments &arguments, const ModelOptions &options) {
  if (arguments.has("--synthetic")) {
    return Model::synthetic(arguments.text("--synthetic"), options);
  }
  const auto folder = find_model(arguments.operands().front());
  return folder.ok() ? Model::load(folder.value(), options) : folder.status();
}

}  // namespace

const std::vector<OptionSpec> &bench_options() {
  static const std::vector<OptionSpec> specs = [] {
    std::vector<OptionSpec> all = {
        {"--synthetic", "tiny|1b|2.6b", "random weights of a real shape, made in memory"},
        {"--streams", "N", "streams at the same time (default: 1)"},
        {"--seconds", "S", "how long to measure (default: 10)"},
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
  auto options = model_options(arguments);
  const auto streams = arguments.integer("--streams", 1, 1024, 1);
  const auto seconds = arguments.integer("--seconds", 1, 86400, default_seconds);
  for (const Status &status : {options.status(), streams.status(), seconds.status()}) {
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
  const double bandwidth = measure_read_bandwidth(model.value()->loaded().threads);
  const auto measured = run(model.value(), streams.value(), seconds.value());
  bar.clear();
  if (!measured.ok()) {
    return fail(measured.status().message(), FileFailed);
  }
  const auto json = summarise(*model.value(), measured.value(), streams.value(), bandwidth);
  if (arguments.has("--json")) {
    std::cout << json.dump(2) << "\n";
  } else {
    print(json);
  }
  return Success;
}

}  // namespace kyutaistt::program
