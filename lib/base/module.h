// SPDX-License-Identifier: LGPL-2.1-or-later
/// Parts of the library that live in shared modules and are loaded on demand, because of what they
/// depend on.
#pragma once

#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::base {

/// A module, and where it comes from: a build or an installation may have been made without it.
struct Module {
  /// In messages, and the Meson option that it is built with.
  const char *name;
  const char *file;
  /// The Debian package that is needed to build it.
  const char *package;
};

inline constexpr Module libtorch_module{"libtorch", "libkyutaistt-torch.so", "libtorch-dev"};
inline constexpr Module sentencepiece_module{"sentencepiece", "libkyutaistt-sentencepiece.so",
                                             "libsentencepiece-dev"};

/// Loads a module (once in a process; it is never unloaded) and finds the function that it exports.
///
/// Its file is looked for in the folder KYUTAISTT_MODULE_PATH of the environment, if set; else
/// beside the library or program that this code is in, in `kyutaistt/` below that, and where the
/// library was configured to be installed. The module must be of the library's own version.
/// `function` has C linkage. `user` names in messages what needs the module.
Result<void *> find_in_module(const Module &module, const std::string &user, const char *function);

/// The same, as a function of type `Function`. The version check ensures that both sides were built
/// together, so C++ types and exceptions may cross.
template <typename Function>
Result<Function *> find_function(const Module &module, const std::string &user,
                                 const char *function) {
  auto found = find_in_module(module, user, function);
  if (!found.ok()) {
    return found.status();
  }
  return reinterpret_cast<Function *>(found.value());
}

}  // namespace kyutaistt::base
