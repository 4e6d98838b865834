// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// Letters, digits, dots, dashes and underscores: nothing that leads to another folder.
bool is_plain(std::string_view part) {
  return !part.empty() && part.front() != '.' &&
         std::all_of(part.begin(), part.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '.' || letter == '-' || letter == '_';
         });
}

/// A repository: OWNER/NAME, or OWNER/NAME@REVISION with a branch, tag or commit.
struct HubId {
  std::string owner;
  std::string name;
  std::string revision;
};

std::optional<HubId> parse_hub_id(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const size_t at = std::min(text.find('@', slash), text.size());
  if (slash == text.size()) {
    return std::nullopt;
  }
  HubId id{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1, at - slash - 1)),
           at == text.size() ? "main" : std::string(text.substr(at + 1))};
  const bool valid = is_plain(id.owner) && is_plain(id.name) && is_plain(id.revision);
  return valid ? std::optional(std::move(id)) : std::nullopt;
}

std::string read_first_line(const fs::path &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The snapshot of a cached repository that a revision points to, or that has its name.
Result<std::string> find_snapshot(const HubId &id) {
  const fs::path repository = cache_folder() / ("models--" + id.owner + "--" + id.name);
  const std::string target = read_first_line(repository / "refs" / id.revision);
  const std::string commit = target.empty() ? id.revision : target;
  const fs::path snapshot = repository / "snapshots" / commit;
  std::error_code error;
  // What stands in the file must not lead out of the cache.
  if (!is_plain(commit) || !fs::is_directory(snapshot, error)) {
    const std::string model = id.owner + "/" + id.name;
    const std::string option = id.revision == "main" ? "" : " --revision " + id.revision;
    return Status::not_found(
        "model " + model + " is neither a folder nor in the Hugging Face cache" + " (looked for " +
        snapshot.string() + "); fetch it with: huggingface-cli download " + model + option);
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
    if (const auto id = parse_hub_id(name)) {
      return find_snapshot(*id);
    }
    return Status::not_found(name + ": there is no such model folder");
  });
}

}  // namespace kyutaistt
