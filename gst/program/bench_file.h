// SPDX-License-Identifier: LGPL-2.1-or-later
/// How long a recording takes as one stream, and in pieces at the same time.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include <kyutaistt/model.h>

namespace kyutaistt::program {

/// Recognises a recording both ways, as `transcribe` does with `--parallel 1` and
/// `--parallel STREAMS`, and reports the times.
Result<nlohmann::ordered_json> bench_file(const std::shared_ptr<const Model> &model,
                                          const std::string &path, int streams);

/// Prints a report for people on standard output.
void print_bench_file(const nlohmann::ordered_json &report);

}  // namespace kyutaistt::program
