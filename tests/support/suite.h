// SPDX-License-Identifier: LGPL-2.1-or-later
/// What every test program made with Check needs: `int main() { return run_suite("name", {a, b});
/// }`.
#pragma once

#include <cstdlib>
#include <initializer_list>

#include <check.h>

#include <kyutaistt/status.h>

namespace kyutaistt::tests {

/// Runs the tests, each in a process of its own unless CK_FORK says otherwise, and prints Check's
/// summary. Returns the exit status of the program.
inline int run_suite(const char *name, std::initializer_list<const TTest *> tests,
                     double timeout_seconds = 120) {
  Suite *suite = suite_create(name);
  TCase *group = tcase_create(name);
  tcase_set_timeout(group, timeout_seconds);
  for (const TTest *test : tests) {
    tcase_add_test(group, test);
  }
  suite_add_tcase(suite, group);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

inline void require_ok(const Status &status) {
  ck_assert_msg(status.ok(), "%s", status.message().c_str());
}

}  // namespace kyutaistt::tests

/// Fails the test with the status' message unless it is a success. A function does it, so that the
/// status may be a part of a temporary.
#define assert_ok(status) ::kyutaistt::tests::require_ok(status)
