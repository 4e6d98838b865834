// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/bench_file.h"

#include <chrono>
#include <iostream>
#include <string>
#include <utility>

#include <kyutaistt/engine.h>
#include <kyutaistt/option_names.h>

#include "program/file_recognition.h"
#include "program/transcript.h"

namespace kyutaistt::program {

namespace {

struct FileTime {
  double audio_seconds = 0;
  double seconds = 0;
  uint64_t steps = 0;
};

Result<FileTime> time_file(const std::shared_ptr<const Model> &model, const std::string &path,
                           int streams) {
  const auto engine = Engine::create(model);
  if (!engine.ok()) {
    return engine.status();
  }
  Hearing hearing;
  hearing.max_streams = streams;
  hearing.changed = [] {};
  Job job;
  job.path = path;
  job.texts.push_back({make_transcript(Format::Text, {}), ""});
  recognise(*engine.value(), hearing, job);
  if (!job.status.ok()) {
    return job.status;
  }
  return FileTime{in_seconds(job.duration), in_seconds(job.processing),
                  engine.value()->stats().steps};
}

}  // namespace

Result<nlohmann::ordered_json> bench_file(const std::shared_ptr<const Model> &model,
                                          const std::string &path, int streams) {
  const auto whole = time_file(model, path, 1);
  if (!whole.ok()) {
    return whole.status();
  }
  const auto pieces = time_file(model, path, streams);
  if (!pieces.ok()) {
    return pieces.status();
  }
  nlohmann::ordered_json json;
  json["model"] = model->info().path;
  json["precision"] = option_name(model->loaded().precision);
  json["threads"] = model->loaded().threads;
  json["streams"] = streams;
  json["audio_seconds"] = whole.value().audio_seconds;
  json["whole_seconds"] = whole.value().seconds;
  json["whole_steps"] = whole.value().steps;
  json["pieces_seconds"] = pieces.value().seconds;
  json["pieces_steps"] = pieces.value().steps;
  return json;
}

void print_bench_file(const nlohmann::ordered_json &report) {
  const auto audio = report["audio_seconds"].get<double>();
  for (const char *way : {"whole", "pieces"}) {
    const auto seconds = report[std::string(way) + "_seconds"].get<double>();
    std::cout << way << ": " << seconds << " s, " << audio / seconds << " times real time\n";
  }
}

}  // namespace kyutaistt::program
