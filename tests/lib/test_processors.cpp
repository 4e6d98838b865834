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

int with_quota(const std::string &text) {
  const TestFolder folder;
  folder.write("cpu.max", text);
  return usable_processors(folder.path());
}

TEST(a_quota_counts_in_whole_processors) {
  const int all = usable_processors("/nowhere");
  ck_assert_int_ge(all, 1);
  ck_assert_int_eq(with_quota("100000 100000\n"), 1);
  ck_assert_int_eq(with_quota("20000 100000\n"), 1);
  ck_assert_int_eq(with_quota("150000 100000\n"), std::min(all, 2));
}

TEST(no_quota_and_nonsense_mean_all) {
  const int all = usable_processors("/nowhere");
  for (const char *text :
       {"max 100000\n", "", "100000", "100000 0\n", "-1 100000\n", "nan nan\n", "1e300 1e-300\n"}) {
    ck_assert_int_eq(with_quota(text), all);
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
