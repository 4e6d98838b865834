// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/seanet.h"

#include <utility>

namespace kyutaistt::mimi {

Seanet::Seanet(const checkpoint::CodecArchitecture &architecture, ops::WeightType weights,
               ops::Operations &operations, ops::WeightLoader &loader)
    : operations_(operations), last_number_(architecture.last_number) {
  const auto load = [&](const checkpoint::ConvolutionSpec &spec) {
    return add(loader.convolution(spec, spec.large ? weights : ops::WeightType::F32));
  };
  load(architecture.first);
  for (const checkpoint::CodecStage &stage : architecture.stages) {
    const size_t narrow = load(stage.narrow);
    const size_t widen = load(stage.widen);
    const size_t down = load(stage.down);
    stages_.push_back({stage.block_number, stage.down_number, narrow, widen, down});
  }
  load(architecture.last);
  load(architecture.downsampling);
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
  const EncoderState *last = nullptr;
  for (EncoderState *state : batch) {
    if (state == last) {
      ++streams.back().frames;
    } else {
      streams.push_back({state->contexts[index].get(), state->frame == 0});
    }
    last = state;
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
