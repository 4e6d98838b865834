// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the machine is measured to be able to do.
#include <cstdlib>
#include <string>
#include <sys/resource.h>

#include <kyutaistt/machine.h>

#include "ops/native/instruction_set.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using kyutaistt::MachineLimits;
using kyutaistt::measure_machine;
using kyutaistt::StatusCode;
using kyutaistt::tests::assert_greater;
using kyutaistt::tests::assert_refused;

MachineLimits measured_with(const char *instruction_set) {
  setenv("KYUTAISTT_INSTRUCTION_SET", instruction_set, 1);
  const auto limits = measure_machine(1);
  assert_ok(limits.status());
  assert_greater(limits.value().read_bytes, 0);
  return limits.value();
}

TEST(the_forced_instruction_set_is_measured) {
  const MachineLimits plain = measured_with("plain");
  assert_greater(plain.multiply_adds_f32, 0);
  assert_greater(plain.multiply_adds_bf16, 0);
  const auto *fastest = kyutaistt::ops::supported_kernels().front();
  if (std::string(fastest->name) != "plain") {
    // By far: nothing that others do on the machine makes up for it.
    assert_greater(measured_with(fastest->name).multiply_adds_int8, 2 * plain.multiply_adds_int8);
  }
}

TEST(what_cannot_be_measured_is_refused) {
  for (const int threads : {0, 1025}) {
    assert_refused(measure_machine(threads).status(), StatusCode::InvalidArgument,
                   "threads: found " + std::to_string(threads) + ", expected 1 to 1024");
  }
  setenv("KYUTAISTT_INSTRUCTION_SET", "sse9", 1);
  assert_refused(measure_machine(1).status(), StatusCode::InvalidArgument,
                 "KYUTAISTT_INSTRUCTION_SET: instruction set \"sse9\" is unknown");
}

#ifndef __SANITIZE_ADDRESS__
TEST(too_little_memory_is_told) {
  constexpr rlim_t little = rlim_t{256} << 20;
  const rlimit limit{little, little};
  ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
  assert_refused(measure_machine(1).status(), StatusCode::ResourceExhausted,
                 "measuring the machine: out of memory");
}
#endif

}  // namespace
