// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <kyutaistt/model.h>

#include "base/guard.h"

namespace kyutaistt {

namespace {

namespace fs = std::filesystem;

std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// Where huggingface_hub keeps what it downloads, by its own rules.
fs::path cache_folder() {
  if (const auto cache = environment("HF_HUB_CACHE"); !cache.empty()) {
    return cache;
  }
  if (const auto home = environment("HF_HOME"); !home.empty()) {
    return fs::path(home) / "hub";
  }
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty()) {
    return fs::path(cache) / "huggingface/hub";
  }
  return fs::path(environment("HOME")) / ".cache/huggingface/hub";
}

/// An owner and a name of letters, digits, dots, dashes and underscores.
bool is_hub_id(std::string_view text) {
  const auto is_part = [](std::string_view part) {
    return !part.empty() && part.front() != '.' &&
           std::all_of(part.begin(), part.end(), [](unsigned char letter) {
             return std::isalnum(letter) != 0 || letter == '.' || letter == '-' || letter == '_';
           });
  };
  const size_t slash = text.find('/');
  return slash != std::string_view::npos && is_part(text.substr(0, slash)) &&
         is_part(text.substr(slash + 1));
}

std::string read_first_line(const fs::path &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The snapshot that a cached repository's branch "main" points to.
Result<std::string> find_snapshot(const std::string &id) {
  std::string folder_name = "models--" + id;
  folder_name.replace(folder_name.find('/'), 1, "--");
  const fs::path repository = cache_folder() / folder_name;
  const std::string commit = read_first_line(repository / "refs/main");
  // A commit is a hash: anything else in that file must not lead out of the cache.
  const bool is_hash = !commit.empty() &&
                       std::all_of(commit.begin(), commit.end(),
                                   [](unsigned char letter) { return std::isalnum(letter) != 0; });
  std::error_code error;
  const fs::path snapshot = repository / "snapshots" / commit;
  if (!is_hash || !fs::is_directory(snapshot, error)) {
    return Status::not_found("model " + id + " is neither a folder nor in the Hugging Face cache " +
                             cache_folder().string() +
                             "; fetch it with: huggingface-cli download " + id);
  }
  return snapshot.string();
}

}  // namespace

Result<std::string> find_model(std::string_view model) {
  return base::guard("looking for the model", [&]() -> Result<std::string> {
    const std::string name(model);
    if (name.empty()) {
      return Status::invalid_argument(
          "no model is set: give a model folder, or an id such as mideind/kyutai-stt-1b-is-en");
    }
    std::error_code error;
    if (fs::is_directory(name, error)) {
      return name;
    }
    if (fs::exists(name, error)) {
      return Status::invalid_argument(name + ": is a file, expected a model folder");
    }
    if (is_hub_id(name)) {
      return find_snapshot(name);
    }
    return Status::not_found(name + ": there is no such model folder");
  });
}

}  // namespace kyutaistt
