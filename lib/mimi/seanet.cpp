// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/seanet.h"

#include <utility>

namespace kyutaistt::mimi {

namespace {

std::string layer_name(int number) {
  return "codec_model.encoder.layers." + std::to_string(number);
}

}  // namespace

Seanet::Seanet(const CodecInfo &info, ops::WeightType weights, ops::Operations &operations,
               ops::WeightLoader &loader)
    : operations_(operations) {
  constexpr auto f32 = ops::WeightType::F32;
  // The checkpoint counts the activations between the convolutions too.
  add(loader.convolution(layer_name(0) + ".conv", 1, true, f32));
  int number = 1;
  for (size_t i = 0; i < info.strides.size(); ++i) {
    const ops::WeightType stride_type = has_large_stride(i) ? weights : f32;
    Stage stage;
    stage.block_number = number;
    stage.convolution_number = number + 2;
    const std::string block = layer_name(number) + ".block.";
    stage.narrow = add(loader.convolution(block + "1.conv", 1, true, f32));
    stage.widen = add(loader.convolution(block + "3.conv", 1, true, f32));
    stage.stride = add(
        loader.convolution(layer_name(number + 2) + ".conv", info.strides[i], true, stride_type));
    stages_.push_back(stage);
    number += 3;
  }
  last_number_ = number + 1;
  add(loader.convolution(layer_name(last_number_) + ".conv", 1, true, weights));

  ops::Convolution downsampling =
      loader.convolution("codec_model.downsample.conv", 2, false, weights);
  downsampling.start = ops::Convolution::Start::Replicate;
  add(std::move(downsampling));
}

size_t Seanet::add(ops::Convolution convolution) {
  convolutions_.push_back(std::move(convolution));
  return convolutions_.size() - 1;
}

void Seanet::make_contexts(EncoderState &state) const {
  state.contexts.clear();
  for (const ops::Convolution &convolution : convolutions_) {
    state.contexts.push_back(operations_.make_context(convolution));
  }
}

std::vector<ops::ConvolutionRow> Seanet::contexts(size_t index, EncoderBatch batch) {
  std::vector<ops::ConvolutionRow> streams;
  streams.reserve(batch.size());
  for (EncoderState *state : batch) {
    streams.push_back({state->contexts[index].get(), state->frame == 0});
  }
  return streams;
}

ops::Tensor Seanet::convolve(const ops::Tensor &x, ops::InputActivation activation, size_t index,
                             EncoderBatch batch) const {
  return operations_.convolve(x, activation, convolutions_[index], contexts(index, batch));
}

ops::Tensor Seanet::encode(const ops::Tensor &samples, EncoderBatch batch,
                           const ops::Trace &trace) const {
  using Activation = ops::InputActivation;
  const auto record = [&trace](const std::string &name, const ops::Tensor &value) {
    if (trace) {
      trace("mimi.seanet." + name, value);
    }
  };
  ops::Tensor x = convolve(samples, Activation::None, 0, batch);
  record("0", x);
  for (const Stage &stage : stages_) {
    const std::string block = std::to_string(stage.block_number);
    // The skip path carries the block's input as it is, not activated.
    const ops::Tensor y = convolve(x, Activation::Elu, stage.narrow, batch);
    record(block + ".block.1", y);
    operations_.add_convolution(x, y, Activation::Elu, convolutions_[stage.widen],
                                contexts(stage.widen, batch));
    record(block, x);
    x = convolve(x, Activation::Elu, stage.stride, batch);
    record(std::to_string(stage.convolution_number), x);
  }
  const size_t last = convolutions_.size() - 2;
  x = convolve(x, Activation::Elu, last, batch);
  record(std::to_string(last_number_), x);
  return x;
}

ops::Tensor Seanet::downsample(const ops::Tensor &x, EncoderBatch batch) const {
  return convolve(x, ops::InputActivation::None, convolutions_.size() - 1, batch);
}

}  // namespace kyutaistt::mimi
