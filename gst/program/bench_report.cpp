// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/bench_report.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include <kyutaistt/option_names.h>

namespace kyutaistt::program {

namespace {

constexpr double nanoseconds_per_millisecond = 1e6;

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / nanoseconds_per_millisecond;
}

/// The value that a given share of all do not exceed; there must be at least one.
double percentile(std::vector<double> values, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values.size())));
  std::sort(values.begin(), values.end());
  return values[std::max<size_t>(rank, 1) - 1];
}

std::vector<double> all_of(const std::vector<StepReport> &steps,
                           std::chrono::nanoseconds StepReport::*part) {
  std::vector<double> times;
  times.reserve(steps.size());
  for (const StepReport &step : steps) {
    times.push_back(milliseconds(step.*part));
  }
  return times;
}

double mean(const std::vector<StepReport> &steps, std::chrono::nanoseconds StepReport::*part) {
  double sum = 0;
  for (const StepReport &step : steps) {
    sum += milliseconds(step.*part);
  }
  return sum / static_cast<double>(steps.size());
}

/// Null where nothing was measured.
nlohmann::ordered_json percentiles(const std::vector<double> &values) {
  if (values.empty()) {
    return nullptr;
  }
  return {{"p50", percentile(values, 0.5)},
          {"p95", percentile(values, 0.95)},
          {"p99", percentile(values, 0.99)}};
}

/// Peak multiply-adds a second with the language model's weights.
double language_model_peak(const MachineLimits &limits, Precision precision) {
  switch (precision) {
    case Precision::Bf16:
      return limits.multiply_adds_bf16;
    case Precision::Int8:
    case Precision::Int4:
      return limits.multiply_adds_int8;
    default:
      return limits.multiply_adds_f32;
  }
}

/// The same of the codec's large matrices; the rest of it is f32.
double codec_peak(const MachineLimits &limits, Precision precision) {
  const bool is_whole = precision == Precision::Int8 || precision == Precision::Int4;
  return is_whole ? limits.multiply_adds_int16 : limits.multiply_adds_f32;
}

/// Milliseconds that the arithmetic alone takes for one frame of one stream.
double arithmetic_ms(const Model &model, const MachineLimits &limits) {
  const ModelInfo &info = model.info();
  const uint64_t small = info.codec_multiply_adds - info.codec_large_multiply_adds;
  constexpr double milli = 1e3;
  return milli * (static_cast<double>(small) / limits.multiply_adds_f32 +
                  static_cast<double>(info.codec_large_multiply_adds) /
                      codec_peak(limits, model.loaded().precision) +
                  static_cast<double>(info.language_model_multiply_adds) /
                      language_model_peak(limits, model.loaded().precision));
}

}  // namespace

nlohmann::ordered_json report_bench(const Model &model, const BenchPlan &plan,
                                    const Measured &measured) {
  const LoadedInfo &loaded = model.loaded();
  const std::vector<StepReport> &steps = measured.result.steps;
  const MachineLimits &limits = measured.limits;
  std::vector<double> totals;
  double sum_ms = 0;
  double frames = 0;
  for (const StepReport &step : steps) {
    totals.push_back(milliseconds(step.total));
    sum_ms += totals.back();
    frames += step.frames;
  }
  constexpr double milli = 1e-3;
  const std::vector<double> language_model = all_of(steps, &StepReport::language_model);
  const auto read_rate = [&](double share_of_steps) {
    return static_cast<double>(loaded.weight_bytes_per_step) /
           (percentile(language_model, share_of_steps) * milli);
  };
  // A step that reads faster than the meter has shown what can be read, too.
  const double read_limit = std::max(limits.read_bytes, read_rate(0));
  nlohmann::ordered_json json;
  json["model"] = model.info().path;
  json["frames_per_second"] = frames / plan.streams / (sum_ms * milli);
  json["step_ms"] = percentiles(totals);
  json["mimi_ms"] = mean(steps, &StepReport::codec);
  json["lm_ms"] = mean(steps, &StepReport::language_model);
  json["weight_bytes_per_step"] = loaded.weight_bytes_per_step;
  json["read_bandwidth_bytes_per_second"] = read_limit;
  json["bandwidth_share"] = read_rate(0.5) / read_limit;
  json["multiply_adds_per_second"] = {{"f32", limits.multiply_adds_f32},
                                      {"bf16", limits.multiply_adds_bf16},
                                      {"int16", limits.multiply_adds_int16},
                                      {"int8", limits.multiply_adds_int8}};
  json["arithmetic_share"] = frames * arithmetic_ms(model, limits) / sum_ms;
  json["memory_per_stream_bytes"] = model.info().memory_per_stream_bytes;
  json["weight_bytes"] = loaded.weight_bytes;
  json["load_peak_bytes"] = measured.load_peak_bytes;
  json["load_seconds"] = loaded.load_seconds;
  json["first_frame_seconds"] = loaded.load_seconds + measured.result.first_step_seconds;
  json["precision"] = option_name(loaded.precision);
  json["cache_precision"] = option_name(loaded.cache_precision);
  json["threads"] = loaded.threads;
  json["streams"] = plan.streams;
  json["texts"] = plan.texts;
  json["live"] = plan.live;
  json["relay"] = plan.relay;
  if (plan.live) {
    json["lag_ms"] = percentiles(measured.result.lags);
    json["dropped_frames"] = measured.result.dropped_frames;
  }
  if (plan.backlog.count() > 0) {
    json["drain_ms"] = percentiles(measured.result.drains);
    json["drains"] = measured.result.drains.size();
  }
  json["frames_at_once"] = plan.frames_at_once;
  json["processor_share"] = measured.result.processor_seconds / measured.result.seconds;
  json["steps"] = steps.size();
  json["instruction_set"] = loaded.instruction_set;
  return json;
}

