// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/arguments.h"

#include <algorithm>
#include <charconv>

namespace kyutaistt::program {

Result<Arguments> Arguments::parse(const std::vector<std::string> &words,
                                   const std::vector<OptionSpec> &specs) {
  Arguments result;
  bool options_ended = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string &word = words[i];
    if (options_ended || !word.starts_with("-") || word == "-") {
      result.operands_.push_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    const size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const OptionSpec &candidate) {
      return name == candidate.name;
    });
    if (spec == specs.end()) {
      return Status::invalid_argument("unknown option " + name);
    }
    const bool has_value = equals < word.size();
    if (spec->value == nullptr) {
      if (has_value) {
        return Status::invalid_argument("option " + name + " takes no value");
      }
      result.values_[name] = "";
    } else if (has_value) {
      result.values_[name] = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      result.values_[name] = words[++i];
    } else {
      return Status::invalid_argument("option " + name + " needs a value: " + spec->value);
    }
  }
  return result;
}

std::string Arguments::text(const std::string &option, const std::string &fallback) const {
  const auto found = values_.find(option);
  return found == values_.end() ? fallback : found->second;
}

Result<int> Arguments::integer(const std::string &option, int least, int most, int fallback) const {
  if (!has(option)) {
    return fallback;
  }
  const std::string value = text(option);
  int number = 0;
  const char *end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < least || number > most) {
    return Status::invalid_argument("option " + option + ": found " + value +
                                    ", expected an integer from " + std::to_string(least) + " to " +
                                    std::to_string(most));
  }
  return number;
}

Result<int> Arguments::choice(const std::string &option, const std::vector<std::string> &words,
                              int fallback) const {
  if (!has(option)) {
    return fallback;
  }
  std::string word = text(option);
  std::replace(word.begin(), word.end(), '_', '-');
  const auto found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) {
    return static_cast<int>(found - words.begin());
  }
  std::string known;
  for (const std::string &name : words) {
    known += (known.empty() ? "" : ", ") + name;
  }
  return Status::invalid_argument("option " + option + ": found " + text(option) +
                                  ", expected one of " + known);
}

const std::vector<OptionSpec> &model_option_specs() {
  static const std::string precisions = choices_text<Precision>();
  static const std::string cache_precisions = choices_text<CachePrecision>();
  static const std::string alignments = choices_text<Alignment>();
  static const std::string codec_attentions = choices_text<CodecAttention>();
  static const std::string packed_weights = choices_text<PackedWeights>();
  static const std::vector<OptionSpec> specs = {
      {"--precision", precisions.c_str(), "how the language model's weights are held"},
      {"--cache-precision", cache_precisions.c_str(), "how its keys and values are held"},
      {"--threads", "N", "CPU threads (default: one for each core)"},
      {"--device", "D", "cpu, or a device of libtorch: cuda, cuda:1, ... (default: cpu)"},
      {"--alignment", alignments.c_str(), "which frame is heard at which position"},
      {"--codec-attention", codec_attentions.c_str(), "which positions the codec sees"},
      {"--packed-weights", packed_weights.c_str(),
       "how weights that quantize wrote get into memory (default: copied)"},
  };
  return specs;
}

Result<ModelOptions> model_options(const Arguments &arguments) {
  ModelOptions options;
  options.device = arguments.text("--device", options.device);
  const auto threads = arguments.integer("--threads", 0, max_threads, 0);
  for (const Status &status :
       {arguments.choose("--precision", options.precision),
        arguments.choose("--cache-precision", options.cache_precision),
        arguments.choose("--alignment", options.alignment),
        arguments.choose("--codec-attention", options.codec_attention),
        arguments.choose("--packed-weights", options.packed_weights), threads.status()}) {
    if (!status.ok()) {
      return status;
    }
  }
  options.threads = threads.value();
  return options;
}

}  // namespace kyutaistt::program
