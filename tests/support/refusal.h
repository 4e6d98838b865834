// SPDX-License-Identifier: LGPL-2.1-or-later
/// What bad input has to lead to.
#pragma once

#include <string>

#include <kyutaistt/status.h>

#include "support/suite.h"

namespace kyutaistt::tests {

/// Fails the test unless `status` is a failure of this kind whose message is one line that has
/// `part` in it.
inline void assert_refused(const Status &status, StatusCode code, const std::string &part,
                           const char *file = __builtin_FILE(), int line = __builtin_LINE()) {
  assert_equal(status.code(), code, status.ok() ? "for \"" + part + "\"" : status.message(), file,
               line);
  assert_lacks(status.message(), "\n", file, line);
  assert_contains(status.message(), part, file, line);
}

}  // namespace kyutaistt::tests
