// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every instruction set's operations against libtorch's, at shapes that are multiples of nothing.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <kyutaistt/option_names.h>

#include "ops/load_operations.h"
#include "ops/native/instruction_set.h"
#include "ops/native/native_operations.h"
#include "support/suite.h"

namespace {

using kyutaistt::CachePrecision;
using kyutaistt::checkpoint::DataType;
using kyutaistt::checkpoint::TensorView;
using kyutaistt::tests::assert_at_most;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_equal;
using namespace kyutaistt::ops;

using Values = std::vector<float>;

/// The same numbers in every run.
class Random {
 public:
  Values values(int64_t count, float deviation = 1) {
    std::normal_distribution<float> normal(0, deviation);
    Values result(static_cast<size_t>(count));
    for (float &value : result) {
      value = normal(engine_);
    }
    return result;
  }

  std::vector<int32_t> integers(size_t count, int32_t end) {
    std::uniform_int_distribution<int32_t> uniform(0, end - 1);
    std::vector<int32_t> result(count);
    for (int32_t &value : result) {
      value = uniform(engine_);
    }
    return result;
  }

 private:
  std::mt19937 engine_{20};
};

TensorView view_of(const Values &values, std::vector<int64_t> shape) {
  TensorView view;
  view.type = DataType::F32;
  view.shape = std::move(shape);
  view.bytes = std::as_bytes(std::span(values));
  return view;
}

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
  ck_assert_msg(found.size() == expected.size(), "%s: %zu values, expected %zu", what.c_str(),
                found.size(), expected.size());
  double magnitude = 1e-6;
  for (const float value : expected) {
    magnitude = std::max(magnitude, std::abs(static_cast<double>(value)));
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    // Negated, so that a NaN fails too.
    ck_assert_msg(!(error > share * magnitude) && std::isfinite(found[i]),
                  "%s: value %zu is %g, expected %g (largest %g)", what.c_str(), i,
                  static_cast<double>(found[i]), static_cast<double>(expected[i]), magnitude);
  }
}

struct Shape {
  int64_t inputs, rows, columns;
};

/// Inputs of one row up to more than a task takes; weights that fill no panel, group or pair.
const std::vector<Shape> shapes = {
    {1, 1, 1},     {1, 17, 3},    {2, 70, 65},  {3, 15, 257},  {4, 33, 64},  {5, 16, 130},
    {6, 31, 255},  {7, 48, 512},  {8, 130, 31}, {13, 65, 600}, {31, 64, 96}, {64, 79, 321},
    {65, 100, 77}, {100, 40, 48}, {200, 9, 7},  {9, 70, 3001},
};

/// Share of the largest value that rounding of weights and inputs may cost.
double tolerance_of(WeightType type) {
  switch (type) {
    case WeightType::Bf16:
      return 0.015;
    case WeightType::Int16:
      return 3e-4;
    case WeightType::Int8:
      return 0.02;
    case WeightType::Int4:
      return 0.2;
    default:
      return 1e-5;
  }
}

