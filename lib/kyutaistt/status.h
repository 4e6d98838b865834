// SPDX-License-Identifier: LGPL-2.1-or-later
/// The outcome of an operation: a `Status`, or a `Result<T>` that holds a value or a `Status`.
///
/// Nothing in this library throws across its border, aborts or prints: every failure arrives as a
/// `Status` whose message is one line that a user can act on (what was found, where, and what was
/// expected).
///
/// Threads: both types are plain values; share one between threads only as you would a string.
/// Cost: a successful `Status` is one null pointer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <kyutaistt/export.h>

namespace kyutaistt {

/// What kind of failure it was. The kind decides how a program reacts, the message what it says.
enum class StatusCode {
  Ok,
  /// An argument, option or property is wrong: the caller has to change it.
  InvalidArgument,
  /// A file, model, domain or device is not there.
  NotFound,
  /// A file is there, but its content is broken or contradicts itself.
  Corrupt,
  /// The input is valid, but this build or version cannot handle it.
  Unsupported,
  /// Memory, streams or another bounded resource ran out.
  ResourceExhausted,
  /// The call was interrupted by `Stream::reset`, by closing, or by the caller's own wish.
  Cancelled,
  /// A fault inside the library or a library below it.
  Internal,
};

/// The name of a code in lower case with hyphens, e.g. "not-found"; a string literal.
KYUTAISTT_PUBLIC const char *status_code_name(StatusCode code) noexcept;

/// Success, or a code with a one-line message.
class [[nodiscard]] KYUTAISTT_PUBLIC Status {
 public:
  /// Success.
  Status() noexcept = default;
  /// A failure; `code` must not be `StatusCode::Ok`.
  Status(StatusCode code, std::string message);

  static Status invalid_argument(std::string message);
  static Status not_found(std::string message);
  static Status corrupt(std::string message);
  static Status unsupported(std::string message);
  static Status resource_exhausted(std::string message);
  static Status cancelled(std::string message);
  static Status internal(std::string message);

  bool ok() const noexcept { return failure_ == nullptr; }
  StatusCode code() const noexcept { return failure_ ? failure_->code : StatusCode::Ok; }
  /// The message without the code; empty on success. Valid as long as this object.
  const std::string &message() const noexcept;

 private:
  struct Failure {
    StatusCode code;
    std::string message;
  };
  /// Shared because a failed stream reports the same failure to every later call.
  std::shared_ptr<const Failure> failure_;
};

/// A value of type `T`, or the `Status` that says why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  /// Implicit on purpose: `return value;` and `return Status::...` both read as what they mean.
  Result(T result) : value_(std::move(result)) {}
  /// `failure` must not be a success.
  Result(Status failure) : status_(std::move(failure)) {}

  bool ok() const noexcept { return value_.has_value(); }
  const Status &status() const noexcept { return status_; }

  /// The value; only after `ok()` was seen to be true.
  T &value() &noexcept { return *value_; }
  const T &value() const &noexcept { return *value_; }
  T &&value() &&noexcept { return std::move(*value_); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace kyutaistt
