// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>

#include <kyutaistt/model.h>

#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using kyutaistt::find_model;
using kyutaistt::StatusCode;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::golden;
using kyutaistt::tests::TestFolder;

/// A cache with one repository at OWNER/NAME: branch "main" at commit 1a, "old" at commit 2b.
void fill_cache(const TestFolder &folder, const std::string &hub) {
  const std::string repository = hub + "models--some-one--a.model_1/";
  folder.write(repository + "refs/main", "1a");
  folder.write(repository + "refs/old", "2b\n");
  folder.write(repository + "snapshots/1a/config.json", "{}");
  folder.write(repository + "snapshots/2b/config.json", "{}");
}

void assert_found(const std::string &model, const std::string &expected) {
  const auto found = find_model(model);
  assert_ok(found.status());
  assert_equal(found.value(), expected);
}

void forget_environment() {
  for (const char *name : {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"}) {
    unsetenv(name);
  }
}

TEST(folders_are_taken_as_they_are) {
  assert_found(golden("hf-f32"), golden("hf-f32"));
  assert_refused(find_model("").status(), StatusCode::InvalidArgument, "no model is set");
  assert_refused(find_model(golden("hf-f32/config.json")).status(), StatusCode::InvalidArgument,
                 "/hf-f32/config.json: is a file, expected a model folder");
  assert_refused(find_model(golden("none")).status(), StatusCode::NotFound,
                 "/none: there is no such model folder");
}

TEST(the_cache_is_where_the_environment_says) {
  struct Place {
    const char *variable;
    const char *value;
    const char *hub;
  };
  // Each one wins over those before it.
  const Place places[] = {{"HOME", "home", "home/.cache/huggingface/hub/"},
                          {"XDG_CACHE_HOME", "xdg", "xdg/huggingface/hub/"},
                          {"HF_HOME", "hf", "hf/hub/"},
                          {"HF_HUB_CACHE", "cache", "cache/"}};
  const TestFolder folder;
  forget_environment();
  for (const Place &place : places) {
    setenv(place.variable, folder.path(place.value).c_str(), 1);
    assert_refused(find_model("some-one/a.model_1").status(), StatusCode::NotFound,
                   folder.path(place.hub) + "models--some-one--a.model_1/snapshots/main");
    fill_cache(folder, place.hub);
    assert_found("some-one/a.model_1",
                 folder.path(place.hub) + "models--some-one--a.model_1/snapshots/1a");
  }
}

TEST(revisions_are_found) {
  const TestFolder folder;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  fill_cache(folder, "");
  const std::string snapshots = folder.path("models--some-one--a.model_1/snapshots/");
  assert_found("some-one/a.model_1@old", snapshots + "2b");
  assert_found("some-one/a.model_1@2b", snapshots + "2b");
  assert_refused(find_model("some-one/a.model_1@none").status(), StatusCode::NotFound,
                 "huggingface-cli download some-one/a.model_1 --revision none");
}

TEST(what_is_not_there_is_told_with_the_command) {
  const TestFolder folder;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  fill_cache(folder, "");
  assert_refused(find_model("mideind/kyutai-stt-1b-is-en").status(), StatusCode::NotFound,
                 "fetch it with: huggingface-cli download mideind/kyutai-stt-1b-is-en");
  // A reference whose snapshot was removed, and one that leads out of the cache.
  folder.write("models--a--b/refs/main", "3c");
  folder.write("models--a--c/refs/main", "../../../..");
  for (const char *id : {"a/b", "a/c"}) {
    assert_refused(find_model(id).status(), StatusCode::NotFound, "huggingface-cli download a/");
  }
  for (const char *name : {"a/..", "../a", "a/b/c", "a/", "/b", "a/b@", "a/b@../x", "a b/c"}) {
    ck_assert(!find_model(name).ok());
  }
}

}  // namespace
