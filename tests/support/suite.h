// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a test program is written with: `TEST(what_it_shows) { ... }` for each of its tests, and
/// the assertions. Its main function is in `main.cpp`, and its suite has the program's name.
#pragma once

#include <vector>

#include "support/assertions.h"

namespace kyutaistt::tests {

/// Seconds that no test takes, also on a slow and busy machine: after these it has hung.
constexpr double patience_seconds = 400;

struct RegisteredTest {
  const char *name;
  void (*add_to)(TCase *group);
  double timeout_seconds;
};

/// Those of this program, in the order of the source.
inline std::vector<RegisteredTest> &registered_tests() {
  static std::vector<RegisteredTest> tests;
  return tests;
}

/// Called for every TEST before `main`.
inline bool register_test(const char *name, void (*add_to)(TCase *group),
                          double timeout_seconds = patience_seconds) {
  registered_tests().push_back({name, add_to, timeout_seconds});
  return true;
}

}  // namespace kyutaistt::tests

/// A test: TEST(name), or TEST(name, seconds) if it may take more than `patience_seconds`.
#define TEST(name, ...)                                                                        \
  static void name##_body();                                                                   \
  START_TEST(name) {                                                                           \
    name##_body();                                                                             \
  }                                                                                            \
  END_TEST                                                                                     \
  [[maybe_unused]] static const bool name##_is_registered = ::kyutaistt::tests::register_test( \
      #name, [](TCase *group) { tcase_add_test(group, name); } __VA_OPT__(, ) __VA_ARGS__);    \
  static void name##_body()