void print_bench(const nlohmann::ordered_json &json) {
  const auto number = [&](const char *key) { return json.at(key).get<double>(); };
  constexpr double giga = 1e9;
  constexpr double mega = 1e6;
  constexpr double percent = 100;
  const auto &step = json.at("step_ms");
  std::cout << std::fixed << std::setprecision(2) << "model            "
            << json.at("model").get<std::string>() << ", "
            << json.at("precision").get<std::string>() << ", "
            << json.at("instruction_set").get<std::string>() << ", " << json.at("threads")
            << " threads, loaded in " << number("load_seconds") << " s, first frame after "
            << number("first_frame_seconds") << " s, " << number("load_peak_bytes") / giga
            << " GB at most for " << number("weight_bytes") / giga << " GB of weights\n"
            << "streams          " << json.at("streams") << ", "
            << number("memory_per_stream_bytes") / mega << " MB each\n"
            << "frames a second  " << number("frames_per_second") << " of each stream ("
            << number("frames_per_second") / kyutaistt::frames_per_second << " times real time)\n"
            << "step             p50 " << step.at("p50").get<double>() << " ms, p95 "
            << step.at("p95").get<double>() << " ms, p99 " << step.at("p99").get<double>()
            << " ms, " << json.at("steps") << " steps\n"
            << "codec            " << number("mimi_ms") << " ms a step\n"
            << "language model   " << number("lm_ms") << " ms a step, reads "
            << number("weight_bytes_per_step") / giga << " GB\n"
            << "memory           " << number("read_bandwidth_bytes_per_second") / giga
            << " GB/s can be read, " << number("bandwidth_share") * percent << " % reached\n"
            << "arithmetic       "
            << json.at("multiply_adds_per_second").at("int8").get<double>() / giga
            << " G multiply-adds/s with int8, "
            << json.at("multiply_adds_per_second").at("f32").get<double>() / giga << " with f32, "
            << number("arithmetic_share") * percent << " % reached\n";
  if (json.at("live").get<bool>()) {
    const auto &lag = json.at("lag_ms");
    std::cout << "lag              ";
    if (lag.is_null()) {
      std::cout << "unknown: no frame was delivered in time, ";
    } else {
      std::cout << "p50 " << lag.at("p50").get<double>() << " ms, p95 "
                << lag.at("p95").get<double>() << " ms, p99 " << lag.at("p99").get<double>()
                << " ms, ";
    }
    std::cout << json.at("dropped_frames") << " frames dropped\n";
  }
  if (json.contains("drain_ms") && !json.at("drain_ms").is_null()) {
    const auto &drain = json.at("drain_ms");
    std::cout << "after a stall    p50 " << drain.at("p50").get<double>() << " ms, p99 "
              << drain.at("p99").get<double>() << " ms until it was made up for, "
              << json.at("drains") << " times\n";
  }
}

}  // namespace kyutaistt::program
