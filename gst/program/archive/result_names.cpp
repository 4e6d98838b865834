// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/result_names.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>

#include "program/audio_source.h"
#include "program/inputs.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;

fs::path folder_of(const std::string &audio) {
  return fs::absolute(audio).lexically_normal().parent_path();
}

/// The deepest folder that both lie in.
fs::path common_folder(const fs::path &first, const fs::path &second) {
  const auto ends = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
  fs::path common;
  for (auto part = first.begin(); part != ends.first; ++part) {
    common /= *part;
  }
  return common;
}

/// Every recording once, with the name of its results.
Result<std::map<std::string, std::string>> name_recordings(
    const std::vector<ManifestEntry> &entries) {
  std::optional<fs::path> common;
  std::vector<std::string> files;
  for (const ManifestEntry &entry : entries) {
    files.push_back(entry.audio);
    if (!is_uri(entry.audio)) {
      const fs::path folder = folder_of(entry.audio);
      common = common ? common_folder(*common, folder) : folder;
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  auto inputs = find_inputs(files);
  if (!inputs.ok()) {
    return inputs.status();
  }
  for (Input &input : inputs.value()) {
    if (!is_uri(input.path)) {
      const fs::path path = fs::absolute(input.path).lexically_normal();
      input.result = path.lexically_relative(*common).string();
    }
  }
  if (Status status = separate_results(inputs.value()); !status.ok()) {
    return status;
  }
  std::map<std::string, std::string> names;
  for (const Input &input : inputs.value()) {
    names[input.path] = input.result;
  }
  return names;
}

std::string offset_text(double offset) {
  constexpr size_t size = 48;
  char text[size];
  std::snprintf(text, size, "@%.3f", offset);
  return text;
}

}  // namespace

Result<std::vector<std::string>> name_results(const std::vector<ManifestEntry> &entries) {
  for (const ManifestEntry &entry : entries) {
    std::error_code error;
    if (fs::is_directory(entry.audio, error)) {
      return Status::invalid_argument(entry.where + ": found the folder " + entry.audio +
                                      ", expected a recording");
    }
  }
  const auto recordings = name_recordings(entries);
  if (!recordings.ok()) {
    return recordings.status();
  }
  std::vector<std::string> names;
  std::map<std::string, std::string> owners;
  for (const ManifestEntry &entry : entries) {
    std::string name = recordings.value().at(entry.audio);
    if (entry.keys.contains("offset")) {
      name += offset_text(entry.offset);
    }
    const auto [other, is_new] = owners.emplace(name, entry.where);
    if (!is_new) {
      return Status::invalid_argument(entry.where + ": found " + entry.audio + " again, as in " +
                                      other->second + ", expected each recording once");
    }
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace kyutaistt::program
