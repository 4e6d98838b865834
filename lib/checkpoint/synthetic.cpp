// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/synthetic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/guard.h"
#include "base/parallel.h"
#include "checkpoint/architecture.h"
#include "checkpoint/sidecar.h"

namespace kyutaistt::checkpoint {

namespace {

/// Values are drawn from this many equally likely ones.
constexpr size_t levels = 65536;

uint64_t hash(std::string_view name) {
  // FNV-1a.
  uint64_t value = 0xCBF29CE484222325U;
  for (const char letter : name) {
    value = (value ^ static_cast<unsigned char>(letter)) * 0x100000001B3U;
  }
  return value;
}

/// The block-th number of a sequence (splitmix64).
uint64_t random_block(uint64_t seed, uint64_t block) {
  uint64_t z = seed + (block + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// Where a tensor's values lie: uniform around `mean` with this standard deviation.
struct Distribution {
  double mean = 0;
  double deviation = 0;
};

/// Such that activations neither vanish nor overflow.
Distribution distribution_of(const TensorSpec &spec) {
  const auto has = [&](std::string_view part) { return spec.name.find(part) != std::string::npos; };
  if (has("norm.weight") || has("layernorm.weight")) {
    return {1, 0.1};
  }
  if (has("cluster_usage")) {
    return {1, 0.1};
  }
  if (has("layer_scale")) {
    return {0.3, 0.05};
  }
  if (spec.shape.size() == 1) {
    return {0, 0.05};
  }
  double inputs = 1;
  for (size_t i = 1; i < spec.shape.size(); ++i) {
    inputs *= static_cast<double>(spec.shape[i]);
  }
  return {0, 1 / std::sqrt(inputs)};
}

template <typename Element, typename Convert>
void fill(std::span<Element> values, uint64_t seed, const Distribution &distribution,
          Convert convert) {
  std::vector<Element> table(levels);
  for (size_t i = 0; i < levels; ++i) {
    const double unit = 2 * static_cast<double>(i) / (levels - 1) - 1;
    table[i] = convert(
        static_cast<float>(distribution.mean + unit * std::sqrt(3.0) * distribution.deviation));
  }
  constexpr size_t least = 65536;
  base::in_parts(values.size(), least, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; i += 4) {
      uint64_t block = random_block(seed, i / 4);
      for (size_t k = i; k < std::min(i + 4, end); ++k) {
        values[k] = table[block % levels];
        block /= levels;
      }
    }
  });
}

class SyntheticTensors final : public TensorSource {
 public:
  explicit SyntheticTensors(const ModelInfo &info) {
    for (TensorSpec &spec : required_tensors(info)) {
      specs_.emplace(spec.name, spec);
    }
  }

  bool contains(std::string_view name) const override { return specs_.contains(name); }

  std::string location(std::string_view /*name*/) const override { return "synthetic model"; }

  Result<TensorView> find(std::string_view name) const override {
    const auto found = specs_.find(name);
    if (found == specs_.end()) {
      return Status::corrupt("synthetic model: has no tensor " + std::string(name));
    }
    const TensorSpec &spec = found->second;
    TensorView view;
    view.shape = spec.shape;
    const auto make = [&]<typename Element>(DataType type, auto convert) {
      auto values = std::make_shared<std::vector<Element>>(spec.elements());
      fill<Element>(*values, hash(name), distribution_of(spec), convert);
      view.type = type;
      view.bytes = std::as_bytes(std::span(*values));
      view.owner = std::move(values);
    };
    if (name.starts_with("codec_model.")) {
      make.operator()<float>(DataType::F32, [](float value) { return value; });
    } else {
      make.operator()<uint16_t>(DataType::Bf16, [](float value) {
        return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16);
      });
    }
    return view;
  }

 private:
  std::map<std::string, TensorSpec, std::less<>> specs_;
};

ModelInfo large_model() {
  ModelInfo info;
  LanguageModelInfo &model = info.language_model;
  model.width = 2048;
  model.feed_forward = 5632;
  model.window = 375;
  model.codebooks = 32;
  model.codebook_size = 2048;
  model.audio_start = 2048;
  model.rope_base = 1e5;
  model.norm_epsilon = 1e-8;
  CodecInfo &codec = info.codec;
  codec.filters = 64;
  codec.width = 512;
  codec.layers = 8;
  codec.heads = 8;
  codec.feed_forward = 2048;
  codec.window = 250;
  codec.codebook_dimension = 256;
  codec.strides = {4, 5, 6, 8};
  codec.rope_base = 1e4;
  codec.norm_epsilon = 1e-5;
  return info;
}

Result<ModelInfo> preset_shape(std::string_view preset) {
  ModelInfo info = large_model();
  LanguageModelInfo &model = info.language_model;
  if (preset == "1b") {
    model.layers = 16;
    model.heads = 16;
    model.head_dimension = 128;
    model.text_vocabulary = 9323;
    info.delay_seconds = 5;
    apply_known_model(info);
  } else if (preset == "2.6b") {
    model.layers = 48;
    model.heads = 32;
    model.head_dimension = 64;
    model.text_vocabulary = 4001;
    info.delay_seconds = 2.5;
    info.silence_prefix_seconds = 1;
  } else if (preset == "tiny") {
    model.layers = 3;
    model.width = 64;
    model.heads = 4;
    model.head_dimension = 16;
    model.feed_forward = 88;
    model.window = 24;
    model.text_vocabulary = 400;
    model.codebooks = 8;
    model.codebook_size = 64;
    model.audio_start = 64;
    info.delay_seconds = 0.5;
    info.codec = {.filters = 4,
                  .width = 32,
                  .layers = 2,
                  .heads = 4,
                  .feed_forward = 64,
                  .window = 20,
                  .codebook_dimension = 16,
                  .strides = {4, 5, 6, 8},
                  .rope_base = 1e4,
                  .norm_epsilon = 1e-5};
  } else {
    return Status::not_found("synthetic model \"" + std::string(preset) +
                             "\" is unknown: there are tiny, 1b and 2.6b");
  }
  model.text_start = model.text_vocabulary - 1;
  info.path = "synthetic:" + std::string(preset);
  info.layout = "synthetic";
  return info;
}

}  // namespace

Result<ModelFolder> make_synthetic_model(std::string_view preset) {
  KYUTAISTT_ASSIGN(info, preset_shape(preset));
  info.parameters = count_parameters(required_tensors(info));
  auto tensors = std::make_shared<const SyntheticTensors>(info);
  return ModelFolder{std::move(info), std::move(tensors)};
}

}  // namespace kyutaistt::checkpoint
