// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ops/native/native_operations.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "checkpoint/floats.h"
#include "ops/native/codebook_search.h"
#include "ops/native/native_attention.h"
#include "ops/native/native_types.h"
#include "ops/native/packing.h"
#include "ops/native/product.h"
#include "ops/native/thread_pool.h"

namespace kyutaistt::ops {

namespace {

using checkpoint::DataType;
using checkpoint::TensorView;

/// From this many values on a loop over them is shared between threads.
constexpr int64_t min_shared_values = 16384;
/// Models whose weights take no more than this in f32 stay in the caches, so they are fast in f32.
constexpr uint64_t small_model_bytes = uint64_t{64} << 20;

const PanelMatrix &panels_of(const Matrix &matrix) {
  return static_cast<const PanelMatrix &>(matrix);
}

class NativeOperations final : public Operations {
 public:
  NativeOperations(const Kernels &kernels, int threads)
      : kernels_(kernels),
        pool_(threads),
        multiplier_(kernels, pool_),
        attender_(kernels, pool_),
        codebook_search_(kernels, multiplier_) {}

  std::string description() const override { return kernels_.name; }

  Precision default_precision(uint64_t parameters) const override {
    return parameters * sizeof(float) <= small_model_bytes ? Precision::F32 : Precision::Int8;
  }

  Status check_precision(Precision /*precision*/,
                         CachePrecision /*cache_precision*/) const override {
    return {};
  }

  std::shared_ptr<const Matrix> pack_matrix(std::span<const TensorView> parts,
                                            WeightType type) override {
    PanelFormat format;
    format.type = type;
    format.columns = parts.front().elements() / parts.front().shape.front();
    for (const TensorView &part : parts) {
      format.rows += part.shape.front();
    }
    return std::make_shared<PanelMatrix>(format, pack_panels(format, {parts, 1}, pool_));
  }

  Result<std::shared_ptr<const Matrix>> adopt_matrix(WeightType type, int64_t rows, int64_t columns,
                                                     std::span<const std::byte> bytes) override {
    const PanelFormat format{type, rows, columns};
    if (bytes.size() != format.bytes() || !has_finite_scales(format, bytes, pool_)) {
      return Status::corrupt("the " + std::to_string(bytes.size()) + " packed bytes are not " +
                             std::to_string(rows) + " x " + std::to_string(columns) +
                             " finite values of type " + weight_type_name(type));
    }
    constexpr uintptr_t cache_line = 64;
    if (reinterpret_cast<uintptr_t>(bytes.data()) % cache_line == 0) {
      return std::shared_ptr<const Matrix>(std::make_shared<PanelMatrix>(format, bytes.data()));
    }
    AlignedMemory copy(bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy.data());
    return std::shared_ptr<const Matrix>(std::make_shared<PanelMatrix>(format, std::move(copy)));
  }

  std::span<const std::byte> packed_bytes(const Matrix &matrix) override {
    const PanelMatrix &panels = panels_of(matrix);
    return {panels.panels(), panels.format.bytes()};
  }

  std::shared_ptr<const Matrix> pack_table(const TensorView &table, WeightType type) override {
    const int64_t rows = table.shape.front();
    const int64_t columns = table.elements() / rows;
    const bool is_bf16 = type != WeightType::F32;
    AlignedMemory memory(static_cast<size_t>(table.elements()) *
                         (is_bf16 ? sizeof(uint16_t) : sizeof(float)));
    std::vector<std::vector<float>> floats(static_cast<size_t>(pool_.threads()),
                                           std::vector<float>(static_cast<size_t>(columns)));
    pool_.run(rows, [&](int64_t row, int thread) {
      const int64_t first = row * columns;
      if (is_bf16 && table.type == DataType::Bf16) {
        const size_t bytes = static_cast<size_t>(columns) * sizeof(uint16_t);
        const size_t offset = static_cast<size_t>(row) * bytes;
        std::memcpy(memory.data() + offset, table.bytes.data() + offset, bytes);
      } else if (is_bf16) {
        std::vector<float> &values = floats[static_cast<size_t>(thread)];
        checkpoint::copy_floats(table, first, values);
        kernels_.to_bf16(values.data(), columns, columns, memory.as<uint16_t>() + first);
      } else {
        checkpoint::copy_floats(table, first,
                                {memory.as<float>() + first, static_cast<size_t>(columns)});
      }
    });
    return std::make_shared<TableMatrix>(rows, columns, is_bf16, std::move(memory));
  }

