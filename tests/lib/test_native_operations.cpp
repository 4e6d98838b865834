// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every instruction set's operations against libtorch's, at shapes that are multiples of nothing.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <kyutaistt/option_names.h>

#include "ops/load_operations.h"
#include "ops/native/instruction_set.h"
#include "ops/native/native_operations.h"
#include "support/operation_cases.h"
#include "support/suite.h"

namespace {

using kyutaistt::CachePrecision;
using kyutaistt::checkpoint::TensorView;
using namespace kyutaistt::ops;    // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

std::unique_ptr<Operations> make_libtorch() {
  setenv("KYUTAISTT_OPERATIONS", "libtorch", 1);
  auto loaded = load_operations({"cpu", 1});
  unsetenv("KYUTAISTT_OPERATIONS");
  assert_ok(loaded.status());
  return std::move(loaded).value();
}

struct Candidate {
  std::string name;
  std::unique_ptr<Operations> operations;
};

std::vector<Candidate> make_candidates() {
  std::vector<Candidate> candidates;
  for (const Kernels *kernels : supported_kernels()) {
    for (const int threads : {1, 3}) {
      candidates.push_back({kernels->name + std::string(", threads ") + std::to_string(threads),
                            make_native_operations(*kernels, threads)});
    }
  }
  return candidates;
}

/// Fails unless the largest difference is within `share` of the largest expected magnitude.
void assert_close(const std::string &what, const Values &found, const Values &expected,
                  double share) {
  const std::string difference = describe_difference(found, expected, share);
  ck_assert_msg(difference.empty(), "%s: %s", what.c_str(), difference.c_str());
}

/// Compares every instruction set with libtorch, and with the first of them.
void assert_cases(const std::vector<OperationCase> &cases) {
  const auto libtorch = make_libtorch();
  const auto candidates = make_candidates();
  for (const OperationCase &operation_case : cases) {
    const Values expected = operation_case.compute_in_f32(*libtorch);
    Values first;
    for (const Candidate &candidate : candidates) {
      const std::string what = candidate.name + ", " + operation_case.name;
      const Values found = operation_case.compute(*candidate.operations);
      assert_close(what, found, expected, operation_case.rounding);
      first = first.empty() ? found : first;
      assert_close(what + " beside the first", found, first, operation_case.order_of_sums);
    }
  }
}

TEST(products) {
  assert_cases(product_cases());
}

TEST(convolutions) {
  assert_cases(convolution_cases());
}

TEST(attention_over_rings) {
  assert_cases(attention_cases());
}

TEST(functions_of_rows) {
  assert_cases(row_function_cases());
}

TEST(lookups_and_choices) {
  assert_cases(lookup_cases());
}

TEST(a_row_is_the_same_in_every_batch) {
  Random random;
  constexpr int64_t rows = 37;
  constexpr int64_t columns = 300;
  const Values weight = random.values(rows * columns);
  const Values x = random.values(65 * columns);
  const TensorView view = view_of(weight, {rows, columns});
  for (const Candidate &candidate : make_candidates()) {
    for (const WeightType type : {WeightType::F32, WeightType::Bf16, WeightType::Int16,
                                  WeightType::Int8, WeightType::Int4}) {
      Operations &operations = *candidate.operations;
      const auto matrix = operations.pack_matrix({&view, 1}, type);
      const Values all =
          operations.download(operations.linear(operations.upload(x, 65, columns), *matrix));
      for (int64_t count = 1; count <= 65; ++count) {
        const Values some = operations.download(operations.linear(
            operations.upload(std::span(x).first(static_cast<size_t>(count * columns)), count,
                              columns),
            *matrix));
        assert_equal(some, Values(all.begin(), all.begin() + std::ssize(some)),
                     candidate.name + ", " + weight_type_name(type));
      }
    }
  }
}

TEST(small_values_keep_their_digits) {
  // Relative to themselves: near zero exp(x) - 1 must not lose what x is, as libtorch's does.
  const Values x = {-1e-6F, -1e-3F, -0.1F, -3, -9, -30, -80, -200, 0, 1e-6F, 0.2F, 6};
  const auto count = static_cast<int64_t>(x.size());
  const Values identity = {1};
  const auto compute = [&](Operations &operations) {
    Convolution convolution;
    convolution.weight = operations.pack_convolution(view_of(identity, {1, 1, 1}), WeightType::F32);
    convolution.inputs = convolution.outputs = 1;
    const auto context = operations.make_context(convolution);
    const ConvolutionRow stream{context.get(), true};
    return operations.download(operations.convolve(
        operations.upload(x, count, 1), InputActivation::Elu, convolution, {&stream, 1}));
  };
  Values expected;
  for (const float value : x) {
    expected.push_back(value > 0 ? value : std::expm1(value));
  }
  for (const Candidate &candidate : make_candidates()) {
    const Values found = compute(*candidate.operations);
    for (size_t i = 0; i < found.size(); ++i) {
      assert_close(candidate.name, {found[i]}, {expected[i]}, 3e-7);
    }
  }
}

TEST(ties_and_numbers_that_are_none) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Candidate &candidate : make_candidates()) {
    Operations &operations = *candidate.operations;
    Values tied(40, 1.0F);
    tied[7] = tied[23] = 2;
    ck_assert_int_eq(operations.choose(operations.upload(tied, 1, 40)).front().token, 7);
    for (const size_t place : {size_t{3}, size_t{39}}) {
      Values broken = tied;
      broken[place] = nan;
      ck_assert(
          std::isnan(operations.choose(operations.upload(broken, 1, 40)).front().probability));
    }
    const Values nothing(40, nan);
    ck_assert(std::isnan(operations.choose(operations.upload(nothing, 1, 40)).front().probability));
  }
}

