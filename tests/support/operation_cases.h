// SPDX-License-Identifier: LGPL-2.1-or-later
/// Computations by which implementations of the operations are compared, at shapes that are
/// multiples of nothing. Needs the library alone.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ops/operations.h"

namespace kyutaistt::tests {

using Values = std::vector<float>;

/// The same numbers in every run.
class Random {
 public:
  Values values(int64_t count, float deviation = 1);
  std::vector<int32_t> integers(size_t count, int32_t end);

 private:
  std::mt19937 engine_{20};
};

/// Borrows the values.
checkpoint::TensorView view_of(const Values &values, std::vector<int64_t> shape);

struct OperationCase {
  std::string name;
  std::function<Values(ops::Operations &operations)> compute;
  /// The same with weights and caches of f32, which the reference computes.
  std::function<Values(ops::Operations &operations)> compute_in_f32;
  /// Share of the largest value by which rounding of weights, inputs and caches may change one.
  double rounding = 0;
  /// The same between two sets of kernels, which round alike.
  double order_of_sums = 0;
};

std::vector<OperationCase> product_cases();
std::vector<OperationCase> convolution_cases();
std::vector<OperationCase> attention_cases();
std::vector<OperationCase> row_function_cases();
std::vector<OperationCase> lookup_cases();

/// Describes the first value that differs from the expected one by more than `share` of the largest
/// expected magnitude, or is finite where that is not, or the reverse; empty if there is none.
std::string describe_difference(const Values &found, const Values &expected, double share);

}  // namespace kyutaistt::tests
