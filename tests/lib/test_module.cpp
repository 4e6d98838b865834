// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is said where a module is missing, cannot be loaded, or belongs to another version.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <kyutaistt/model.h>

#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

/// A folder that is the only one in which modules are looked for.
class ModuleFolder {
 public:
  ModuleFolder() { setenv("KYUTAISTT_MODULE_PATH", folder_.path().c_str(), 1); }

  const TestFolder &operator*() const { return folder_; }
  const TestFolder *operator->() const { return &folder_; }

 private:
  TestFolder folder_;
};

Status load_on_another_device() {
  ModelOptions options;
  options.device = "cuda";
  return Model::load(golden("hf-f32"), options).status();
}

TEST(a_missing_libtorch_is_named) {
  const ModuleFolder modules;
  assert_refused(load_on_another_device(), StatusCode::NotFound,
                 "device \"cuda\" needs the libtorch module: found no libkyutaistt-torch.so in " +
                     modules->path() +
                     "; install it, or build it with -Dlibtorch=enabled (Debian package "
                     "libtorch-dev)");
  assert_ok(Model::load(golden("hf-f32")).status());
}

TEST(a_missing_sentencepiece_is_named) {
  const ModuleFolder modules;
  const TestFolder model("hf-f32");
  model.remove("tokenizer.json");
  model.write("tokenizer.model", TestFolder("tokenizer").read("tokenizer.model"));
  assert_refused(Model::load(model.path()).status(), StatusCode::NotFound,
                 model.path("tokenizer.model") +
                     " needs the sentencepiece module: found no libkyutaistt-sentencepiece.so in " +
                     modules->path());
}

TEST(a_file_that_is_no_module_is_refused) {
  const ModuleFolder modules;
  modules->write("libkyutaistt-torch.so", "no library");
  assert_refused(load_on_another_device(), StatusCode::Unsupported,
                 "device \"cuda\" needs the libtorch module: it cannot be loaded: ");
}

TEST(a_module_of_another_version_is_refused) {
  const std::string library =
      std::string(std::getenv("KYUTAISTT_MODULE_PATH")) + "/libkyutaistt.so";
  const ModuleFolder modules;
  std::filesystem::create_symlink(library, modules->path("libkyutaistt-torch.so"));
  assert_refused(load_on_another_device(), StatusCode::Unsupported,
                 "device \"cuda\" needs the libtorch module: found version unknown, expected ");
}

}  // namespace
