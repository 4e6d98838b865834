// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/inputs.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string_view>

#include "program/audio_source.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;

/// In lower case.
constexpr std::string_view recordings[] = {
    ".3g2", ".3gp", ".aac", ".ac3",  ".aif",  ".aifc", ".aiff", ".amr",  ".ape", ".au",
    ".avi", ".awb", ".caf", ".dts",  ".eac3", ".flac", ".flv",  ".m2ts", ".m4a", ".m4b",
    ".m4v", ".mka", ".mkv", ".mov",  ".mp2",  ".mp3",  ".mp4",  ".mpeg", ".mpg", ".mts",
    ".mxf", ".oga", ".ogg", ".ogv",  ".opus", ".ra",   ".snd",  ".spx",  ".ts",  ".tta",
    ".vob", ".w64", ".wav", ".weba", ".webm", ".wma",  ".wmv",  ".wv"};

bool is_hidden(const fs::path &path) {
  return path.filename().string().starts_with('.');
}

/// The last part of a URI's path.
std::string name_in_uri(std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  while (uri.ends_with('/')) {
    uri.remove_suffix(1);
  }
  return std::string(uri.substr(uri.find_last_of("/:") + 1));
}

/// Where the result of an operand goes, its extension included.
fs::path result_name(const std::string &operand) {
  if (operand == "-") {
    return "stdin";
  }
  return is_uri(operand) ? fs::path(name_in_uri(operand)) : fs::path(operand).filename();
}

Status add_folder(const std::string &folder, std::vector<Input> &inputs) {
  std::error_code error;
  std::vector<fs::path> found;
  // Links to folders are not followed: they may lead back.
  fs::recursive_directory_iterator entries(folder, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    std::error_code unknown;
    if (is_hidden(entries->path())) {
      entries.disable_recursion_pending();
    } else if (is_recording(entries->path()) && entries->is_regular_file(unknown)) {
      found.push_back(entries->path());
    }
  }
  if (error) {
    return Status::not_found(folder + ": cannot be read: " + error.message());
  }
  if (found.empty()) {
    return Status::not_found(folder + ": no recordings were found in this folder");
  }
  std::sort(found.begin(), found.end());
  for (const fs::path &path : found) {
    inputs.push_back({path.string(), path.lexically_relative(folder).string()});
  }
  return {};
}

}  // namespace

bool is_recording(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return std::find(std::begin(recordings), std::end(recordings), extension) != std::end(recordings);
}

Result<std::vector<Input>> find_inputs(const std::vector<std::string> &operands) {
  std::vector<Input> inputs;
  for (const std::string &operand : operands) {
    std::error_code error;
    if (fs::is_directory(operand, error)) {
      if (Status status = add_folder(operand, inputs); !status.ok()) {
        return status;
      }
    } else {
      inputs.push_back({operand, result_name(operand).string()});
    }
  }
  return inputs;
}

Status separate_results(std::vector<Input> &inputs) {
  const auto stem = [](const std::string &name) {
    return fs::path(name).replace_extension().string();
  };
  std::map<std::string, int> stems;
  for (const Input &input : inputs) {
    ++stems[stem(input.result)];
  }
  std::map<std::string, std::string> paths;
  for (Input &input : inputs) {
    if (const std::string shorter = stem(input.result); stems[shorter] == 1) {
      input.result = shorter;
    }
    const auto [other, is_new] = paths.emplace(input.result, input.path);
    if (!is_new) {
      return Status::invalid_argument(other->second + " and " + input.path +
                                      ": both results would be named " + input.result);
    }
  }
  return {};
}

}  // namespace kyutaistt::program
