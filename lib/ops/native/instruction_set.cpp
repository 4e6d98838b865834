// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/instruction_set.h"

#include <cstdlib>

#ifdef KYUTAISTT_ARM
#include <sys/auxv.h>

#include <asm/hwcap.h>
#endif

namespace kyutaistt::ops {

namespace {

constexpr const char *variable_name = "KYUTAISTT_INSTRUCTION_SET";

std::vector<const Kernels *> find_supported() {
  std::vector<const Kernels *> found;
#ifdef KYUTAISTT_X86
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 =
      has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni");
  if (has_avx512 && __builtin_cpu_supports("avx512bf16")) {
    found.push_back(&avx512_bf16_kernels());
  }
  if (has_avx512) {
    found.push_back(&avx512_kernels());
  }
  if (has_avx2) {
    found.push_back(&avx2_kernels());
  }
#endif
#ifdef KYUTAISTT_ARM
  const bool has_dotprod = (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
  constexpr unsigned long i8mm_and_bf16 = HWCAP2_I8MM | HWCAP2_BF16;
  if (has_dotprod && (getauxval(AT_HWCAP2) & i8mm_and_bf16) == i8mm_and_bf16) {
    found.push_back(&neon_i8mm_kernels());
  }
  if (has_dotprod) {
    found.push_back(&neon_dotprod_kernels());
  }
#endif
  found.push_back(&plain_kernels());
  return found;
}

}  // namespace

const std::vector<const Kernels *> &supported_kernels() {
  static const std::vector<const Kernels *> kernels = find_supported();
  return kernels;
}

Result<const Kernels *> find_kernels(const std::string &name) {
  std::string known;
  for (const Kernels *kernels : supported_kernels()) {
    if (name == kernels->name) {
      return kernels;
    }
    known += (known.empty() ? "" : ", ") + std::string(kernels->name);
  }
  return Status::invalid_argument("instruction set \"" + name +
                                  "\" is unknown or not this processor's: there are " + known);
}

std::string forced_instruction_set() {
  const char *variable = std::getenv(variable_name);
  return variable == nullptr ? "" : variable;
}

Result<const Kernels *> choose_kernels() {
  const std::string forced = forced_instruction_set();
  if (forced.empty()) {
    return supported_kernels().front();
  }
  if (forced == "libtorch") {
    return Status::invalid_argument(std::string(variable_name) +
                                    ": found libtorch, which is no instruction set: set "
                                    "KYUTAISTT_OPERATIONS=libtorch");
  }
  auto found = find_kernels(forced);
  return found.ok() ? found
                    : Status::invalid_argument(std::string(variable_name) + ": " +
                                               found.status().message());
}

}  // namespace kyutaistt::ops
