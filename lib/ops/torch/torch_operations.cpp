// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/torch/torch_operations.h"

#include <cstring>
#include <stdexcept>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include "ops/torch/torch_attention.h"
#include "ops/torch/torch_types.h"

namespace kyutaistt::ops {

namespace {

using checkpoint::data_type_name;
using checkpoint::DataType;
using checkpoint::TensorView;

at::ScalarType scalar_type(DataType type) {
  switch (type) {
    case DataType::F64:
      return at::kDouble;
    case DataType::F32:
      return at::kFloat;
    case DataType::F16:
      return at::kHalf;
    case DataType::Bf16:
      return at::kBFloat16;
    default:
      throw std::invalid_argument(std::string("weights: found ") + data_type_name(type) +
                                  ", expected floating point");
  }
}

/// A copy of the view in its own type: the view need not be aligned.
at::Tensor copy_view(const TensorView &view) {
  at::Tensor tensor = at::empty(view.shape, scalar_type(view.type));
  if (!view.bytes.empty()) {
    std::memcpy(tensor.data_ptr(), view.bytes.data(), view.bytes.size());
  }
  return tensor;
}

at::Tensor from_host(std::span<const float> values, int64_t rows, int64_t columns) {
  at::Tensor tensor = at::empty({rows, columns}, at::kFloat);
  if (!values.empty()) {
    std::memcpy(tensor.data_ptr(), values.data(), values.size_bytes());
  }
  return tensor;
}

at::Tensor activated(const at::Tensor &x, InputActivation activation) {
  return activation == InputActivation::Elu ? at::elu(x) : x;
}

/// x W^T in the weight's precision, as f32.
at::Tensor product(const at::Tensor &x, const Matrix &weight) {
  const at::Tensor &matrix = weight_of(weight);
  if (matrix.scalar_type() == at::kFloat) {
    return at::linear(x, matrix);
  }
  return at::linear(x.to(matrix.scalar_type()), matrix).to(at::kFloat);
}

class TorchConvolutionContext final : public ConvolutionContext {
 public:
  /// [context, inputs]; set at a stream's first input.
  at::Tensor columns;
};

class TorchCodebook final : public Codebook {
 public:
  TorchCodebook(const at::Tensor &vectors, const at::Device &device)
      : entries(vectors.to(device)), half_norms((vectors * vectors).sum(1).mul(0.5).to(device)) {}

  uint64_t bytes() const noexcept override { return entries.nbytes(); }

  const at::Tensor entries;     // [entries, dimension]
  const at::Tensor half_norms;  // [entries]: half of the squared length
};

/// Puts a stream's context before its input [time, inputs] and keeps the last columns as its next
/// context.
at::Tensor with_context(const at::Tensor &input, const Convolution &convolution,
                        const ConvolutionRow &stream) {
  const int64_t columns = convolution.context();
  auto &context = static_cast<TorchConvolutionContext &>(*stream.context);
  if (stream.first) {
    context.columns = convolution.start == Convolution::Start::Replicate
                          ? input.narrow(0, 0, 1).expand({columns, -1})
                          : at::zeros({columns, convolution.inputs}, input.options());
  }
  at::Tensor whole = at::cat({context.columns, input}, 0);
  context.columns = whole.narrow(0, input.size(0), columns).clone();
  return whole;
}

class TorchOperations final : public Operations {
 public:
  TorchOperations(const at::Device &device, int threads) : device_(device) {
    if (threads > 0) {
      at::set_num_threads(threads);
    }
  }

  std::string description() const override {
    std::string text = "libtorch " TORCH_VERSION;
    const std::string config = at::show_config();
    static const std::string key = "CPU capability usage: ";
    if (const size_t found = config.find(key); device_.is_cpu() && found != std::string::npos) {
      const size_t begin = found + key.size();
      text += ", " + config.substr(begin, config.find('\n', begin) - begin);
    }
    return text;
  }

  Precision default_precision(uint64_t /*parameters*/) const override { return Precision::F32; }

  Status check_precision(Precision precision, CachePrecision cache_precision) const override {
    if (precision != Precision::F32 && precision != Precision::Bf16) {
      return Status::unsupported("libtorch holds weights as f32 or bf16 only");
    }
    if (cache_precision != CachePrecision::F32) {
      return Status::unsupported("libtorch holds keys and values as f32 only");
    }
    return {};
  }

