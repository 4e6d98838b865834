// SPDX-License-Identifier: LGPL-2.1-or-later
/// Parts of the library that live in shared modules and are loaded on demand, because of what they
/// depend on.
#pragma once

#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::base {

/// Loads a module (once in a process; it is never unloaded) and finds the function that it exports.
///
/// `file` is looked for in the folder KYUTAISTT_MODULE_PATH of the environment, if set; else beside
/// the library or program that this code is in, in `kyutaistt/` below that, and where the library
/// was configured to be installed. The module must be of the library's own version.
/// `function` has C linkage. `what` names the module in messages.
Result<void *> find_in_module(const char *what, const char *file, const char *function);

/// The same, as a function of type `Function`. Both sides are built together, which the version
/// makes sure of, so C++ types may cross; exceptions may too.
template <typename Function>
Result<Function *> find_function(const char *what, const char *file, const char *function) {
  auto found = find_in_module(what, file, function);
  if (!found.ok()) {
    return found.status();
  }
  return reinterpret_cast<Function *>(found.value());
}

}  // namespace kyutaistt::base
