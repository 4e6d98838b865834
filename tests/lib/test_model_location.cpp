// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <utility>

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
  for (const char *name :
       {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"}) {
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
                          {"HUGGINGFACE_HUB_CACHE", "old", "old/"},
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

TEST(the_environment_may_name_the_home_and_variables) {
  const TestFolder folder;
  forget_environment();
  setenv("HOME", folder.path().c_str(), 1);
  setenv("PART_1", "b", 1);
  fill_cache(folder, "hub/");
  fill_cache(folder, "a/b/hub/");
  fill_cache(folder, "a$/hub/");
  const std::string snapshot = "models--some-one--a.model_1/snapshots/1a";
  const struct {
    const char *value;
    const char *hub;
  } places[] = {{"~", "hub/"},
                {"~/", "hub/"},
                {"$HOME", "hub/"},
                {"~/a/$PART_1", "a/b/hub/"},
                {"${HOME}/a/b", "a/b/hub/"},
                {"$HOME/a/${PART_1}/", "a/b/hub/"},
                {"$HOME/a$", "a$/hub/"}};
  for (const auto &place : places) {
    setenv("HF_HOME", place.value, 1);
    const auto found = find_model("some-one/a.model_1");
    assert_ok(found.status());
    ck_assert_msg(std::filesystem::equivalent(found.value(), folder.path(place.hub + snapshot)),
                  "%s: found %s", place.value, found.value().c_str());
  }
  for (const char *value : {"$NOBODY_SET_THIS", "${PART_1", "${}", "x~"}) {
    setenv("HF_HOME", value, 1);
    assert_refused(find_model("some-one/a.model_1").status(), StatusCode::NotFound,
                   std::string("looked for ") + value + "/hub/models");
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
                 "hf download some-one/a.model_1 --revision none");
}

TEST(references_are_read_however_they_are_written) {
  const TestFolder folder;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  fill_cache(folder, "");
  const std::string repository = "models--some-one--a.model_1/";
  const std::string snapshots = folder.path(repository + "snapshots/");
  for (const char *content : {"2b", "2b\n", "2b\r\n", "2b \t\r\n\n"}) {
    folder.write(repository + "refs/main", content);
    assert_found("some-one/a.model_1", snapshots + "2b");
  }
  folder.write(repository + "refs/feature/short.words", "2b\r\n");
  assert_found("some-one/a.model_1@feature/short.words", snapshots + "2b");
  assert_refused(find_model("some-one/a.model_1@feature/none").status(), StatusCode::NotFound,
                 "hf download some-one/a.model_1 --revision feature/none");
}

TEST(the_only_snapshot_needs_no_reference) {
  const TestFolder folder;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  folder.write("models--a--b/snapshots/1a/config.json", "{}");
  assert_found("a/b", folder.path("models--a--b/snapshots/1a"));
  assert_refused(find_model("a/b@v2").status(), StatusCode::NotFound, "snapshots/v2");
  folder.write("models--a--b/snapshots/2b/config.json", "{}");
  assert_refused(find_model("a/b").status(), StatusCode::NotFound, "snapshots/main");
}

TEST(no_permission_is_told_as_such) {
  const TestFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  setenv("HF_HUB_CACHE", folder.path("hub").c_str(), 1);
  fill_cache(folder, "hub/");
  const std::string repository = folder.path("hub/models--some-one--a.model_1/");
  const auto deny = [](const std::string &path) {
    std::filesystem::permissions(path, std::filesystem::perms::none);
  };
  const auto allow = [](const std::string &path) {
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  };
  // Root may read everything.
  if (geteuid() == 0) {
    ck_assert(setresuid(65534, 65534, 0) == 0);
  }
  const auto as_owner = [](const auto &change, const std::string &path) {
    const uid_t user = geteuid();
    ck_assert(user != 65534 || seteuid(0) == 0);
    change(path);
    ck_assert(seteuid(user) == 0);
  };
  for (const std::string &path : {repository + "refs/main", repository + "refs",
                                  repository + "snapshots", folder.path("hub")}) {
    as_owner(deny, path);
    assert_refused(find_model("some-one/a.model_1").status(), StatusCode::NotFound,
                   ": cannot be read: Permission denied");
    as_owner(allow, path);
  }
  assert_found("some-one/a.model_1", repository + "snapshots/1a");
  const std::string snapshot = repository + "snapshots/1a";
  const std::pair<std::string, std::string> hidden[] = {
      {folder.path("hub"), snapshot},
      {folder.path("hub"), repository + "snapshots/none"},
      {snapshot, snapshot}};
  for (const auto &[path, model] : hidden) {
    as_owner(deny, path);
    assert_refused(find_model(model).status(), StatusCode::NotFound,
                   model + ": cannot be read: Permission denied");
    as_owner(allow, path);
  }
  ck_assert(geteuid() != 65534 || seteuid(0) == 0);
}

TEST(what_is_not_there_is_told_with_the_command) {
  const TestFolder folder;
  setenv("HF_HUB_CACHE", folder.path().c_str(), 1);
  fill_cache(folder, "");
  assert_refused(find_model("mideind/kyutai-stt-1b-is-en").status(), StatusCode::NotFound,
                 "fetch it with: hf download mideind/kyutai-stt-1b-is-en");
  // A reference whose snapshot was removed, and one that leads out of the cache.
  folder.write("models--a--b/refs/main", "3c");
  folder.write("models--a--c/refs/main", "../../../..");
  for (const char *id : {"a/b", "a/c"}) {
    assert_refused(find_model(id).status(), StatusCode::NotFound, "hf download a/");
  }
  for (const char *name : {"a/..", "../a", "a/b/c", "a/", "/b", "a/b@", "a/b@../x", "a b/c"}) {
    ck_assert(!find_model(name).ok());
  }
}

}  // namespace
