// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/quantizer.h"

namespace kyutaistt::mimi {

Quantizer::Quantizer(int64_t codebooks, ops::WeightType weights, ops::Operations &operations,
                     ops::WeightLoader &loader)
    : operations_(operations) {
  chains_.push_back(load_chain("semantic", 1, weights, loader));
  if (codebooks > 1) {
    chains_.push_back(load_chain("acoustic", codebooks - 1, weights, loader));
  }
}

Quantizer::Chain Quantizer::load_chain(const std::string &name, int64_t codebooks,
                                       ops::WeightType weights, ops::WeightLoader &loader) const {
  const std::string prefix = "codec_model.quantizer." + name + "_residual_vector_quantizer.";
  Chain chain;
  chain.name = name;
  chain.projection = loader.matrix({prefix + "input_proj.weight"}, weights);
  for (int64_t i = 0; i < codebooks; ++i) {
    chain.codebooks.push_back(
        loader.codebook(prefix + "layers." + std::to_string(i) + ".codebook"));
  }
  return chain;
}

std::vector<int32_t> Quantizer::quantize(const ops::Tensor &x, const ops::Trace &trace) const {
  const auto streams = static_cast<size_t>(x.rows);
  std::vector<std::vector<int32_t>> parts;
  for (const Chain &chain : chains_) {
    const ops::Tensor projected = operations_.linear(x, *chain.projection);
    if (trace) {
      trace("mimi.quantizer." + chain.name, projected);
    }
    parts.push_back(operations_.quantize(projected, chain.codebooks));
  }
  std::vector<int32_t> codes;
  for (size_t stream = 0; stream < streams; ++stream) {
    for (const std::vector<int32_t> &part : parts) {
      const auto width = static_cast<std::ptrdiff_t>(part.size() / streams);
      const auto begin = part.begin() + static_cast<std::ptrdiff_t>(stream) * width;
      codes.insert(codes.end(), begin, begin + width);
    }
  }
  return codes;
}

}  // namespace kyutaistt::mimi