  std::shared_ptr<const Matrix> pack_matrix(std::span<const TensorView> parts,
                                            WeightType weight_type) override {
    const c10::InferenceMode mode;
    const auto type = weight_type == WeightType::Bf16 ? at::kBFloat16 : at::kFloat;
    std::vector<at::Tensor> matrices;
    matrices.reserve(parts.size());
    for (const TensorView &part : parts) {
      matrices.push_back(copy_view(part).flatten(1).to(type));
    }
    const at::Tensor stacked = matrices.size() == 1 ? matrices.front() : at::cat(matrices, 0);
    return std::make_shared<TorchMatrix>(stacked.to(device_));
  }

  Result<std::shared_ptr<const Matrix>> adopt_matrix(
      WeightType /*type*/, int64_t /*rows*/, int64_t /*columns*/,
      std::span<const std::byte> /*bytes*/) override {
    return Status::unsupported("is packed for the native operations, which libtorch cannot read");
  }

  std::span<const std::byte> packed_bytes(const Matrix & /*matrix*/) override { return {}; }

  std::shared_ptr<const Matrix> pack_table(const TensorView &table, WeightType type) override {
    return pack_matrix({&table, 1}, type);
  }

  std::shared_ptr<const Matrix> pack_convolution(const TensorView &weight,
                                                 WeightType /*type*/) override {
    const c10::InferenceMode mode;
    // [outputs, inputs, kernel] -> [outputs, kernel * inputs]: one row of the channels-last input.
    const at::Tensor matrix =
        copy_view(weight).to(at::kFloat).permute({0, 2, 1}).contiguous().flatten(1);
    return std::make_shared<TorchMatrix>(matrix.to(device_));
  }

  Tensor pack_vector(const TensorView &vector) override {
    const c10::InferenceMode mode;
    return wrap(copy_view(vector).to(at::kFloat).reshape({1, -1}).to(device_));
  }

  std::shared_ptr<const Codebook> pack_codebook(std::span<const float> entries,
                                                int64_t dimension) override {
    const c10::InferenceMode mode;
    const auto rows = static_cast<int64_t>(entries.size()) / dimension;
    return std::make_shared<TorchCodebook>(from_host(entries, rows, dimension), device_);
  }

  std::unique_ptr<ConvolutionContext> make_context(const Convolution & /*convolution*/) override {
    return std::make_unique<TorchConvolutionContext>();
  }

  std::unique_ptr<KeyValueCache> make_cache(const Attention &attention, int64_t capacity,
                                            CachePrecision /*precision*/) override {
    const c10::InferenceMode mode;
    return make_torch_cache(attention, capacity, device_);
  }

  Tensor upload(std::span<const float> values, int64_t rows, int64_t columns) override {
    const c10::InferenceMode mode;
    return wrap(from_host(values, rows, columns).to(device_));
  }

  std::vector<float> download(const Tensor &tensor) override {
    const c10::InferenceMode mode;
    const at::Tensor host = unwrap(tensor).to(at::kCPU).contiguous();
    const auto *values = host.data_ptr<float>();
    return {values, values + host.numel()};
  }

  Tensor embed_sum(const Matrix &table, std::span<const int32_t> ids, int64_t per_row) override {
    const c10::InferenceMode mode;
    const auto count = static_cast<int64_t>(ids.size());
    at::Tensor indices = at::empty({count}, at::kInt);
    std::memcpy(indices.data_ptr(), ids.data(), ids.size_bytes());
    const at::Tensor rows = weight_of(table).index_select(0, indices.to(device_));
    return wrap(rows.to(at::kFloat).view({count / per_row, per_row, table.columns}).sum(1));
  }

  Tensor linear(const Tensor &x, const Matrix &weight) override {
    const c10::InferenceMode mode;
    return wrap(product(unwrap(x), weight));
  }

  void add_linear(Tensor &residual, const Tensor &x, const Matrix &weight,
                  const Tensor &scale) override {
    const c10::InferenceMode mode;
    const at::Tensor y = product(unwrap(x), weight);
    if (scale.storage == nullptr) {
      unwrap(residual).add_(y);
    } else {
      unwrap(residual).addcmul_(unwrap(scale), y);
    }
  }

  Tensor rms_norm(const Tensor &x, const Tensor &weight, double epsilon) override {
    const c10::InferenceMode mode;
    const at::Tensor &values = unwrap(x);
    const at::Tensor scale = (values * values).mean(-1, true).add_(epsilon).rsqrt_();
    return wrap(values * scale * unwrap(weight));
  }

  Tensor layer_norm(const Tensor &x, const Tensor &weight, const Tensor &bias,
                    double epsilon) override {
    const c10::InferenceMode mode;
    return wrap(at::layer_norm(unwrap(x), {x.columns}, unwrap(weight).view(-1),
                               unwrap(bias).view(-1), epsilon));
  }

