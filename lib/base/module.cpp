// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/module.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/guard.h"

namespace kyutaistt::base {

namespace {

namespace fs = std::filesystem;

/// Folder of the library or program that holds this function; empty if unknown.
fs::path own_folder() {
  Dl_info information{};
  if (dladdr(reinterpret_cast<const void *>(&find_in_module), &information) == 0 ||
      information.dli_fname == nullptr) {
    return {};
  }
  std::error_code error;
  return fs::canonical(information.dli_fname, error).parent_path();
}

std::vector<fs::path> candidate_paths(const char *file) {
  const char *folder = std::getenv("KYUTAISTT_MODULE_PATH");
  if (folder != nullptr && *folder != '\0') {
    return {fs::path(folder) / file};
  }
  std::vector<fs::path> paths;
  if (const fs::path own = own_folder(); !own.empty()) {
    paths.push_back(own / file);
    paths.push_back(own / "kyutaistt" / file);
  }
  paths.push_back(fs::path(KYUTAISTT_MODULE_FOLDER) / file);
  return paths;
}

/// Names the module and what needs it, as the beginning of a message.
std::string need_of(const Module &module, const std::string &user) {
  return user + " needs the " + module.name + " module: ";
}

Result<void *> open_module(const Module &module, const std::string &user) {
  std::string searched;
  for (const fs::path &path : candidate_paths(module.file)) {
    std::error_code error;
    if (!fs::exists(path, error)) {
      searched += (searched.empty() ? "" : ", ") + path.parent_path().string();
      continue;
    }
    // Never closed: libtorch registers handlers that must outlive everything. Local: what one
    // module depends on must not get in the way of another's (both libtorch and sentencepiece
    // bring a protobuf of their own).
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      return Status::unsupported(need_of(module, user) + "it cannot be loaded: " + dlerror());
    }
    return handle;
  }
  return Status::not_found(need_of(module, user) + "found no " + module.file + " in " + searched +
                           "; install it, or build it with -D" + module.name +
                           "=enabled (Debian package " + module.package + ")");
}

}  // namespace

Result<void *> find_in_module(const Module &module, const std::string &user, const char *function) {
  KYUTAISTT_ASSIGN(handle, open_module(module, user));
  void *version = dlsym(handle, "kyutaistt_module_version");
  const std::string_view found =
      version == nullptr ? "unknown" : reinterpret_cast<const char *(*)()>(version)();
  if (found != KYUTAISTT_VERSION) {
    return Status::unsupported(need_of(module, user) + "found version " + std::string(found) +
                               ", expected " KYUTAISTT_VERSION);
  }
  void *symbol = dlsym(handle, function);
  if (symbol == nullptr) {
    return Status::unsupported(need_of(module, user) + "it has no function " + function);
  }
  return symbol;
}

}  // namespace kyutaistt::base