  std::shared_ptr<const Matrix> pack_convolution(const TensorView &weight,
                                                 WeightType type) override {
    const PanelFormat format{type, weight.shape[0], weight.shape[1] * weight.shape[2]};
    return std::make_shared<PanelMatrix>(
        format, pack_panels(format, {{&weight, 1}, weight.shape[2]}, pool_));
  }

  Tensor pack_vector(const TensorView &vector) override {
    const int64_t count = vector.elements();
    AlignedMemory memory(static_cast<size_t>(count) * sizeof(float));
    checkpoint::copy_floats(vector, 0, {memory.as<float>(), static_cast<size_t>(count)});
    return {1, count, std::make_shared<NativeStorage>(std::move(memory), nullptr)};
  }

  std::shared_ptr<const Codebook> pack_codebook(std::span<const float> entries,
                                                int64_t dimension) override {
    return make_native_codebook(entries, dimension, pool_);
  }

  std::unique_ptr<ConvolutionContext> make_context(const Convolution &convolution) override {
    return std::make_unique<NativeConvolutionContext>(
        static_cast<size_t>(convolution.context() * convolution.inputs));
  }

  std::unique_ptr<KeyValueCache> make_cache(const Attention &attention, int64_t capacity,
                                            CachePrecision precision) override {
    return make_native_cache(attention, capacity, precision);
  }

  Tensor upload(std::span<const float> values, int64_t rows, int64_t columns) override {
    Tensor tensor = make_tensor(rows, columns);
    std::copy(values.begin(), values.end(), values_of(tensor));
    return tensor;
  }

  std::vector<float> download(const Tensor &tensor) override {
    const float *values = values_of(tensor);
    return {values, values + tensor.rows * tensor.columns};
  }

  Tensor embed_sum(const Matrix &table, std::span<const int32_t> ids, int64_t per_row) override {
    const auto &values = static_cast<const TableMatrix &>(table);
    const int64_t columns = table.columns;
    Tensor output = make_tensor(static_cast<int64_t>(ids.size()) / per_row, columns);
    for_each_row(output, [&](int64_t row) {
      float *place = values_of(output) + row * columns;
      std::fill(place, place + columns, 0.0F);
      for (int64_t i = row * per_row; i < (row + 1) * per_row; ++i) {
        const int64_t first = ids[static_cast<size_t>(i)] * columns;
        if (values.is_bf16) {
          kernels_.add_bf16(values.memory.as<const uint16_t>() + first, columns, place);
        } else {
          kernels_.add(values.memory.as<const float>() + first, columns, place);
        }
      }
    });
    return output;
  }

  Tensor linear(const Tensor &x, const Matrix &weight) override {
    Tensor output = make_tensor(x.rows, weight.rows);
    multiplier_.multiply(panels_of(weight), rows_of(x),
                         {.values = values_of(output), .stride = weight.rows});
    return output;
  }

  void add_linear(Tensor &residual, const Tensor &x, const Matrix &weight,
                  const Tensor &scale) override {
    multiplier_.multiply(panels_of(weight), rows_of(x),
                         {.values = values_of(residual),
                          .stride = weight.rows,
                          .scale = values_or_null(scale),
                          .accumulate = true});
  }

  Tensor rms_norm(const Tensor &x, const Tensor &weight, double epsilon) override {
    return map_rows(x, x.columns, [&](const float *row, float *place) {
      kernels_.rms_norm(row, values_of(weight), static_cast<float>(epsilon), x.columns, place);
    });
  }

