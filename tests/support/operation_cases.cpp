// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/operation_cases.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <utility>

#include <kyutaistt/option_names.h>

#include "ops/weight_type.h"

namespace kyutaistt::tests {

namespace {

using namespace ops;  // NOLINT(google-build-using-namespace)

constexpr WeightType weight_types[] = {WeightType::F32, WeightType::Bf16, WeightType::Int16,
                                       WeightType::Int8, WeightType::Int4};

struct Shape {
  int64_t inputs, rows, columns;
};

/// Inputs of one row up to more than a task takes; weights that fill no panel, group or pair.
constexpr Shape shapes[] = {
    {1, 1, 1},     {1, 17, 3},    {2, 70, 65},  {3, 15, 257},  {4, 33, 64},  {5, 16, 130},
    {6, 31, 255},  {7, 48, 512},  {8, 130, 31}, {13, 65, 600}, {31, 64, 96}, {64, 79, 321},
    {65, 100, 77}, {100, 40, 48}, {200, 9, 7},  {9, 70, 3001},
};

double rounding_of(WeightType type) {
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

/// What a product is made of, and what it is added to.
struct ProductInputs {
  Shape shape;
  Values weight, x, residual, scale;
};

/// The product, and it added to the residual, without and with the scale.
Values multiply(Operations &operations, WeightType type, const ProductInputs &inputs) {
  const auto [count, rows, columns] = inputs.shape;
  // Two parts below each other, where there are two rows.
  const int64_t above = rows / 2;
  const Values upper(inputs.weight.begin(), inputs.weight.begin() + above * columns);
  const Values lower(inputs.weight.begin() + above * columns, inputs.weight.end());
  std::vector<checkpoint::TensorView> parts;
  if (above > 0) {
    parts.push_back(view_of(upper, {above, columns}));
  }
  parts.push_back(view_of(lower, {rows - above, columns}));
  const auto matrix = operations.pack_matrix(parts, type);
  const Tensor x = operations.upload(inputs.x, count, columns);
  Values all = operations.download(operations.linear(x, *matrix));
  Tensor sum = operations.upload(inputs.residual, count, rows);
  operations.add_linear(sum, x, *matrix, {});
  operations.add_linear(sum, x, *matrix, operations.pack_vector(view_of(inputs.scale, {rows})));
  const Values added = operations.download(sum);
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

OperationCase product_case(WeightType type, ProductInputs inputs, const std::string &what = {}) {
  const auto shared = std::make_shared<const ProductInputs>(std::move(inputs));
  const Shape &shape = shared->shape;
  OperationCase result;
  result.name = std::string(weight_type_name(type)) + ", " + std::to_string(shape.inputs) + " x " +
                std::to_string(shape.rows) + " x " + std::to_string(shape.columns) + what;
  result.compute = [=](Operations &operations) { return multiply(operations, type, *shared); };
  result.compute_in_f32 = [=](Operations &operations) {
    return multiply(operations, WeightType::F32, *shared);
  };
  result.rounding = rounding_of(type);
  result.order_of_sums = 1e-5;
#ifdef __aarch64__
  // There plain C++ is compiled to the same fused multiply-adds, in the same order. Only the
  // instruction for pairs of bf16 rounds in its own way.
  result.order_of_sums = type == WeightType::Bf16 ? 1e-5 : 0;
#endif
  return result;
}

struct ConvolutionShape {
  int64_t inputs, outputs, kernel, stride, time, streams;
  Convolution::Start start;
};

Values convolve(Operations &operations, const ConvolutionShape &c) {
  Random random;
  const Values weight = random.values(c.outputs * c.inputs * c.kernel);
  const Values bias = random.values(c.outputs);
  Convolution convolution;
  convolution.weight = operations.pack_convolution(view_of(weight, {c.outputs, c.inputs, c.kernel}),
                                                   WeightType::F32);
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
      // Of different lengths, and none the same twice.
      const auto before = static_cast<int64_t>(streams.size());
      streams.push_back({context.get(), chunk == 0, 1 + (before + chunk) % 3});
    }
    const int64_t rows = count_frames(streams) * c.time;
    const Tensor x = operations.upload(random.values(rows * c.inputs), rows, c.inputs);
    const auto activation = chunk == 1 ? InputActivation::Elu : InputActivation::None;
    Tensor y = operations.convolve(x, activation, convolution, streams);
    if (c.stride == 1) {
      operations.add_convolution(y, x, InputActivation::Elu, convolution, streams);
    }
    const Values values = operations.download(y);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
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

struct AttentionShape {
  int64_t heads, dimension, capacity, window, together, streams;
  Sees sees = Sees::Window;
};

Values attend(Operations &operations, const AttentionShape &c, CachePrecision precision) {
  const Attention attention{c.heads, c.dimension, 1e4};
  const int64_t width = c.heads * c.dimension;
  Random random;
  std::vector<std::unique_ptr<KeyValueCache>> caches;
  for (int64_t stream = 0; stream < c.streams; ++stream) {
    caches.push_back(operations.make_cache(attention, c.capacity, precision));
  }
  Values all;
  // Twice around the ring; streams are not at the same position, and one starts afresh.
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
}

enum class RowFunction { RmsNorm, LayerNorm, Gelu, GatedSilu };

Values apply(Operations &operations, RowFunction function, int64_t columns) {
  constexpr int64_t rows = 3;
  Random random;
  // Far into both tails of the exponential.
  const Values x = random.values(rows * columns, 20);
  const Values weight = random.values(columns);
  const Values bias = random.values(columns);
  const Tensor input = operations.upload(x, rows, columns);
  const Tensor weights = operations.pack_vector(view_of(weight, {columns}));
  const Tensor biases = operations.pack_vector(view_of(bias, {columns}));
  switch (function) {
    case RowFunction::RmsNorm:
      return operations.download(operations.rms_norm(input, weights, 1e-8));
    case RowFunction::LayerNorm:
      return operations.download(operations.layer_norm(input, weights, biases, 1e-5));
    case RowFunction::Gelu:
      return operations.download(operations.gelu(input));
    default:
      return operations.download(operations.gated_silu(input));
  }
}

/// A case that computes in f32 anyway.
OperationCase f32_case(std::string name, double rounding,
                       const std::function<Values(Operations &operations)> &compute) {
  return {std::move(name), compute, compute, rounding, rounding};
}

}  // namespace

Values Random::values(int64_t count, float deviation) {
  std::normal_distribution<float> normal(0, deviation);
  Values result(static_cast<size_t>(count));
  for (float &value : result) {
    value = normal(engine_);
  }
  return result;
}

std::vector<int32_t> Random::integers(size_t count, int32_t end) {
  std::uniform_int_distribution<int32_t> uniform(0, end - 1);
  std::vector<int32_t> result(count);
  for (int32_t &value : result) {
    value = uniform(engine_);
  }
  return result;
}

checkpoint::TensorView view_of(const Values &values, std::vector<int64_t> shape) {
  checkpoint::TensorView view;
  view.type = checkpoint::DataType::F32;
  view.shape = std::move(shape);
  view.bytes = std::as_bytes(std::span(values));
  return view;
}

std::vector<OperationCase> product_cases() {
  std::vector<OperationCase> cases;
  for (const WeightType type : weight_types) {
    Random random;
    for (const Shape &shape : shapes) {
      ProductInputs inputs{shape, random.values(shape.rows * shape.columns),
                           random.values(shape.inputs * shape.columns),
                           random.values(shape.inputs * shape.rows), random.values(shape.rows)};
      cases.push_back(product_case(type, std::move(inputs)));
    }
    // All codes are the greatest there are, so every product of two is too, and all have one sign.
    constexpr Shape shape{3, 33, 1030};
    for (const float input : {2.0F, -2.0F}) {
      ProductInputs inputs{shape, Values(shape.rows * shape.columns, 0.5F),
                           Values(shape.inputs * shape.columns, input),
                           random.values(shape.inputs * shape.rows), random.values(shape.rows)};
      cases.push_back(product_case(type, std::move(inputs), ", greatest codes"));
      // Values of one magnitude are not rounded.
      cases.back().rounding = 1e-5;
    }
    // A NaN spoils its row and no other.
    ProductInputs spoilt{shape, random.values(shape.rows * shape.columns),
                         random.values(shape.inputs * shape.columns),
                         random.values(shape.inputs * shape.rows), random.values(shape.rows)};
    spoilt.x[static_cast<size_t>(shape.columns)] = std::numeric_limits<float>::quiet_NaN();
    cases.push_back(product_case(type, std::move(spoilt), ", a NaN"));
  }
  return cases;
}

std::vector<OperationCase> convolution_cases() {
  const ConvolutionShape convolutions[] = {
      {1, 5, 7, 1, 40, 1, Convolution::Start::Zeros},
      {6, 3, 3, 1, 30, 3, Convolution::Start::Zeros},
      {3, 6, 1, 1, 33, 2, Convolution::Start::Zeros},
      {4, 9, 8, 4, 24, 3, Convolution::Start::Zeros},
      {7, 17, 16, 8, 16, 5, Convolution::Start::Zeros},
      {5, 5, 4, 2, 2, 2, Convolution::Start::Replicate},
      {20, 33, 4, 2, 300, 2, Convolution::Start::Zeros},
  };
  std::vector<OperationCase> cases;
  for (const ConvolutionShape &shape : convolutions) {
    cases.push_back(f32_case("convolution " + std::to_string(cases.size()), 1e-5,
                             [=](Operations &operations) { return convolve(operations, shape); }));
  }
  return cases;
}

std::vector<OperationCase> attention_cases() {
  const AttentionShape attentions[] = {
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
  std::vector<OperationCase> cases;
  for (const AttentionShape &shape : attentions) {
    for (const CachePrecision precision :
         {CachePrecision::F32, CachePrecision::Bf16, CachePrecision::Int8}) {
      OperationCase result;
      result.name =
          "attention " + std::to_string(cases.size() / 3) + ", cache " + option_name(precision);
      result.compute = [=](Operations &operations) { return attend(operations, shape, precision); };
      result.compute_in_f32 = [=](Operations &operations) {
        return attend(operations, shape, CachePrecision::F32);
      };
      result.rounding = precision == CachePrecision::F32    ? 1e-5
                        : precision == CachePrecision::Bf16 ? 0.01
                                                            : 0.03;
      // A key that is rotated with other instructions may be rounded to the next code.
      result.order_of_sums = result.rounding;
      cases.push_back(std::move(result));
    }
  }
  return cases;
}

std::vector<OperationCase> row_function_cases() {
  std::vector<OperationCase> cases;
  for (const int64_t columns : {1, 2, 15, 16, 34, 130}) {
    const std::string width = ", " + std::to_string(columns) + " columns";
    const auto add = [&](const char *name, double rounding, RowFunction function) {
      cases.push_back(f32_case(name + width, rounding, [=](Operations &operations) {
        return apply(operations, function, columns);
      }));
    };
    add("RMS norm", 2e-6, RowFunction::RmsNorm);
    // libtorch's takes differences of products, which costs it digits.
    add("layer norm", 2e-4, RowFunction::LayerNorm);
    add("GELU", 2e-6, RowFunction::Gelu);
    if (columns % 2 == 0) {
      add("gated SiLU", 2e-6, RowFunction::GatedSilu);
    }
  }
  return cases;
}

std::vector<OperationCase> lookup_cases() {
  constexpr int64_t entries = 70;
  constexpr int64_t columns = 37;
  Random random;
  const Values table = random.values(entries * columns);
  const std::vector<int32_t> ids = random.integers(15, entries);
  const Values logits = random.values(4 * 133, 5);
  const Values vectors = random.values(5 * columns, 2);
  std::vector<OperationCase> cases;
  for (const WeightType type : {WeightType::F32, WeightType::Bf16, WeightType::Int8}) {
    const auto embed = [=](Operations &operations, WeightType held) {
      const auto packed = operations.pack_table(view_of(table, {entries, columns}), held);
      return operations.download(operations.embed_sum(*packed, ids, 5));
    };
    OperationCase result;
    result.name = std::string("table of ") + weight_type_name(type);
    result.compute = [=](Operations &operations) { return embed(operations, type); };
    result.compute_in_f32 = [=](Operations &operations) {
      return embed(operations, WeightType::F32);
    };
    result.rounding = type == WeightType::F32 ? 1e-6 : 0.01;
    cases.push_back(std::move(result));
  }
  cases.push_back(f32_case("codebooks", 0, [=](Operations &operations) {
    const std::vector<std::shared_ptr<const Codebook>> books = {
        operations.pack_codebook(table, columns),
        operations.pack_codebook(std::span(table).first(33 * columns), columns)};
    const auto codes = operations.nearest_codes(operations.upload(vectors, 5, columns), books);
    return Values(codes.begin(), codes.end());
  }));
  cases.push_back(f32_case("best tokens", 0, [=](Operations &operations) {
    Values tokens;
    for (const Choice &choice : operations.choose(operations.upload(logits, 4, 133))) {
      tokens.push_back(static_cast<float>(choice.token));
    }
    return tokens;
  }));
  cases.push_back(f32_case("probabilities", 1e-5, [=](Operations &operations) {
    Values probabilities;
    for (const Choice &choice : operations.choose(operations.upload(logits, 4, 133))) {
      probabilities.push_back(choice.probability);
    }
    return probabilities;
  }));
  return cases;
}

std::string describe_difference(const Values &found, const Values &expected, double share) {
  if (found.size() != expected.size()) {
    return std::to_string(found.size()) + " values, expected " + std::to_string(expected.size());
  }
  double magnitude = 1e-6;
  for (const float value : expected) {
    if (std::isfinite(value)) {
      magnitude = std::max(magnitude, std::abs(static_cast<double>(value)));
    }
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    const bool is_close =
        std::isfinite(expected[i]) ? error <= share * magnitude : !std::isfinite(found[i]);
    if (!is_close) {
      char text[160];
      std::snprintf(text, sizeof(text), "value %zu is %.9g, expected %.9g (largest %g)", i,
                    static_cast<double>(found[i]), static_cast<double>(expected[i]), magnitude);
      return text;
    }
  }
  return {};
}

}  // namespace kyutaistt::tests
