// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/hugging_face.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>
#include <optional>

#include "base/guard.h"
#include "checkpoint/architecture.h"
#include "checkpoint/json_file.h"

namespace kyutaistt::checkpoint {

namespace {

// No dimension of a real model comes near these; they keep a hostile config from asking for
// unbounded memory.
constexpr int64_t max_layers = 1024;
constexpr int64_t max_width = 1 << 16;
// Such that every row of the embedding has an id of 32 bits.
constexpr int64_t max_vocabulary = 1 << 20;
constexpr int64_t max_window = 1 << 14;
constexpr double max_seconds = 60;

/// Samples of 24 kHz that one 25 Hz position of the codec covers.
constexpr int64_t samples_per_position = samples_per_frame / 2;

/// rope_theta, or rope_parameters.rope_theta as transformers 5 writes it.
Result<double> read_rope_base(const JsonObject &config, double fallback) {
  if (config.has("rope_parameters")) {
    KYUTAISTT_ASSIGN(parameters, config.object("rope_parameters"));
    KYUTAISTT_ASSIGN(type, parameters.string("rope_type", "default"));
    if (type != "default") {
      return parameters.wrong("rope_type", "\"default\"");
    }
    if (parameters.has("rope_theta")) {
      return parameters.number("rope_theta", 1, 1e12);
    }
  }
  return config.number("rope_theta", 1, 1e12, fallback);
}

/// An integer from 1 to `most` goes to `target`.
Status read_count(const JsonObject &config, const char *key, int64_t most, int64_t &target,
                  std::optional<int64_t> fallback = std::nullopt) {
  KYUTAISTT_ASSIGN(value, config.integer(key, 1, most, fallback));
  target = value;
  return {};
}

/// Refuses an optional setting that differs from the only one that this family has.
Status expect(const JsonObject &config, const char *key, const Json &expected) {
  const Json *found = config.find(key);
  return found == nullptr || *found == expected ? Status() : config.wrong(key, expected.dump());
}

Status read_strides(const JsonObject &config, CodecInfo &codec) {
  const Json *ratios = config.find("upsampling_ratios");
  static const Json usual = {8, 6, 5, 4};
  const Json &values = ratios == nullptr ? usual : *ratios;
  const std::string expected = "integers whose product is " + std::to_string(samples_per_position);
  if (!values.is_array() || values.empty() || values.size() > 16) {
    return config.wrong("upsampling_ratios", expected);
  }
  int64_t product = 1;
  for (const Json &value : values) {
    if (!value.is_number_unsigned() || value.get<uint64_t>() < 1 ||
        value.get<uint64_t>() > samples_per_position) {
      return config.wrong("upsampling_ratios", expected);
    }
    codec.strides.push_back(value.get<int64_t>());
    product *= codec.strides.back();
  }
  if (product != samples_per_position) {
    return config.wrong("upsampling_ratios", expected);
  }
  // Each of them doubles the channels.
  if (codec.filters << codec.strides.size() > max_width) {
    return config.wrong("upsampling_ratios",
                        "so few that num_filters, " + std::to_string(codec.filters) +
                            ", doubled by each is at most " + std::to_string(max_width));
  }
  // The config lists them from the decoder's side.
  std::reverse(codec.strides.begin(), codec.strides.end());
  return {};
}

/// Settings of the codec's config that have the same value in the whole family.
Status check_codec_constants(const JsonObject &config) {
  const std::pair<const char *, Json> constants[] = {
      {"sampling_rate", sample_rate},
      {"audio_channels", 1},
      {"num_residual_layers", 1},
      {"kernel_size", 7},
      {"last_kernel_size", 3},
      {"residual_kernel_size", 3},
      {"compress", 2},
      {"use_causal_conv", true},
      {"pad_mode", "constant"},
      {"use_conv_shortcut", false},
      {"hidden_act", "gelu"},
      {"num_semantic_quantizers", 1},
      {"attention_bias", false},
  };
  for (const auto &[key, value] : constants) {
    KYUTAISTT_TRY(expect(config, key, value));
  }
  return {};
}

/// Every head needs its own keys, and dimensions in pairs that can be rotated.
Status check_heads(const JsonObject &config, int64_t width, int64_t heads, int64_t head_dimension) {
  if (!config.has("head_dim") && width % heads != 0) {
    return config.wrong("num_attention_heads",
                        "a divisor of hidden_size, " + std::to_string(width));
  }
  if (head_dimension % 2 != 0) {
    return Status::corrupt(config.where() + ": a head has " + std::to_string(head_dimension) +
                           " dimensions, expected an even number");
  }
  KYUTAISTT_ASSIGN(key_heads, config.integer("num_key_value_heads", 1, max_width, heads));
  return key_heads == heads ? Status()
                            : config.wrong("num_key_value_heads",
                                           std::to_string(heads) + ", as num_attention_heads");
}

Result<CodecInfo> read_codec(const JsonObject &config) {
  CodecInfo codec;
  KYUTAISTT_TRY(check_codec_constants(config));
  KYUTAISTT_TRY(read_count(config, "num_filters", max_width, codec.filters, 64));
  KYUTAISTT_TRY(read_count(config, "hidden_size", max_width, codec.width, 512));
  KYUTAISTT_TRY(read_count(config, "num_hidden_layers", max_layers, codec.layers, 8));
  KYUTAISTT_TRY(read_count(config, "num_attention_heads", max_width, codec.heads, 8));
  KYUTAISTT_TRY(read_count(config, "sliding_window", max_window, codec.window, 250));
  KYUTAISTT_TRY(read_count(config, "codebook_dim", max_width, codec.codebook_dimension, 256));
  if (codec.filters % 2 != 0) {
    return config.wrong("num_filters", "an even number");
  }
  int64_t head_dimension = 0;
  KYUTAISTT_TRY(read_count(config, "head_dim", max_width, head_dimension,
                           std::max<int64_t>(1, codec.width / codec.heads)));
  KYUTAISTT_TRY(check_heads(config, codec.width, codec.heads, head_dimension));
  if (head_dimension * codec.heads != codec.width) {
    return config.wrong(
        "num_attention_heads",
        "heads that share hidden_size, " + std::to_string(codec.width) + ", with head_dim each");
  }
  KYUTAISTT_ASSIGN(epsilon, config.number("norm_eps", 0, 1, 1e-5));
  codec.norm_epsilon = epsilon;
  KYUTAISTT_ASSIGN(base, read_rope_base(config, 1e4));
  codec.rope_base = base;
  KYUTAISTT_TRY(read_strides(config, codec));
  return codec;
}

Result<LanguageModelInfo> read_language_model(const JsonObject &config) {
  LanguageModelInfo info;
  KYUTAISTT_TRY(expect(config, "hidden_act", "silu"));
  KYUTAISTT_TRY(expect(config, "tie_word_embeddings", false));
  KYUTAISTT_TRY(read_count(config, "num_hidden_layers", max_layers, info.layers));
  KYUTAISTT_TRY(read_count(config, "hidden_size", max_width, info.width));
  KYUTAISTT_TRY(read_count(config, "num_attention_heads", max_width, info.heads));
  KYUTAISTT_TRY(read_count(config, "head_dim", max_width, info.head_dimension,
                           std::max<int64_t>(1, info.width / info.heads)));
  KYUTAISTT_TRY(check_heads(config, info.width, info.heads, info.head_dimension));
  if (info.heads * info.head_dimension > max_width) {
    return config.wrong("head_dim", "at most " + std::to_string(max_width) + " for all heads");
  }
  KYUTAISTT_TRY(read_count(config, "sliding_window", max_window, info.window));
  KYUTAISTT_TRY(read_count(config, "vocab_size", max_vocabulary, info.text_vocabulary));
  KYUTAISTT_TRY(read_count(config, "num_codebooks", max_layers, info.codebooks));
  KYUTAISTT_ASSIGN(entries, config.integer("codebook_vocab_size", 2, max_vocabulary));
  info.codebook_size = entries - 1;
  KYUTAISTT_ASSIGN(audio_start, config.integer("audio_bos_token_id", 0, entries - 1));
  info.audio_start = audio_start;
  const int64_t pad_row = embedding_rows(info) - 1;
  KYUTAISTT_ASSIGN(pad, config.integer("audio_pad_token_id", 0, INT64_MAX, pad_row));
  if (pad != pad_row) {
    return config.wrong(
        "audio_pad_token_id",
        std::to_string(pad_row) + ", which is vocab_size + num_codebooks * codebook_vocab_size");
  }
  KYUTAISTT_ASSIGN(epsilon, config.number("rms_norm_eps", 0, 1, 1e-8));
  info.norm_epsilon = epsilon;
  KYUTAISTT_ASSIGN(base, read_rope_base(config, 1e5));
  info.rope_base = base;
  KYUTAISTT_ASSIGN(start, config.integer("bos_token_id", 0, INT64_MAX, 48000));
  info.text_start = start;
  return info;
}

bool is_there(const std::string &path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

/// What transformers' `generate` would do with this file, with a warning where that is not the rule
/// that the model was trained with.
Status read_generation(const std::string &path, bool codec_uses_cache, int64_t embeddings,
                       ModelInfo &info) {
  if (!is_there(path)) {
    return {};
  }
  KYUTAISTT_ASSIGN(json, read_json_file(path));
  KYUTAISTT_ASSIGN(config, JsonObject::of(json, path));
  KYUTAISTT_ASSIGN(
      start, config.integer("bos_token_id", 0, embeddings - 1, info.language_model.text_start));
  info.language_model.text_start = start;
  KYUTAISTT_ASSIGN(window, config.integer("audio_window_size", 0, INT64_MAX, 0));
  KYUTAISTT_ASSIGN(from_model_config, config.boolean("_from_model_config", false));
  KYUTAISTT_ASSIGN(codec_cache, config.boolean("codec_use_cache", codec_uses_cache));
  if (window == 0) {
    return {};
  }
  if (from_model_config) {
    info.warnings.push_back("generation_config.json sets audio_window_size " +
                            std::to_string(window) +
                            ", which transformers forgets because of _from_model_config; aligned "
                            "is the default, as there");
  } else if (window > 1) {
    info.warnings.push_back("generation_config.json sets audio_window_size " +
                            std::to_string(window) + ", with which transformers hears everything " +
                            std::to_string(window) +
                            " frames late; there is no such alignment here, and aligned is the "
                            "default instead");
  } else {
    info.alignment = Alignment::Hf;
    if (!codec_cache) {
      info.warnings.emplace_back(
          "generation_config.json lacks codec_use_cache, so transformers encodes each frame "
          "without the ones before (codec_attention frame); exact is the default here");
    }
  }
  return {};
}

/// Delay and silence, from either of the files that transformers has used for them.
Status read_processor(const std::string &folder, ModelInfo &info) {
  for (const char *name : {"/preprocessor_config.json", "/processor_config.json"}) {
    const std::string path = folder + name;
    if (!is_there(path)) {
      continue;
    }
    KYUTAISTT_ASSIGN(json, read_json_file(path));
    KYUTAISTT_ASSIGN(file, JsonObject::of(json, path));
    JsonObject config = file;
    if (file.has("feature_extractor")) {
      KYUTAISTT_ASSIGN(extractor, file.object("feature_extractor"));
      config = extractor;
    }
    KYUTAISTT_TRY(expect(config, "sampling_rate", sample_rate));
    KYUTAISTT_ASSIGN(delay, config.number("audio_delay_seconds", 0, max_seconds, 0.0));
    KYUTAISTT_ASSIGN(prefix, config.number("audio_silence_prefix_seconds", 0, max_seconds, 0.0));
    info.delay_seconds = delay;
    info.silence_prefix_seconds = prefix;
    return {};
  }
  info.warnings.emplace_back(
      "there is no preprocessor_config.json, so the model's own files do not name the delay of its "
      "text");
  return {};
}

}  // namespace

Result<ModelInfo> read_hugging_face_configs(const std::string &folder) {
  const std::string path = folder + "/config.json";
  KYUTAISTT_ASSIGN(json, read_json_file(path));
  KYUTAISTT_ASSIGN(config, JsonObject::of(json, path));
  if (config.has("stt_config") || config.has("mimi_name")) {
    return Status::unsupported(path +
                               ": is of Kyutai's own layout, which this version cannot load; use "
                               "the model's Hugging Face form (its name ends in -trfs)");
  }
  KYUTAISTT_ASSIGN(type, config.string("model_type"));
  if (type != "kyutai_speech_to_text") {
    return config.wrong("model_type", "\"kyutai_speech_to_text\"");
  }
  ModelInfo info;
  info.path = folder;
  info.layout = "hugging-face";
  KYUTAISTT_ASSIGN(language_model, read_language_model(config));
  info.language_model = language_model;
  KYUTAISTT_ASSIGN(codec_config, config.object("codec_config"));
  KYUTAISTT_ASSIGN(codec, read_codec(codec_config));
  info.codec = std::move(codec);
  KYUTAISTT_ASSIGN(codebook_size, codec_config.integer("codebook_size", 1, max_vocabulary, 2048));
  if (codebook_size != info.language_model.codebook_size) {
    return codec_config.wrong("codebook_size", std::to_string(info.language_model.codebook_size) +
                                                   ", one less than codebook_vocab_size");
  }
  KYUTAISTT_ASSIGN(quantizers, codec_config.integer("num_quantizers", 1, max_layers, 32));
  if (quantizers < info.language_model.codebooks) {
    return codec_config.wrong("num_quantizers", "at least num_codebooks, " +
                                                    std::to_string(info.language_model.codebooks));
  }
  KYUTAISTT_ASSIGN(codec_uses_cache, codec_config.boolean("use_cache", false));
  const int64_t rows = embedding_rows(info.language_model);
  KYUTAISTT_TRY(read_generation(folder + "/generation_config.json", codec_uses_cache, rows, info));
  if (info.language_model.text_start >= rows) {
    return config.wrong("bos_token_id", "a row of the embedding, 0 to " + std::to_string(rows - 1) +
                                            ", as there is none in generation_config.json");
  }
  KYUTAISTT_TRY(read_processor(folder, info));
  return info;
}

}  // namespace kyutaistt::checkpoint