  Tensor layer_norm(const Tensor &x, const Tensor &weight, const Tensor &bias,
                    double epsilon) override {
    return map_rows(x, x.columns, [&](const float *row, float *place) {
      kernels_.layer_norm(row, values_of(weight), values_of(bias), static_cast<float>(epsilon),
                          x.columns, place);
    });
  }

  Tensor gelu(const Tensor &x) override {
    return map_rows(x, x.columns,
                    [&](const float *row, float *place) { kernels_.gelu(row, x.columns, place); });
  }

  Tensor gated_silu(const Tensor &x) override {
    const int64_t half = x.columns / 2;
    return map_rows(x, half, [&](const float *row, float *place) {
      kernels_.gated_silu(row, row + half, half, place);
    });
  }

  Tensor convolve(const Tensor &x, InputActivation activation, const Convolution &convolution,
                  std::span<const ConvolutionRow> streams) override {
    Tensor output = make_tensor(x.rows / convolution.stride, convolution.outputs);
    multiply_convolution(
        x, activation, convolution, streams,
        {.values = values_of(output), .stride = convolution.outputs, .accumulate = false});
    return output;
  }

  void add_convolution(Tensor &residual, const Tensor &x, InputActivation activation,
                       const Convolution &convolution,
                       std::span<const ConvolutionRow> streams) override {
    multiply_convolution(
        x, activation, convolution, streams,
        {.values = values_of(residual), .stride = convolution.outputs, .accumulate = true});
  }

  Tensor attend(const Tensor &qkv, const Attention &attention,
                std::span<const AttentionRow> rows) override {
    Tensor output = make_tensor(qkv.rows, attention.heads * attention.head_dimension);
    attender_.attend(values_of(qkv), attention, rows, values_of(output));
    return output;
  }

  std::vector<int32_t> nearest_codes(
      const Tensor &x, std::span<const std::shared_ptr<const Codebook>> codebooks) override {
    return codebook_search_.nearest_codes({values_of(x), static_cast<size_t>(x.rows * x.columns)},
                                          x.columns, codebooks);
  }

  std::vector<Choice> choose(const Tensor &logits) override {
    std::vector<Choice> choices(static_cast<size_t>(logits.rows));
    for_each_row(logits, [&](int64_t row) {
      Choice &choice = choices[static_cast<size_t>(row)];
      choice.token = static_cast<int32_t>(kernels_.choose(values_of(logits) + row * logits.columns,
                                                          logits.columns, &choice.probability));
    });
    return choices;
  }

 private:
  Tensor make_tensor(int64_t rows, int64_t columns) {
    AlignedMemory memory = memory_pool_->take(static_cast<size_t>(rows * columns) * sizeof(float));
    return {rows, columns, std::make_shared<NativeStorage>(std::move(memory), memory_pool_)};
  }

  static std::vector<const float *> rows_of(const Tensor &x) {
    std::vector<const float *> rows(static_cast<size_t>(x.rows));
    for (size_t row = 0; row < rows.size(); ++row) {
      rows[row] = values_of(x) + static_cast<int64_t>(row) * x.columns;
    }
    return rows;
  }

  /// Calls function(row) for every row of a tensor, on all threads if it is large.
  template <typename Function>
  void for_each_row(const Tensor &x, const Function &function) {
    if (x.rows * x.columns < min_shared_values) {
      for (int64_t row = 0; row < x.rows; ++row) {
        function(row);
      }
      return;
    }
    pool_.run(x.rows, [&](int64_t row, int /*thread*/) { function(row); });
  }

  /// A tensor of as many rows, each made by function(row, place).
  template <typename Function>
  Tensor map_rows(const Tensor &x, int64_t columns, const Function &function) {
    Tensor output = make_tensor(x.rows, columns);
    for_each_row(x, [&](int64_t row) {
      function(values_of(x) + row * x.columns, values_of(output) + row * columns);
    });
    return output;
  }

  /// Every stream's context followed by its activated input, [streams * context + x.rows, inputs].
  /// Moves the contexts on.
  Tensor with_contexts(const Tensor &x, InputActivation activation, const Convolution &convolution,
                       std::span<const ConvolutionRow> streams);

