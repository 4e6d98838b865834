// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mimi/quantizer.h"

#include <utility>

namespace kyutaistt::mimi {

Quantizer::Quantizer(const checkpoint::CodecArchitecture &architecture, ops::WeightType weights,
                     ops::Operations &operations, ops::WeightLoader &loader)
    : operations_(operations) {
  for (const checkpoint::QuantizerChain &spec : architecture.chains) {
    Chain chain;
    chain.name = spec.kind;
    chain.projection = loader.matrix(spec.projection, weights);
    for (const checkpoint::CodebookSpec &codebook : spec.codebooks) {
      chain.codebooks.push_back(loader.codebook(codebook));
    }
    chains_.push_back(std::move(chain));
  }
}

std::vector<int32_t> Quantizer::quantize(const ops::Tensor &x, const ops::Trace &trace) const {
  const auto streams = static_cast<size_t>(x.rows);
  std::vector<std::vector<int32_t>> parts;
  for (const Chain &chain : chains_) {
    const ops::Tensor projected = operations_.linear(x, *chain.projection);
    if (trace) {
      trace("mimi.quantizer." + chain.name, projected);
    }
    parts.push_back(operations_.nearest_codes(projected, chain.codebooks));
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