TEST(numbers_that_are_none_stay_so_in_their_row) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  constexpr int64_t rows = 37;
  constexpr int64_t columns = 600;
  constexpr int64_t count = 5;
  Random random;
  const Values weight = random.values(rows * columns);
  const TensorView view = view_of(weight, {rows, columns});
  const Values x = random.values(count * columns);
  for (const Candidate &candidate : make_candidates()) {
    Operations &operations = *candidate.operations;
    for (const WeightType type : {WeightType::F32, WeightType::Bf16, WeightType::Int16,
                                  WeightType::Int8, WeightType::Int4}) {
      const auto matrix = operations.pack_matrix({&view, 1}, type);
      const auto multiply = [&](const Values &inputs) {
        return operations.download(
            operations.linear(operations.upload(inputs, count, columns), *matrix));
      };
      const Values expected = multiply(x);
      for (const float value : {nan, infinity}) {
        // In the first lanes of a group, and in those that fill none.
        for (const int64_t place : {int64_t{0}, int64_t{300}, columns - 1}) {
          constexpr int64_t spoilt = 2;
          Values inputs = x;
          inputs[static_cast<size_t>(spoilt * columns + place)] = value;
          const Values found = multiply(inputs);
          for (size_t i = 0; i < found.size(); ++i) {
            const bool is_spoilt = static_cast<int64_t>(i) / rows == spoilt;
            ck_assert_msg(is_spoilt ? !std::isfinite(found[i]) : found[i] == expected[i],
                          "%s, %s: value %zu is %g, expected %g", candidate.name.c_str(),
                          weight_type_name(type), i, static_cast<double>(found[i]),
                          static_cast<double>(is_spoilt ? nan : expected[i]));
          }
        }
      }
    }
  }
}

TEST(keys_and_values_that_are_no_numbers_stay_so) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const Attention attention{1, 16, 1e4};
  for (const Candidate &candidate : make_candidates()) {
    for (const CachePrecision precision :
         {CachePrecision::F32, CachePrecision::Bf16, CachePrecision::Int8}) {
      Operations &operations = *candidate.operations;
      const auto cache = operations.make_cache(attention, 8, precision);
      Values qkv(3 * 16, 1.0F);
      for (int64_t position = 0; position < 3; ++position) {
        qkv[40] = position == 0 ? nan : 1.0F;
        const AttentionRow row{cache.get(), position, 0};
        const Values found = operations.download(
            operations.attend(operations.upload(qkv, 1, 48), attention, {&row, 1}));
        ck_assert_msg(std::isnan(found[8]), "%s, %s: position %d is %g, expected a NaN",
                      candidate.name.c_str(), option_name(precision), static_cast<int>(position),
                      static_cast<double>(found[8]));
      }
    }
  }
}

TEST(values_near_zero_are_packed_and_multiplied) {
  // Their scales, or the inverses of those, are denormal or infinite.
  constexpr int64_t columns = 64;
  for (const float tiny : {1e-45F, 1e-40F, 1e-38F, 1e-36F, 1e-34F}) {
    for (const Candidate &candidate : make_candidates()) {
      Operations &operations = *candidate.operations;
      Values weight(16 * columns, tiny);
      weight[0] = -tiny;
      const TensorView view = view_of(weight, {16, columns});
      for (const WeightType type : {WeightType::Int16, WeightType::Int8, WeightType::Int4}) {
        const auto matrix = operations.pack_matrix({&view, 1}, type);
        for (const float input : {1.0F, tiny}) {
          const Values x(columns, input);
          for (const float value :
               operations.download(operations.linear(operations.upload(x, 1, columns), *matrix))) {
            assert_at_most(std::abs(value), 2 * columns * tiny,
                           candidate.name + ", " + weight_type_name(type));
          }
        }
      }
    }
  }
}

TEST(an_instruction_set_can_be_forced) {
  for (const Kernels *kernels : supported_kernels()) {
    setenv("KYUTAISTT_INSTRUCTION_SET", kernels->name, 1);
    const auto loaded = load_operations({"cpu", 1});
    assert_ok(loaded.status());
    assert_text(loaded.value()->description(), kernels->name);
  }
  setenv("KYUTAISTT_INSTRUCTION_SET", "libtorch", 1);
  const auto old_name = load_operations({"cpu", 1});
  ck_assert(!old_name.ok());
  assert_contains(old_name.status().message(), "set KYUTAISTT_OPERATIONS=libtorch");
  setenv("KYUTAISTT_OPERATIONS", "torch", 1);
  const auto unknown_operations = load_operations({"cpu", 1});
  unsetenv("KYUTAISTT_OPERATIONS");
  ck_assert(!unknown_operations.ok());
  assert_contains(unknown_operations.status().message(),
                  "KYUTAISTT_OPERATIONS: found torch, expected native or libtorch");
  setenv("KYUTAISTT_INSTRUCTION_SET", "sse9", 1);
  const auto unknown = load_operations({"cpu", 1});
  ck_assert(!unknown.ok());
  assert_contains(unknown.status().message(), "KYUTAISTT_INSTRUCTION_SET");
  assert_contains(unknown.status().message(), "plain");
}

}  // namespace
