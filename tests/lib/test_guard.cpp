// SPDX-License-Identifier: LGPL-2.1-or-later
/// What becomes of exceptions at the library's border.
#include <new>
#include <stdexcept>
#include <system_error>

#include "base/guard.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using kyutaistt::Status;
using kyutaistt::StatusCode;
using kyutaistt::base::guard;
using kyutaistt::tests::assert_lacks;
using kyutaistt::tests::assert_refused;

template <typename Exception>
Status guarded(const Exception &exception) {
  return guard("the work", [&]() -> Status { throw exception; });
}

TEST(what_ran_out_is_named) {
  assert_refused(guarded(std::bad_alloc()), StatusCode::ResourceExhausted,
                 "the work: out of memory");
  assert_refused(
      guarded(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))),
      StatusCode::ResourceExhausted, "the work: the system gives no more threads");
}

TEST(everything_else_is_a_fault_in_one_line) {
  const Status fault = guarded(std::runtime_error("first line\nand where it was thrown"));
  assert_refused(fault, StatusCode::Internal, "the work: first line");
  assert_lacks(fault.message(), "\n");
  assert_refused(guarded(std::system_error(std::make_error_code(std::errc::io_error))),
                 StatusCode::Internal, "the work: ");
  assert_refused(guarded(7), StatusCode::Internal, "the work: unknown exception");
}

}  // namespace