  void multiply_convolution(const Tensor &x, InputActivation activation,
                            const Convolution &convolution, std::span<const ConvolutionRow> streams,
                            ProductOutput output);

  const Kernels &kernels_;
  ThreadPool pool_;
  Multiplier multiplier_;
  Attender attender_;
  CodebookSearch codebook_search_;
  const std::shared_ptr<MemoryPool> memory_pool_ = std::make_shared<MemoryPool>();
};

Tensor NativeOperations::with_contexts(const Tensor &x, InputActivation activation,
                                       const Convolution &convolution,
                                       std::span<const ConvolutionRow> streams) {
  const int64_t inputs = convolution.inputs;
  const int64_t context = convolution.context() * inputs;
  const int64_t frames = count_frames(streams);
  const int64_t frame_values = x.rows / frames * inputs;
  const auto count = static_cast<int64_t>(streams.size());
  Tensor whole = make_tensor((count * context + frames * frame_values) / inputs, inputs);
  // Values of contexts before each frame.
  std::vector<int64_t> before;
  before.reserve(static_cast<size_t>(frames));
  for (int64_t stream = 0; stream < count; ++stream) {
    before.insert(before.end(), static_cast<size_t>(streams[static_cast<size_t>(stream)].frames),
                  (stream + 1) * context);
  }
  // In parts of some thousand values, so that the first layers' long inputs are shared as well.
  constexpr int64_t max_part = 8192;
  const int64_t parts = divide_up(frame_values, max_part);
  pool_.run(frames * parts, [&](int64_t task, int /*thread*/) {
    const int64_t frame = task / parts;
    const int64_t begin = task % parts * max_part;
    const int64_t size = std::min(max_part, frame_values - begin);
    const int64_t first = frame * frame_values + begin;
    const float *source = values_of(x) + first;
    float *place = values_of(whole) + before[static_cast<size_t>(frame)] + first;
    if (activation == InputActivation::Elu) {
      kernels_.elu(source, size, place);
    } else {
      std::copy(source, source + size, place);
    }
  });
  float *place = values_of(whole);
  for (const ConvolutionRow &row : streams) {
    auto &columns = static_cast<NativeConvolutionContext &>(*row.context).columns;
    if (!row.first) {
      std::copy(columns.begin(), columns.end(), place);
    } else if (convolution.start == Convolution::Start::Zeros) {
      std::fill(place, place + context, 0.0F);
    } else {
      for (int64_t i = 0; i < context; i += inputs) {
        std::copy(place + context, place + context + inputs, place + i);
      }
    }
    place += row.frames * frame_values;
    std::copy(place, place + context, columns.begin());
    place += context;
  }
  return whole;
}

void NativeOperations::multiply_convolution(const Tensor &x, InputActivation activation,
                                            const Convolution &convolution,
                                            std::span<const ConvolutionRow> streams,
                                            ProductOutput output) {
  const int64_t time = x.rows / count_frames(streams);
  const bool is_input = convolution.context() == 0 && activation == InputActivation::None;
  const Tensor whole = is_input ? x : with_contexts(x, activation, convolution, streams);
  // An output's inputs lie together, kernel * inputs values; those of the next output begin stride
  // * inputs values later: the rows overlap, nothing is copied.
  std::vector<const float *> rows;
  rows.reserve(static_cast<size_t>(x.rows / convolution.stride));
  const float *begin = values_of(whole);
  for (const ConvolutionRow &stream : streams) {
    const int64_t positions = stream.frames * time;
    for (int64_t at = 0; at < positions; at += convolution.stride) {
      rows.push_back(begin + at * convolution.inputs);
    }
    begin += (convolution.context() + positions) * convolution.inputs;
  }
  output.bias = values_or_null(convolution.bias);
  multiplier_.multiply(panels_of(*convolution.weight), rows, output);
}

}  // namespace

std::unique_ptr<Operations> make_native_operations(const Kernels &kernels, int threads) {
  return std::make_unique<NativeOperations>(kernels, threads);
}

}  // namespace kyutaistt::ops
