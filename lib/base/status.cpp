// SPDX-License-Identifier: LGPL-2.1-or-later
#include <kyutaistt/status.h>

namespace kyutaistt {

const char *status_code_name(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::Ok:
      return "ok";
    case StatusCode::InvalidArgument:
      return "invalid-argument";
    case StatusCode::NotFound:
      return "not-found";
    case StatusCode::Corrupt:
      return "corrupt";
    case StatusCode::Unsupported:
      return "unsupported";
    case StatusCode::ResourceExhausted:
      return "resource-exhausted";
    case StatusCode::Cancelled:
      return "cancelled";
    case StatusCode::Internal:
      return "internal";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string message)
    : failure_(std::make_shared<const Failure>(Failure{code, std::move(message)})) {}

Status Status::invalid_argument(std::string message) {
  return {StatusCode::InvalidArgument, std::move(message)};
}

Status Status::not_found(std::string message) {
  return {StatusCode::NotFound, std::move(message)};
}

Status Status::corrupt(std::string message) {
  return {StatusCode::Corrupt, std::move(message)};
}

Status Status::unsupported(std::string message) {
  return {StatusCode::Unsupported, std::move(message)};
}

Status Status::resource_exhausted(std::string message) {
  return {StatusCode::ResourceExhausted, std::move(message)};
}

Status Status::cancelled(std::string message) {
  return {StatusCode::Cancelled, std::move(message)};
}

Status Status::internal(std::string message) {
  return {StatusCode::Internal, std::move(message)};
}

const std::string &Status::message() const noexcept {
  static const std::string empty;
  return failure_ ? failure_->message : empty;
}

}  // namespace kyutaistt
