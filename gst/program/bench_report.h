// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reports a measurement as JSON and as a table.
#pragma once

#include <cstdint>

#include <nlohmann/json.hpp>

#include <kyutaistt/machine.h>
#include <kyutaistt/model.h>

#include "program/bench_run.h"

namespace kyutaistt::program {

/// What was measured in this run, around the steps and in them.
struct Measured {
  MachineLimits limits;
  BenchResult result;
  /// The most memory that the process had until the model was loaded.
  uint64_t load_peak_bytes = 0;
};

nlohmann::ordered_json report_bench(const Model &model, const BenchPlan &plan,
                                    const Measured &measured);

/// Prints a report for people on standard output.
void print_bench(const nlohmann::ordered_json &report);

}  // namespace kyutaistt::program
