// SPDX-License-Identifier: LGPL-2.1-or-later
/// The one place where exceptions stop.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <utility>

#include <kyutaistt/status.h>

namespace kyutaistt::base {

/// Runs `action`, which returns a `Status` or a `Result`, and turns whatever it throws (out of
/// memory, libtorch's errors) into a `Status` that begins with `what`.
template <typename Action>
auto guard(const char *what, Action &&action) noexcept -> decltype(action()) {
  try {
    return std::forward<Action>(action)();
  } catch (const std::bad_alloc &) {
    return Status::resource_exhausted(std::string(what) + ": out of memory");
  } catch (const std::exception &error) {
    // What std::thread throws.
    const auto *system = dynamic_cast<const std::system_error *>(&error);
    if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
      return Status::resource_exhausted(std::string(what) + ": the system gives no more threads");
    }
    // libtorch appends a C++ backtrace: the first line says what went wrong.
    const std::string text = error.what();
    return Status::internal(std::string(what) + ": " + text.substr(0, text.find('\n')));
  } catch (...) {
    return Status::internal(std::string(what) + ": unknown exception");
  }
}

}  // namespace kyutaistt::base

/// Leaves the enclosing function with the failure of `expression`, a `Status`, if it is one.
#define KYUTAISTT_TRY(expression)                           \
  do {                                                      \
    if (auto try_status = (expression); !try_status.ok()) { \
      return try_status;                                    \
    }                                                       \
  } while (false)

/// Declares `variable` with the value of `expression`, a `Result`, or leaves the enclosing function
/// with its failure.
#define KYUTAISTT_ASSIGN(variable, expression) \
  auto variable##_result = (expression);       \
  if (!variable##_result.ok()) {               \
    return variable##_result.status();         \
  }                                            \
  auto variable = std::move(variable##_result).value()
