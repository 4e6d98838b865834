// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/module.h"

#include <dlfcn.h>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "base/guard.h"

namespace kyutaistt::ops {

namespace {

constexpr const char *torch_module_name = "libkyutaistt-torch.so";

/// Folder of the library or program that holds this function; empty if unknown.
std::filesystem::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void *>(&load_torch_operations), &info) == 0 ||
      info.dli_fname == nullptr) {
    return {};
  }
  std::error_code error;
  return std::filesystem::canonical(info.dli_fname, error).parent_path();
}

std::vector<std::filesystem::path> candidate_paths() {
  if (const char *folder = std::getenv("KYUTAISTT_MODULE_PATH"); folder && *folder != '\0') {
    return {std::filesystem::path(folder) / torch_module_name};
  }
  std::vector<std::filesystem::path> paths;
  if (const auto folder = own_folder(); !folder.empty()) {
    paths.push_back(folder / torch_module_name);
    paths.push_back(folder / "kyutaistt" / torch_module_name);
  }
  paths.push_back(std::filesystem::path(KYUTAISTT_MODULE_FOLDER) / torch_module_name);
  return paths;
}

Result<void *> open_module() {
  std::string searched;
  for (const auto &path : candidate_paths()) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      searched += (searched.empty() ? "" : ", ") + path.string();
      continue;
    }
    // Never closed: libtorch registers handlers that must outlive everything.
    void *module = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      return Status::unsupported("the libtorch module cannot be loaded: " + std::string(dlerror()));
    }
    return module;
  }
  return Status::not_found("the libtorch module was not found; looked for " + searched);
}

template <typename Function>
Result<Function *> find_function(void *module, const char *name) {
  void *symbol = dlsym(module, name);
  if (symbol == nullptr) {
    return Status::unsupported(std::string("the libtorch module has no ") + name);
  }
  return reinterpret_cast<Function *>(symbol);
}

Result<KyutaisttModuleMakeOperations *> load_module() {
  KYUTAISTT_ASSIGN(module, open_module());
  KYUTAISTT_ASSIGN(version,
                   find_function<KyutaisttModuleVersion>(module, "kyutaistt_module_version"));
  if (std::string_view(version()) != KYUTAISTT_VERSION) {
    return Status::unsupported(std::string("the libtorch module has version ") + version() +
                               ", the library has " KYUTAISTT_VERSION);
  }
  return find_function<KyutaisttModuleMakeOperations>(module, "kyutaistt_module_make_operations");
}

}  // namespace

Result<std::unique_ptr<Operations>> load_torch_operations(const OperationsRequest &request) {
  using Outcome = Result<std::unique_ptr<Operations>>;
  return base::guard("libtorch", [&]() -> Outcome {
    // A module that could not be loaded may be there at the next try, so only success is kept.
    KYUTAISTT_ASSIGN(make_operations, load_module());
    std::unique_ptr<Operations> operations;
    try {
      make_operations(request, operations);
    } catch (const std::invalid_argument &error) {
      return Status::invalid_argument(error.what());
    }
    return operations;
  });
}

}  // namespace kyutaistt::ops
