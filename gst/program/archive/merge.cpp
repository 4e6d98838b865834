// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt merge`: one list of the results of all shards.
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <utility>

#include "program/archive/result_file.h"
#include "program/archive/result_names.h"
#include "program/commands.h"
#include "program/json_text.h"
#include "program/output.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

struct Merged {
  std::string results;
  std::string failed;
  size_t recognised = 0;
  size_t failures = 0;
  size_t missing = 0;
  double audio_seconds = 0;
};

/// The lines of all shards by the names of their results. Fails if a recording has two.
Result<std::map<std::string, OrderedJson>> read_shards(const std::string &folder) {
  auto lines = read_results(folder);
  if (!lines.ok()) {
    return lines.status();
  }
  std::map<std::string, OrderedJson> results;
  std::set<std::string> settings;
  for (OrderedJson &line : lines.value()) {
    const auto file = line[own_key]["file"].get<std::string>();
    if (file == "results.jsonl") {
      continue;
    }
    settings.insert(line[own_key].value("settings", OrderedJson()).dump());
    if (settings.size() > 1) {
      return Status::corrupt(folder + "/" + file +
                             ": found results of another model or of other options beside it");
    }
    const auto name = line[own_key]["result"].get<std::string>();
    // A recording that failed in one shard may have gone well in another, later.
    const auto before = results.find(name);
    if (before == results.end() || before->second.contains("error")) {
      results[name] = std::move(line);
    } else if (!line.contains("error")) {
      return Status::corrupt(folder + "/" + file + ": found " + name + " as in " +
                             before->second[own_key]["file"].get<std::string>() +
                             ", expected each recording once");
    }
  }
  if (results.empty()) {
    return Status::not_found(folder +
                             ": found no results of shards, expected results-I-of-N.jsonl");
  }
  return results;
}

Merged merge_lines(const std::vector<ManifestEntry> &entries, const std::vector<std::string> &names,
                   std::map<std::string, OrderedJson> results) {
  Merged merged;
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto found = results.find(names[i]);
    OrderedJson failure = entries[i].keys;
    if (found == results.end()) {
      ++merged.missing;
      failure["error"] = "no shard has come to it";
      merged.failed += json_text(failure) + "\n";
      continue;
    }
    OrderedJson &line = found->second;
    line[own_key].erase("file");
    merged.results += json_text(line) + "\n";
    if (line.contains("error")) {
      ++merged.failures;
      failure["error"] = line["error"];
      merged.failed += json_text(failure) + "\n";
    } else {
      ++merged.recognised;
      merged.audio_seconds += line[own_key].value("audio_seconds", 0.0);
    }
  }
  return merged;
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
  auto results = read_shards(folder);
  if (!results.ok()) {
    return fail(results.status().message(), FileFailed);
  }
  const Merged merged = merge_lines(entries.value(), names.value(), std::move(results).value());
  for (const auto &[name, text] :
       {std::pair("results.jsonl", &merged.results), std::pair("failed.jsonl", &merged.failed)}) {
    Status status = write_whole_file((fs::path(folder) / name).string(), *text, true);
    if (!status.ok()) {
      return fail(status.message(), FileFailed);
    }
  }
  std::cout << json_text(OrderedJson{{"recognised", merged.recognised},
                                     {"failed", merged.failures},
                                     {"missing", merged.missing},
                                     {"audio_seconds", merged.audio_seconds}})
            << "\n";
  return merged.failures + merged.missing == 0 ? Success : FileFailed;
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