  Tensor gelu(const Tensor &x) override {
    const c10::InferenceMode mode;
    return wrap(at::gelu(unwrap(x)));
  }

  Tensor gated_silu(const Tensor &x) override {
    const c10::InferenceMode mode;
    const auto halves = unwrap(x).chunk(2, 1);
    return wrap(at::silu(halves[0]) * halves[1]);
  }

  Tensor convolve(const Tensor &x, InputActivation activation, const Convolution &convolution,
                  std::span<const ConvolutionRow> streams) override {
    const c10::InferenceMode mode;
    const at::Tensor input = activated(unwrap(x), activation);
    const int64_t time = x.rows / count_frames(streams);
    std::vector<at::Tensor> rows;
    int64_t begin = 0;
    for (const ConvolutionRow &stream : streams) {
      at::Tensor part = input.narrow(0, begin, stream.frames * time);
      begin += part.size(0);
      const int64_t outputs = part.size(0) / convolution.stride;
      if (convolution.context() > 0) {
        part = with_context(part, convolution, stream);
      }
      // Row t of the product is the slice [t * stride, t * stride + kernel) of the input: the rows
      // overlap in memory.
      rows.push_back(
          part.contiguous().as_strided({outputs, convolution.kernel * convolution.inputs},
                                       {convolution.stride * convolution.inputs, 1}));
    }
    at::Tensor output = at::linear(at::cat(rows, 0), weight_of(*convolution.weight));
    if (convolution.bias.storage != nullptr) {
      output.add_(unwrap(convolution.bias));
    }
    return wrap(output);
  }

  void add_convolution(Tensor &residual, const Tensor &x, InputActivation activation,
                       const Convolution &convolution,
                       std::span<const ConvolutionRow> streams) override {
    const c10::InferenceMode mode;
    unwrap(residual).add_(unwrap(convolve(x, activation, convolution, streams)));
  }

  Tensor attend(const Tensor &qkv, const Attention &attention,
                std::span<const AttentionRow> rows) override {
    const c10::InferenceMode mode;
    return wrap(torch_attend(unwrap(qkv), attention, rows));
  }

  std::vector<int32_t> nearest_codes(
      const Tensor &x, std::span<const std::shared_ptr<const Codebook>> codebooks) override {
    const c10::InferenceMode mode;
    at::Tensor residual = unwrap(x);
    std::vector<at::Tensor> codes;
    codes.reserve(codebooks.size());
    for (const auto &codebook : codebooks) {
      const auto &book = static_cast<const TorchCodebook &>(*codebook);
      // |x - E|^2 / 2 = |x|^2 / 2 + |E|^2 / 2 - x E, of which the first term is the same for all.
      const at::Tensor distance = at::addmm(book.half_norms, residual, book.entries.t(), 1, -1);
      codes.push_back(distance.argmin(1));
      residual = residual - book.entries.index_select(0, codes.back());
    }
    const at::Tensor all = at::stack(codes, 1).to(at::kInt).to(at::kCPU).contiguous();
    const auto *values = all.data_ptr<int32_t>();
    return {values, values + all.numel()};
  }

  std::vector<Choice> choose(const Tensor &logits) override {
    const c10::InferenceMode mode;
    const at::Tensor &values = unwrap(logits);
    const at::Tensor best = values.argmax(1, true);
    const at::Tensor probability =
        (values.gather(1, best) - values.logsumexp(1, true)).exp_().to(at::kCPU);
    const at::Tensor tokens = best.to(at::kCPU);
    std::vector<Choice> choices(static_cast<size_t>(logits.rows));
    for (size_t row = 0; row < choices.size(); ++row) {
      choices[row].token = static_cast<int32_t>(tokens.data_ptr<int64_t>()[row]);
      choices[row].probability = probability.data_ptr<float>()[row];
    }
    return choices;
  }

 private:
  const at::Device device_;
};

}  // namespace

std::unique_ptr<Operations> make_torch_operations(const std::string &device, int threads) {
  try {
    const at::Device parsed(device);
    // Finds out now, not in the first step, whether the device is there.
    at::zeros({1}, at::TensorOptions().device(parsed));
    return std::make_unique<TorchOperations>(parsed, threads);
  } catch (const c10::Error &error) {
    const std::string reason = error.what_without_backtrace();
    throw std::invalid_argument("device \"" + device +
                                "\" cannot be used: " + reason.substr(0, reason.find('\n')));
  }
}

}  // namespace kyutaistt::ops
