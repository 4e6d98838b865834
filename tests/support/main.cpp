// SPDX-License-Identifier: LGPL-2.1-or-later
/// The main function of every test program that is written with Check.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>

#include "support/suite.h"

namespace {

/// Runs all tests, or the one that CK_RUN_CASE names, each in a process of its own unless CK_FORK
/// says otherwise, and prints Check's summary.
bool run_tests(const std::string &name) {
  Suite *suite = suite_create(name.c_str());
  for (const auto &test : kyutaistt::tests::registered_tests()) {
    TCase *group = tcase_create(test.name);
    tcase_set_timeout(group, test.timeout_seconds);
    test.add_to(group);
    suite_add_tcase(suite, group);
  }
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  if (failed != 0 && srunner_fork_status(runner) == CK_NOFORK) {
    // What the test was doing goes on, such as a pipeline, and the end of the program would wait
    // for it.
    std::fflush(nullptr);
    _exit(EXIT_FAILURE);
  }
  srunner_free(runner);
  return failed == 0;
}

}  // namespace

int main(int argc, char **argv) {
  const std::string name = std::filesystem::path(argv[0]).filename().string();
#ifdef KYUTAISTT_TESTS_WITH_GSTREAMER
  gst_check_init(&argc, &argv);
#else
  static_cast<void>(argc);
#endif
  return run_tests(name) ? EXIT_SUCCESS : EXIT_FAILURE;
}
