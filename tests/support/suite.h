// SPDX-License-Identifier: LGPL-2.1-or-later
/// What every test program made with Check needs: a main function that returns
/// `run_suite("name", {test, another})`.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <sstream>
#include <string>

#include <kyutaistt/status.h>

// Behind the standard library's headers: Check's macros have names that these use.
#ifdef KYUTAISTT_TESTS_WITH_GSTREAMER
#include <gst/check/check.h>
#else
#include <check.h>
#endif

namespace kyutaistt::tests {

/// Runs the tests, each in a process of its own unless CK_FORK says otherwise, and prints Check's
/// summary. Returns the exit status of the program.
template <typename Test>
int run_suite(const char *name, std::initializer_list<Test> tests, double timeout_seconds = 400) {
  Suite *suite = suite_create(name);
  TCase *group = tcase_create(name);
  tcase_set_timeout(group, timeout_seconds);
  for (const Test &test : tests) {
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

/// Fails the test unless both texts are equal. Check's own comparison would keep pointers into
/// temporary strings.
inline void assert_text(const std::string &found, const std::string &expected) {
  ck_assert_msg(found == expected, "found \"%s\", expected \"%s\"", found.c_str(),
                expected.c_str());
}

}  // namespace kyutaistt::tests

/// Fails the test with the status' message unless it is a success. A function does it, so that the
/// status may be a part of a temporary.
#define assert_ok(status) ::kyutaistt::tests::require_ok(status)
