// SPDX-License-Identifier: LGPL-2.1-or-later
/// How many threads a model computes with if nobody says.
#include <algorithm>
#include <sched.h>
#include <string>

#include <kyutaistt/model.h>

#include "base/processors.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using kyutaistt::Model;
using kyutaistt::base::usable_processors;
using kyutaistt::tests::TestFolder;

/// What the kernel says of a process: a line for the mount, one for its group.
void write_proc(const TestFolder &folder, const std::string &mounts, const std::string &groups) {
  folder.write("proc/self/mountinfo", "22 27 0:21 / /proc rw,nosuid - proc proc rw\n" + mounts);
  folder.write("proc/self/cgroup", groups);
}

constexpr const char *version_2 =
    "31 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char *version_1 =
    "33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:4 - cgroup cgroup rw,cpu,cpuacct\n";

int all_processors() {
  return usable_processors("/nowhere");
}

/// A quota in the group that the mount shows, as a container sees its own.
int with_quota(const std::string &text) {
  const TestFolder folder;
  write_proc(folder, version_2, "0::/\n");
  folder.write("sys/fs/cgroup/cpu.max", text);
  return usable_processors(folder.path());
}

TEST(a_quota_counts_in_whole_processors) {
  const int all = all_processors();
  ck_assert_int_ge(all, 1);
  ck_assert_int_eq(with_quota("100000 100000\n"), 1);
  ck_assert_int_eq(with_quota("20000 100000\n"), 1);
  ck_assert_int_eq(with_quota("150000 100000\n"), std::min(all, 2));
}

TEST(no_quota_and_nonsense_mean_all) {
  const int all = all_processors();
  for (const char *text :
       {"max 100000\n", "", "100000", "100000 0\n", "-1 100000\n", "nan nan\n", "1e300 1e-300\n"}) {
    ck_assert_int_eq(with_quota(text), all);
  }
  const TestFolder folder;
  for (const char *mounts : {"", "-", "1 2 3", "31 23 0:26 / /sys/fs/cgroup rw - cgroup2"}) {
    for (const char *groups : {"", "0", "0::", ":::", "0::/../..\n", "0:cpu\n"}) {
      write_proc(folder, mounts, groups);
      ck_assert_int_eq(usable_processors(folder.path()), all);
    }
  }
}

TEST(the_quotas_of_a_unit_and_its_slices_count) {
  for (const char *place : {"", "/system.slice", "/system.slice/media.slice",
                            "/system.slice/media.slice/captions.service"}) {
    const TestFolder folder;
    write_proc(folder, version_2, "0::/system.slice/media.slice/captions.service\n");
    folder.write("sys/fs/cgroup/system.slice/media.slice/captions.service/cpu.max", "max 100000\n");
    folder.write(std::string("sys/fs/cgroup") + place + "/cpu.max", "50000 100000\n");
    ck_assert_int_eq(usable_processors(folder.path()), 1);
    // That of another group does not.
    write_proc(folder, version_2, "0::/user.slice\n");
    ck_assert_int_eq(usable_processors(folder.path()), *place == '\0' ? 1 : all_processors());
  }
}

TEST(quotas_of_version_1_count) {
  for (const char *place : {"", "/docker", "/docker/4f"}) {
    const TestFolder folder;
    write_proc(folder, version_1, "5:memory:/other\n4:cpu,cpuacct:/docker/4f\n1:name=systemd:/\n");
    const std::string group = std::string("sys/fs/cgroup/cpu,cpuacct") + place;
    folder.write(group + "/cpu.cfs_period_us", "100000\n");
    folder.write(group + "/cpu.cfs_quota_us", "-1\n");
    ck_assert_int_eq(usable_processors(folder.path()), all_processors());
    folder.write(group + "/cpu.cfs_quota_us", "100000\n");
    ck_assert_int_eq(usable_processors(folder.path()), 1);
  }
}

TEST(a_container_may_see_its_own_part_of_the_groups_only) {
  const TestFolder folder;
  const std::string mount =
      "32 31 0:29 /docker/4f /sys/fs/a\\040b ro - cgroup cgroup rw,cpu,cpuacct\n";
  folder.write("sys/fs/a b/cpu.cfs_period_us", "100000\n");
  folder.write("sys/fs/a b/cpu.cfs_quota_us", "100000\n");
  folder.write("sys/fs/a b/inner/cpu.cfs_period_us", "100000\n");
  folder.write("sys/fs/a b/inner/cpu.cfs_quota_us", "-1\n");
  for (const char *group : {"/docker/4f", "/docker/4f/inner", "/docker/other", "/", "/../.."}) {
    write_proc(folder, mount, std::string("4:cpu,cpuacct:") + group + "\n");
    ck_assert_int_eq(usable_processors(folder.path()), 1);
  }
}

TEST(a_model_uses_the_processors_that_the_process_may_use) {
  cpu_set_t before;
  ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) {
    ++first;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
  const auto model = Model::synthetic("tiny", {});
  ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
  assert_ok(model.status());
  ck_assert_int_eq(model.value()->loaded().threads, 1);
}

}  // namespace
