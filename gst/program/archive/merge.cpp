// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt merge`: one list of the results of all shards.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <utility>

#include "program/archive/result_file.h"
#include "program/archive/result_names.h"
#include "program/commands.h"
#include "program/json_text.h"
#include "program/json_transcript.h"
#include "program/output.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

/// Where the line of a recording stands.
struct Place {
  std::string file;
  int64_t offset = 0;
  double audio_seconds = 0;
  /// Empty if it was recognised.
  std::string error;
};

using Places = std::map<std::string, Place>;

/// What is known of the shards so far.
struct Shards {
  Places places;
  OrderedJson settings;
};

Status add_line(const std::string &folder, const ResultLine &line, Shards &shards) {
  if (line.file == "results.jsonl") {
    return {};
  }
  const OrderedJson &own = line.json[own_key];
  const OrderedJson settings = own.value("settings", OrderedJson());
  if (shards.places.empty()) {
    shards.settings = settings;
  } else if (settings != shards.settings) {
    return Status::corrupt(folder + "/" + line.file +
                           ": found results of another model or of other options beside it");
  }
  const auto name = own.at("result").get<std::string>();
  Place place{line.file, line.offset, own.value("audio_seconds", 0.0),
              line.json.value("error", "")};
  const auto [before, is_new] = shards.places.emplace(name, place);
  // A recording that failed in one shard may have succeeded in another, later.
  if (!is_new && !before->second.error.empty()) {
    before->second = std::move(place);
  } else if (!is_new && place.error.empty()) {
    return Status::corrupt(folder + "/" + line.file + ": found " + name + " as in " +
                           before->second.file + ", expected each recording once");
  }
  return {};
}

/// The places of all shards' lines by the names of their results. Fails if a recording has two.
Result<Places> read_shards(const std::string &folder) {
  Shards shards;
  Status status =
      for_each_result(folder, [&](ResultLine &line) { return add_line(folder, line, shards); });
  if (status.ok() && shards.places.empty()) {
    status =
        Status::not_found(folder + ": found no results of shards, expected results-I-of-N.jsonl");
  }
  return status.ok() ? Result<Places>(std::move(shards.places)) : status;
}

std::string read_line(const fs::path &file, int64_t offset) {
  std::ifstream lines(file, std::ios::binary);
  lines.seekg(offset);
  std::string line;
  std::getline(lines, line);
  return line + "\n";
}

struct Totals {
  size_t recognised = 0;
  size_t failed = 0;
  size_t missing = 0;
  double audio_seconds = 0;
};

/// Writes all lines in the order of the manifest.
Totals write_lines(const std::vector<ManifestEntry> &entries, const std::vector<std::string> &names,
                   const Places &places, const fs::path &folder, WholeFile &results,
                   WholeFile &failures) {
  Totals totals;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto found = places.find(names[i]);
    std::string error = "no shard has come to it";
    if (found != places.end()) {
      results.write(read_line(folder / found->second.file, found->second.offset));
      error = found->second.error;
    }
    totals.recognised += error.empty() ? 1 : 0;
    totals.failed += !error.empty() && found != places.end() ? 1 : 0;
    totals.missing += found == places.end() ? 1 : 0;
    if (error.empty()) {
      totals.audio_seconds += found->second.audio_seconds;
    } else {
      OrderedJson failure = entries[i].keys;
      failure["error"] = error;
      failures.write(json_text(failure) + "\n");
    }
  }
  return totals;
}

int run(const std::string &manifest, const std::string &folder) {
  const auto entries = read_manifest(manifest);
  if (!entries.ok()) {
    return fail(entries.status().message(), FileFailed);
  }
  const auto names = name_results(entries.value());
  if (!names.ok()) {
    return fail(names.status().message(), FileFailed);
  }
  const auto places = read_shards(folder);
  if (!places.ok()) {
    return fail(places.status().message(), FileFailed);
  }
  WholeFile results((fs::path(folder) / "results.jsonl").string(), true, "merged-results");
  WholeFile failures((fs::path(folder) / "failed.jsonl").string(), true, "merged-failures");
  const Totals totals =
      write_lines(entries.value(), names.value(), places.value(), folder, results, failures);
  for (WholeFile *file : {&results, &failures}) {
    if (Status status = file->finish(); !status.ok()) {
      return fail(status.message(), FileFailed);
    }
  }
  std::cout << json_text(
                   OrderedJson{{"recognised", totals.recognised},
                               {"failed", totals.failed},
                               {"missing", totals.missing},
                               {"audio_seconds", rounded_seconds(seconds(totals.audio_seconds))}})
            << "\n";
  return totals.failed + totals.missing == 0 ? Success : FileFailed;
}

}  // namespace

const std::vector<OptionSpec> &merge_options() {
  static const std::vector<OptionSpec> specs = {{"--help", nullptr, "print this help"}};
  return specs;
}

int merge(const std::vector<std::string> &words) {
  const auto arguments = Arguments::parse(words, merge_options());
  if (!arguments.ok()) {
    return fail_usage(arguments.status().message(), "merge");
  }
  const std::vector<std::string> &operands = arguments.value().operands();
  if (operands.size() != 2) {
    return fail_usage("expected a MANIFEST and the folder of its results", "merge");
  }
  return run(operands[0], operands[1]);
}

}  // namespace kyutaistt::program
