// SPDX-License-Identifier: LGPL-2.1-or-later
/// What bad input has to lead to.
#pragma once

#include <string>

#include <kyutaistt/status.h>

#include "support/suite.h"

namespace kyutaistt::tests {

/// Fails the test unless `status` is a failure of this kind whose message is one line that has
/// `part` in it.
inline void assert_refused(const Status &status, StatusCode code, const std::string &part) {
  const std::string &message = status.message();
  ck_assert_msg(!status.ok(), "nothing was refused, expected: %s", part.c_str());
  ck_assert_msg(status.code() == code, "found %s, expected %s: %s", status_code_name(status.code()),
                status_code_name(code), message.c_str());
  ck_assert_msg(message.find('\n') == std::string::npos, "several lines: %s", message.c_str());
  ck_assert_msg(message.find(part) != std::string::npos, "\"%s\" is not in: %s", part.c_str(),
                message.c_str());
}

}  // namespace kyutaistt::tests