TEST(products) {
  const auto libtorch = make_libtorch();
  const auto candidates = make_candidates();
  for (const WeightType type :
       {WeightType::F32, WeightType::Bf16, WeightType::Int16, WeightType::Int8, WeightType::Int4}) {
    Random random;
    for (const Shape &shape : shapes) {
      const Values weight = random.values(shape.rows * shape.columns);
      const Values x = random.values(shape.inputs * shape.columns);
      const Values residual = random.values(shape.inputs * shape.rows);
      const Values scale = random.values(shape.rows);
      // Two parts below each other, where there are two rows.
      const int64_t above = shape.rows / 2;
      const Values upper(weight.begin(), weight.begin() + above * shape.columns);
      const Values lower(weight.begin() + above * shape.columns, weight.end());
      std::vector<TensorView> parts;
      if (above > 0) {
        parts.push_back(view_of(upper, {above, shape.columns}));
      }
      parts.push_back(view_of(lower, {shape.rows - above, shape.columns}));
      const auto compute = [&](Operations &operations, WeightType held) {
        const auto matrix = operations.pack_matrix(parts, held);
        const Tensor input = operations.upload(x, shape.inputs, shape.columns);
        Values all = operations.download(operations.linear(input, *matrix));
        Tensor sum = operations.upload(residual, shape.inputs, shape.rows);
        operations.add_linear(sum, input, *matrix, {});
        operations.add_linear(sum, input, *matrix,
                              operations.pack_vector(view_of(scale, {shape.rows})));
        const Values added = operations.download(sum);
        all.insert(all.end(), added.begin(), added.end());
        return all;
      };
      const Values expected = compute(*libtorch, WeightType::F32);
      Values first;
      for (const Candidate &candidate : candidates) {
        const std::string what = candidate.name + ", " + weight_type_name(type) + ", " +
                                 std::to_string(shape.inputs) + " x " + std::to_string(shape.rows) +
                                 " x " + std::to_string(shape.columns);
        const Values found = compute(*candidate.operations, type);
        assert_close(what, found, expected, tolerance_of(type));
        // All round in the same way: between them there is only the order of sums.
        first = first.empty() ? found : first;
        assert_close(what + " beside the first", found, first, 1e-5);
      }
    }
  }
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

TEST(convolutions) {
  struct Case {
    int64_t inputs, outputs, kernel, stride, time, streams;
    Convolution::Start start;
  };
  const std::vector<Case> cases = {
      {1, 5, 7, 1, 40, 1, Convolution::Start::Zeros},
      {6, 3, 3, 1, 30, 3, Convolution::Start::Zeros},
      {3, 6, 1, 1, 33, 2, Convolution::Start::Zeros},
      {4, 9, 8, 4, 24, 3, Convolution::Start::Zeros},
      {7, 17, 16, 8, 16, 5, Convolution::Start::Zeros},
      {5, 5, 4, 2, 2, 2, Convolution::Start::Replicate},
      {20, 33, 4, 2, 300, 2, Convolution::Start::Zeros},
  };
  const auto libtorch = make_libtorch();
  for (const Case &c : cases) {
    Random random;
    const Values weight = random.values(c.outputs * c.inputs * c.kernel);
    const Values bias = random.values(c.outputs);
    const auto compute = [&](Operations &operations) {
      Random inputs;
      Convolution convolution;
      convolution.weight = operations.pack_convolution(
          view_of(weight, {c.outputs, c.inputs, c.kernel}), WeightType::F32);
      convolution.bias = operations.pack_vector(view_of(bias, {c.outputs}));
      convolution.inputs = c.inputs;
      convolution.outputs = c.outputs;
      convolution.kernel = c.kernel;
      convolution.stride = c.stride;
      convolution.start = c.start;
      std::vector<std::unique_ptr<ConvolutionContext>> contexts;
      for (int64_t stream = 0; stream < c.streams; ++stream) {
        contexts.push_back(operations.make_context(convolution));
      }
      Values all;
      for (int chunk = 0; chunk < 3; ++chunk) {
        std::vector<ConvolutionRow> streams;
        streams.reserve(contexts.size());
        for (const auto &context : contexts) {
          streams.push_back({context.get(), chunk == 0});
        }
        const int64_t rows = c.streams * c.time;
        const Tensor x = operations.upload(inputs.values(rows * c.inputs), rows, c.inputs);
        const auto activation = chunk == 1 ? InputActivation::Elu : InputActivation::None;
        Tensor y = operations.convolve(x, activation, convolution, streams);
        if (c.stride == 1) {
          operations.add_convolution(y, x, InputActivation::Elu, convolution, streams);
        }
        const Values values = operations.download(y);
        all.insert(all.end(), values.begin(), values.end());
      }
      return all;
    };
    const Values expected = compute(*libtorch);
    for (const Candidate &candidate : make_candidates()) {
      assert_close(candidate.name, compute(*candidate.operations), expected, 1e-5);
    }
  }
}

/// Which keys a position sees: the rules of `CodecAttention`.
enum class Sees { Window, WindowOfLast, Together };

/// `position` is one of `together` that come in one step.
int64_t first_visible(Sees sees, int64_t position, int64_t window, int64_t together) {
  const int64_t first_together = position - position % together;
  switch (sees) {
    case Sees::WindowOfLast:
      return std::max<int64_t>(0, first_together + together - window);
    case Sees::Together:
      return first_together;
    default:
      return std::max<int64_t>(0, position - window + 1);
  }
}

TEST(attention_over_rings) {
  struct Case {
    int64_t heads, dimension, capacity, window, together, streams;
    Sees sees = Sees::Window;
  };
  const std::vector<Case> cases = {
      {2, 10, 7, 7, 1, 1},
      {3, 16, 20, 20, 1, 3},
      {1, 64, 21, 20, 2, 2},
      {2, 130, 37, 30, 1, 2},
      // As the codec does it: room for the window and one more, which is an odd number of slots or
      // an even one.
      {2, 64, 21, 20, 2, 3, Sees::WindowOfLast},
      {2, 64, 21, 20, 2, 3, Sees::Together},
      {1, 10, 18, 17, 2, 2},
      {1, 10, 18, 17, 2, 2, Sees::WindowOfLast},
      {1, 10, 3, 2, 2, 2, Sees::WindowOfLast},
      {1, 10, 3, 2, 2, 2, Sees::Together},
  };
  const auto libtorch = make_libtorch();
  for (const Case &c : cases) {
    for (const CachePrecision precision :
         {CachePrecision::F32, CachePrecision::Bf16, CachePrecision::Int8}) {
      const Attention attention{c.heads, c.dimension, 1e4};
      const int64_t width = c.heads * c.dimension;
      const auto compute = [&](Operations &operations, CachePrecision held) {
        Random random;
        std::vector<std::unique_ptr<KeyValueCache>> caches;
        for (int64_t stream = 0; stream < c.streams; ++stream) {
          caches.push_back(operations.make_cache(attention, c.capacity, held));
        }
        Values all;
        // Twice around the ring; streams are not at the same position, and one starts anew.
        for (int64_t step = 0; step < 2 * c.capacity + 3; ++step) {
          std::vector<AttentionRow> rows;
          for (int64_t stream = 0; stream < c.streams; ++stream) {
            const int64_t begun = stream == 1 && step > c.capacity ? step - c.capacity - 1 : step;
            for (int64_t i = 0; i < c.together; ++i) {
              const int64_t position = begun * c.together + i;
              rows.push_back({caches[static_cast<size_t>(stream)].get(), position,
                              first_visible(c.sees, position, c.window, c.together)});
            }
          }
          const auto count = static_cast<int64_t>(rows.size());
          const Tensor qkv = operations.upload(random.values(count * 3 * width), count, 3 * width);
          const Values values = operations.download(operations.attend(qkv, attention, rows));
          all.insert(all.end(), values.begin(), values.end());
        }
        return all;
      };
      const Values expected = compute(*libtorch, CachePrecision::F32);
      const double tolerance = precision == CachePrecision::F32    ? 1e-5
                               : precision == CachePrecision::Bf16 ? 0.01
                                                                   : 0.03;
      for (const Candidate &candidate : make_candidates()) {
        assert_close(candidate.name + ", " + option_name(precision),
                     compute(*candidate.operations, precision), expected, tolerance);
      }
    }
  }
}

TEST(functions_of_rows) {
  const auto libtorch = make_libtorch();
  for (const int64_t columns : {1, 2, 15, 16, 34, 130}) {
    constexpr int64_t rows = 3;
    Random random;
    // Far into both tails of the exponential.
    const Values x = random.values(rows * columns, 20);
    const Values weight = random.values(columns);
    const Values bias = random.values(columns);
    const auto compute = [&](Operations &operations, int function) {
      const Tensor input = operations.upload(x, rows, columns);
      const Tensor weights = operations.pack_vector(view_of(weight, {columns}));
      const Tensor biases = operations.pack_vector(view_of(bias, {columns}));
      switch (function) {
        case 0:
          return operations.download(operations.rms_norm(input, weights, 1e-8));
        case 1:
          return operations.download(operations.layer_norm(input, weights, biases, 1e-5));
        case 2:
          return operations.download(operations.gelu(input));
        default:
          return operations.download(
              operations.gated_silu(operations.upload(x, rows, columns / 2 * 2)));
      }
    };
    for (int function = 0; function < (columns % 2 == 0 ? 4 : 3); ++function) {
      const Values expected = compute(*libtorch, function);
      // libtorch's layer norm takes differences of products, which costs it digits.
      const double tolerance = function == 1 ? 2e-4 : 2e-6;
      for (const Candidate &candidate : make_candidates()) {
        assert_close(candidate.name + ", function " + std::to_string(function),
                     compute(*candidate.operations, function), expected, tolerance);
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

TEST(lookups_and_choices) {
  const auto libtorch = make_libtorch();
  Random random;
  constexpr int64_t entries = 70;
  constexpr int64_t columns = 37;
  const Values table = random.values(entries * columns);
  const std::vector<int32_t> ids = random.integers(15, entries);
  const Values logits = random.values(4 * 133, 5);
  const Values vectors = random.values(5 * columns, 2);
  const auto embed = [&](Operations &operations, WeightType type) {
    const auto packed = operations.pack_table(view_of(table, {entries, columns}), type);
    return operations.download(operations.embed_sum(*packed, ids, 5));
  };
  const auto nearest_codes = [&](Operations &operations) {
    const std::vector<std::shared_ptr<const Codebook>> books = {
        operations.pack_codebook(table, columns),
        operations.pack_codebook(std::span(table).first(33 * columns), columns)};
    return operations.nearest_codes(operations.upload(vectors, 5, columns), books);
  };
  const auto choose = [&](Operations &operations) {
    return operations.choose(operations.upload(logits, 4, 133));
  };
  const auto expected_choices = choose(*libtorch);
  for (const Candidate &candidate : make_candidates()) {
    Operations &operations = *candidate.operations;
    for (const WeightType type : {WeightType::F32, WeightType::Bf16, WeightType::Int8}) {
      assert_close(candidate.name, embed(operations, type), embed(*libtorch, WeightType::F32),
                   type == WeightType::F32 ? 1e-6 : 0.01);
    }
    assert_equal(nearest_codes(operations), nearest_codes(*libtorch));
    const auto choices = choose(operations);
    for (size_t i = 0; i < choices.size(); ++i) {
      ck_assert_int_eq(choices[i].token, expected_choices[i].token);
      assert_close(candidate.name, {choices[i].probability}, {expected_choices[i].probability},
                   1e-5);
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

TEST(sums_of_the_greatest_codes_fit) {
  // All codes are the greatest there are, so every product of two is too, and all have one sign.
  constexpr int64_t rows = 33;
  constexpr int64_t columns = 1030;
  constexpr int64_t count = 3;
  const Values weight(rows * columns, 0.5F);
  const TensorView view = view_of(weight, {rows, columns});
  for (const Candidate &candidate : make_candidates()) {
    Operations &operations = *candidate.operations;
    for (const WeightType type : {WeightType::Int16, WeightType::Int8, WeightType::Int4}) {
      for (const float input : {2.0F, -2.0F}) {
        const auto matrix = operations.pack_matrix({&view, 1}, type);
        const Tensor x = operations.upload(Values(count * columns, input), count, columns);
        const Values expected(rows * count, 0.5F * input * static_cast<float>(columns));
        assert_close(candidate.name + ", " + weight_type_name(type),
                     operations.download(operations.linear(x, *matrix)), expected, 1e-5);
      }
    }
  }
}

TEST(an_instruction_set_can_be_forced) {
  for (const Kernels *kernels : supported_kernels()) {
    setenv("KYUTAISTT_INSTRUCTION_SET", kernels->name, 1);
    const auto loaded = load_operations({"cpu", 1});
    assert_ok(loaded.status());
    kyutaistt::tests::assert_text(loaded.value()->description(), kernels->name);
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
