// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/arguments.h"

#include <algorithm>
#include <charconv>

namespace kyutaistt::program {

namespace {

// In the order of the enumerations.
/// The names of an enumeration's values up to `last`, in their order.
template <typename Value>
std::vector<std::string> names_up_to(Value last) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    names.emplace_back(precision_name(static_cast<Value>(i)));
  }
  return names;
}

const std::vector<std::string> precisions = names_up_to(Precision::Int4);
const std::vector<std::string> cache_precisions = names_up_to(CachePrecision::Int8);
const std::vector<std::string> alignments = {"auto", "aligned", "hf", "drop-first"};
const std::vector<std::string> codec_attentions = {"auto", "exact", "ring2", "frame"};

}  // namespace

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
  static const std::vector<OptionSpec> specs = {
      {"--precision", "auto|f32|bf16|int8|int4", "how the language model's weights are held"},
      {"--cache-precision", "auto|f32|bf16|int8", "how its keys and values are held"},
      {"--threads", "N", "CPU threads (default: one for each core)"},
      {"--device", "D", "cpu, or a device of libtorch: cuda, cuda:1, ... (default: cpu)"},
      {"--alignment", "auto|aligned|hf|drop-first", "which frame is heard at which position"},
      {"--codec-attention", "auto|exact|ring2|frame", "which positions the codec sees"},
  };
  return specs;
}

Result<ModelOptions> model_options(const Arguments &arguments) {
  ModelOptions options;
  options.device = arguments.text("--device", options.device);
  const auto precision = arguments.choice("--precision", precisions, 0);
  const auto cache_precision = arguments.choice("--cache-precision", cache_precisions, 0);
  const auto alignment = arguments.choice("--alignment", alignments, 0);
  const auto attention = arguments.choice("--codec-attention", codec_attentions, 0);
  const auto threads = arguments.integer("--threads", 0, max_threads, 0);
  for (const auto *number : {&precision, &cache_precision, &alignment, &attention, &threads}) {
    if (!number->ok()) {
      return number->status();
    }
  }
  options.precision = static_cast<Precision>(precision.value());
  options.cache_precision = static_cast<CachePrecision>(cache_precision.value());
  options.alignment = static_cast<Alignment>(alignment.value());
  options.codec_attention = static_cast<CodecAttention>(attention.value());
  options.threads = threads.value();
  return options;
}

const char *alignment_name(Alignment alignment) {
  return alignments[static_cast<size_t>(alignment)].c_str();
}

const char *codec_attention_name(CodecAttention attention) {
  return codec_attentions[static_cast<size_t>(attention)].c_str();
}

}  // namespace kyutaistt::program
