// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <pwd.h>

#include <kyutaistt/model.h>

#include "base/guard.h"

namespace kyutaistt {

namespace {

namespace fs = std::filesystem;

std::string environment(const char *name) {
  const char *value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The user's own folder: HOME, or what the system knows. Empty where there is none.
std::string home_folder() {
  if (std::string home = environment("HOME"); !home.empty()) {
    return home;
  }
  constexpr size_t max_size = 16384;
  std::vector<char> memory(max_size);
  passwd entry{};
  passwd *found = nullptr;
  getpwuid_r(geteuid(), &entry, memory.data(), memory.size(), &found);
  return found == nullptr ? "" : found->pw_dir;
}

bool is_variable_letter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// A folder from the environment, with ~ at its beginning, $NAME and ${NAME} replaced, as
/// huggingface_hub does. An unknown variable stays as it is written.
std::string expand(const std::string &text) {
  std::string result;
  size_t at = 0;
  if (text == "~" || text.starts_with("~/")) {
    result = home_folder();
    at = 1;
  }
  while (at < text.size()) {
    const bool in_braces = text.compare(at, 2, "${") == 0;
    const size_t begin = at + (in_braces ? 2 : 1);
    size_t end = begin;
    while (text[at] == '$' && end < text.size() && is_variable_letter(text[end])) {
      ++end;
    }
    const bool is_closed = !in_braces || (end < text.size() && text[end] == '}');
    const char *value =
        end > begin && is_closed ? std::getenv(text.substr(begin, end - begin).c_str()) : nullptr;
    if (value == nullptr) {
      result += text[at++];
    } else {
      result += value;
      at = end + (in_braces ? 1 : 0);
    }
  }
  return result;
}

/// Where huggingface_hub keeps what it downloads, by its own rules; empty where they name no place.
fs::path cache_folder() {
  // The second is the name that older versions had for the first.
  for (const char *name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (const auto cache = environment(name); !cache.empty()) {
      return expand(cache);
    }
  }
  if (const auto home = environment("HF_HOME"); !home.empty()) {
    return fs::path(expand(home)) / "hub";
  }
  if (const auto cache = environment("XDG_CACHE_HOME"); !cache.empty()) {
    return fs::path(expand(cache)) / "huggingface/hub";
  }
  const std::string home = home_folder();
  return home.empty() ? fs::path() : fs::path(home) / ".cache/huggingface/hub";
}

/// Letters, digits, dots, dashes and underscores: nothing that leads to another folder.
bool is_plain(std::string_view part) {
  return !part.empty() && part.front() != '.' &&
         std::all_of(part.begin(), part.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '.' || letter == '-' || letter == '_';
         });
}

/// Plain parts separated by slashes: branches may have such names.
bool is_plain_path(std::string_view path) {
  while (true) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (!is_plain(path.substr(0, slash))) {
      return false;
    }
    if (slash == path.size()) {
      return true;
    }
    path.remove_prefix(slash + 1);
  }
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
  const bool valid = is_plain(id.owner) && is_plain(id.name) && is_plain_path(id.revision);
  return valid ? std::optional(std::move(id)) : std::nullopt;
}

/// Whether the error is missing permission rather than a missing file.
bool is_denied(const std::error_code &error) {
  return error == std::errc::permission_denied || error == std::errc::operation_not_permitted;
}

Status denied(const fs::path &path) {
  return Status::not_found(path.string() + ": cannot be read: Permission denied");
}

/// Without the line ending, which differs between editors and systems. Empty if there is no such
/// file.
Result<std::string> read_first_line(const fs::path &path) {
  std::error_code error;
  const bool exists = fs::exists(path, error);
  if (is_denied(error) || (exists && access(path.c_str(), R_OK) != 0)) {
    return denied(path);
  }
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
    line.pop_back();
  }
  return line;
}

/// The name of the only snapshot, for caches that were copied without their references; nothing if
/// there are none or several.
std::optional<std::string> only_snapshot(const fs::path &snapshots) {
  std::error_code error;
  std::optional<std::string> name;
  fs::directory_iterator entries(snapshots, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    if (name) {
      return std::nullopt;
    }
    name = entries->path().filename().string();
  }
  return name;
}

/// The snapshot of a cached repository that a revision points to, or that has its name.
Result<std::string> find_snapshot(const HubId &id) {
  const std::string model = id.owner + "/" + id.name;
  const std::string option = id.revision == "main" ? "" : " --revision " + id.revision;
  const std::string command = "; fetch it with: hf download " + model + option;
  const fs::path cache = cache_folder();
  if (cache.empty()) {
    return Status::not_found("model " + model + " is not a folder, and no Hugging Face cache is" +
                             " known: set HF_HOME" + command);
  }
  const fs::path repository = cache / ("models--" + id.owner + "--" + id.name);
  const fs::path reference = repository / "refs" / id.revision;
  const auto target = read_first_line(reference);
  if (!target.ok()) {
    return target.status();
  }
  std::string commit = target.value().empty() ? id.revision : target.value();
  std::error_code error;
  if (id.revision == "main" && target.value().empty()) {
    commit = only_snapshot(repository / "snapshots").value_or(commit);
  }
  const fs::path snapshot = repository / "snapshots" / commit;
  // The file's content must not lead out of the cache.
  const bool is_there = is_plain(commit) && fs::is_directory(snapshot, error);
  if (is_denied(error)) {
    return denied(snapshot);
  }
  if (!is_there) {
    return Status::not_found("model " + model +
                             " is neither a folder nor in the Hugging Face cache" +
                             " (looked for " + snapshot.string() + ")" + command);
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
      return access(name.c_str(), X_OK) == 0 ? Result<std::string>(name) : denied(name);
    }
    if (is_denied(error)) {
      return denied(name);
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
