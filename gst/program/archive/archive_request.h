// SPDX-License-Identifier: LGPL-2.1-or-later
/// The parsed command line of `transcribe --manifest`.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "program/archive/shard.h"
#include "program/arguments.h"
#include "program/file_recognition.h"
#include "program/transcript.h"

namespace kyutaistt::program {

enum class ProgressStyle { Bar, Json, None };

struct ArchiveRequest {
  std::string model;
  std::string manifest;
  std::string folder;
  std::vector<Format> formats;
  Shard shard;
  bool resume = false;
  bool overwrite = false;
  int parallel = 0;
  ProgressStyle progress = ProgressStyle::Bar;
  ModelOptions model_options;
  Hearing hearing;
  captions::CueShape cue_shape;
  bool tokens = false;
  bool codes = false;
  /// The options that influence the results, by name.
  nlohmann::ordered_json options;
};

const std::vector<OptionSpec> &archive_option_specs();
Result<ArchiveRequest> read_archive_request(const Arguments &arguments);

}  // namespace kyutaistt::program
