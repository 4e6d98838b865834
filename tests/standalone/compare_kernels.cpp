// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every instruction set's operations against those of plain C++. Needs the library alone, so that
/// it also runs under an emulator of another processor.
///
///   compare-kernels [NAME...]    # fails too if one of these instruction sets is missing
#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "ops/native/instruction_set.h"
#include "ops/native/native_operations.h"
#include "support/operation_cases.h"

namespace {

using namespace kyutaistt::ops;    // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

std::vector<OperationCase> all_cases() {
  std::vector<OperationCase> all;
  for (auto *cases :
       {product_cases, convolution_cases, attention_cases, row_function_cases, lookup_cases}) {
    std::vector<OperationCase> some = cases();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

/// Prints the cases that differ from the expected values; returns how many do.
int count_differences(const Kernels &kernels, int threads, const std::vector<OperationCase> &cases,
                      const std::vector<Values> &expected) {
  const auto operations = make_native_operations(kernels, threads);
  int different = 0;
  int equal = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    const Values found = cases[i].compute(*operations);
    equal += describe_difference(found, expected[i], 0).empty() ? 1 : 0;
    const std::string difference = describe_difference(found, expected[i], cases[i].order_of_sums);
    if (!difference.empty()) {
      std::printf("%s, threads %d, %s: %s\n", kernels.name, threads, cases[i].name.c_str(),
                  difference.c_str());
      ++different;
    }
  }
  std::printf("%s, threads %d: %zu cases, %d equal to the last bit, %d different\n", kernels.name,
              threads, cases.size(), equal, different);
  return different;
}

}  // namespace

int main(int argc, char **argv) {
  int checks = argc - 1;
  int failures = 0;
  for (int i = 1; i < argc; ++i) {
    const auto found = find_kernels(argv[i]);
    if (!found.ok()) {
      std::printf("%s\n", found.status().message().c_str());
      ++failures;
    }
  }
  const std::vector<OperationCase> cases = all_cases();
  const auto plain = make_native_operations(*supported_kernels().back(), 1);
  std::vector<Values> expected;
  expected.reserve(cases.size());
  for (const OperationCase &operation_case : cases) {
    expected.push_back(operation_case.compute(*plain));
  }
  for (const Kernels *kernels : supported_kernels()) {
    for (const int threads : {1, 3}) {
      checks += static_cast<int>(cases.size());
      failures += count_differences(*kernels, threads, cases, expected);
    }
  }
  // As Check's summary, which tests/totals.py adds up.
  std::printf("%d%%: Checks: %d, Failures: %d, Errors: 0\n", 100 * (checks - failures) / checks,
              checks, failures);
  return failures == 0 ? 0 : 1;
}
