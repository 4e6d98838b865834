// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>
#include <cstring>

#include "checkpoint/architecture.h"
#include "checkpoint/floats.h"
#include "checkpoint/json_file.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/sidecar.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using kyutaistt::Alignment;
using kyutaistt::CodecAttention;
using kyutaistt::LanguageModelInfo;
using kyutaistt::ModelInfo;
using kyutaistt::ModelOptions;
using kyutaistt::Result;
using kyutaistt::Status;
using kyutaistt::StatusCode;
using kyutaistt::checkpoint::Json;
using kyutaistt::checkpoint::ModelFolder;
using kyutaistt::checkpoint::open_model_folder;
using kyutaistt::checkpoint::required_tensors;
using kyutaistt::checkpoint::to_floats;
using kyutaistt::tests::assert_begins;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::example;
using kyutaistt::tests::golden;
using kyutaistt::tests::TestFolder;
using kyutaistt::tests::Weights;

constexpr const char *weights_file = "model.safetensors";
constexpr const char *config_file = "config.json";
constexpr const char *generation_file = "generation_config.json";

ModelFolder open(const std::string &folder, const ModelOptions &options = {}) {
  Result<ModelFolder> result = open_model_folder(folder, options);
  assert_ok(result.status());
  return std::move(result).value();
}

bool warns_of(const ModelInfo &info, const std::string &part) {
  return std::any_of(info.warnings.begin(), info.warnings.end(), [&](const std::string &warning) {
    return warning.find(part) != std::string::npos;
  });
}

void assert_tiny(const ModelInfo &info) {
  const LanguageModelInfo &model = info.language_model;
  ck_assert_int_eq(model.layers, 3);
  ck_assert_int_eq(model.width, 64);
  ck_assert_int_eq(model.heads, 4);
  ck_assert_int_eq(model.head_dimension, 16);
  ck_assert_int_eq(model.feed_forward, 88);
  ck_assert_int_eq(model.window, 24);
  ck_assert_int_eq(model.text_vocabulary, 400);
  ck_assert_int_eq(model.codebooks, 8);
  ck_assert_int_eq(model.codebook_size, 64);
  ck_assert_int_eq(model.audio_start, 64);
  assert_equal(model.rope_base, 1e5);
  assert_equal(model.norm_epsilon, 1e-8);
  ck_assert_int_eq(info.codec.filters, 4);
  ck_assert_int_eq(info.codec.width, 32);
  ck_assert_int_eq(info.codec.layers, 2);
  ck_assert_int_eq(info.codec.heads, 4);
  ck_assert_int_eq(info.codec.feed_forward, 64);
  ck_assert_int_eq(info.codec.window, 20);
  ck_assert_int_eq(info.codec.codebook_dimension, 16);
  assert_equal(info.codec.strides, (std::vector<int64_t>{4, 5, 6, 8}));
  assert_equal(info.codec.rope_base, 1e4);
  assert_equal(info.codec.norm_epsilon, 1e-5);
  assert_equal(info.layout, "hugging-face");
}

TEST(all_layouts_of_the_reference_are_read) {
  const auto f32 = open(golden("hf-f32"));
  assert_tiny(f32.info);
  ck_assert_int_eq(f32.info.language_model.text_start, 399);
  assert_equal(f32.info.delay_seconds, 0.5);
  assert_equal(f32.info.silence_prefix_seconds, 0);
  assert_equal(f32.info.alignment, Alignment::Aligned);
  assert_equal(f32.info.codec_attention, CodecAttention::Exact);
  ck_assert(f32.info.domains.empty());
  ck_assert(f32.info.default_domain.empty());
  assert_equal(f32.info.warnings, {});
  ck_assert_uint_eq(f32.info.file_bytes, 1382124);

  const auto window1 = open(golden("hf-window1"));
  assert_tiny(window1.info);
  ck_assert_int_eq(window1.info.language_model.text_start, 612);
  assert_equal(window1.info.alignment, Alignment::Hf);
  assert_equal(window1.info.warnings, {});

  const auto bf16 = open(golden("hf-bf16"));
  assert_tiny(bf16.info);
  assert_equal(bf16.info.delay_seconds, 0.7);
  assert_equal(bf16.info.silence_prefix_seconds, 0.25);
  assert_equal(bf16.info.alignment, Alignment::Aligned);

  const auto sharded = open(golden("hf-sharded"));
  assert_tiny(sharded.info);
  ck_assert_uint_eq(sharded.info.parameters, f32.info.parameters);
}

TEST(the_bundled_model_has_domains) {
  const auto folder = open(example("model"));
  ck_assert_uint_eq(folder.info.domains.size(), 2);
  assert_equal(folder.info.domains[1].name, "asr_is_is");
  assert_equal(folder.info.domains[1].language, "is");
  assert_equal(folder.info.domains[1].tokens, (std::vector<int32_t>{4, 5, 5, 7}));
  assert_equal(folder.info.default_domain, "asr_is_is");
  ck_assert_int_eq(folder.info.pad_steps, 12);
  assert_equal(folder.info.delay_seconds, 2);
  assert_equal(folder.info.warnings, {});
}

TEST(folders_that_are_none_are_refused) {
  const auto refused = [](const std::string &folder, StatusCode code, const std::string &message) {
    assert_refused(open_model_folder(folder, {}).status(), code, message);
  };
  const TestFolder folder("hf-f32");
  refused("", StatusCode::InvalidArgument, "no model folder was given");
  refused(folder.path("none"), StatusCode::NotFound, "/none: there is no such folder");
  refused(folder.path(config_file), StatusCode::InvalidArgument,
          "/config.json: is a file, expected a model folder");
  folder.remove(weights_file);
  refused(folder.path(), StatusCode::NotFound, "/model.safetensors: cannot be opened");
  folder.remove(config_file);
  refused(folder.path(), StatusCode::NotFound, "/config.json: cannot be opened");
  folder.write(config_file, R"({"model_type": "stt", "mimi_name": "m", "stt_config": {}})");
  refused(folder.path(), StatusCode::Unsupported, "/config.json: is of Kyutai's own layout");
}

/// One value of one file that is wrong, and what has to be said about it. A value of "(none)"
/// removes the member.
struct WrongValue {
  const char *file;
  const char *place;
  const char *value;
  const char *message;
};

Status open_with(const TestFolder &folder, const WrongValue &wrong) {
  const std::string before = folder.read(wrong.file);
  folder.edit(wrong.file, [&](Json &json) {
    const Json::json_pointer place(wrong.place);
    if (std::strcmp(wrong.value, "(none)") == 0) {
      json[place.parent_pointer()].erase(place.back());
    } else {
      json[place] = Json::parse(wrong.value);
    }
  });
  Status status = open_model_folder(folder.path(), {}).status();
  folder.write(wrong.file, before);
  return status;
}

TEST(every_value_of_the_configs_is_checked) {
  const char *codec = "config.json: codec_config: ";
  const WrongValue cases[] = {
      {config_file, "/model_type", "\"llama\"",
       R"(model_type: found "llama", expected "kyutai_sp)"},
      {config_file, "/model_type", "(none)", "model_type: found nothing"},
      {config_file, "/num_hidden_layers", "0", "num_hidden_layers: found 0, expected an integer"},
      {config_file, "/num_hidden_layers", "1025", "num_hidden_layers: found 1025"},
      {config_file, "/hidden_size", "\"64\"", "hidden_size: found \"64\""},
      {config_file, "/hidden_size", "65537", "hidden_size: found 65537"},
      {config_file, "/num_attention_heads", "-4", "num_attention_heads: found -4"},
      {config_file, "/num_key_value_heads", "2", "num_key_value_heads: found 2, expected 4"},
      {config_file, "/head_dim", "15", "a head has 15 dimensions, expected an even number"},
      {config_file, "/head_dim", "16386", "head_dim: found 16386, expected at most 65536"},
      {config_file, "/head_dim", "8",
       "q_proj.linear.weight: found shape [64, 64], expected [32, 64]"},
      {config_file, "/sliding_window", "(none)", "sliding_window: found nothing"},
      {config_file, "/sliding_window", "16385", "sliding_window: found 16385"},
      {config_file, "/vocab_size", "1048577", "vocab_size: found 1048577"},
      {config_file, "/vocab_size", "401",
       "audio_pad_token_id: found 920, expected 921, which is vocab_size + num_codebooks *"},
      {config_file, "/num_codebooks", "7", "audio_pad_token_id: found 920, expected 855"},
      {config_file, "/audio_pad_token_id", "69569",
       "audio_pad_token_id: found 69569, expected 920"},
      {config_file, "/audio_bos_token_id", "65", "audio_bos_token_id: found 65"},
      {config_file, "/codebook_vocab_size", "1", "codebook_vocab_size: found 1"},
      {config_file, "/hidden_act", R"("gelu")", R"(hidden_act: found "gelu", expected "silu")"},
      {config_file, "/tie_word_embeddings", "true", "tie_word_embeddings: found true"},
      {config_file, "/rms_norm_eps", "2", "rms_norm_eps: found 2"},
      {config_file, "/rope_parameters", "3", "rope_parameters: found 3, expected an object"},
      {config_file, "/rope_parameters/rope_theta", "0", "rope_theta: found 0"},
      {config_file, "/rope_parameters/rope_type", "\"yarn\"", "rope_type: found \"yarn\""},
      {config_file, "/codec_config", "(none)", "codec_config: found nothing, expected an object"},
      {config_file, "/codec_config/upsampling_ratios", "[8, 6, 5, 2]",
       "expected integers whose product is 960"},
      {config_file, "/codec_config/upsampling_ratios", "[-8, -6, 5, 4]",
       "upsampling_ratios: found"},
      {config_file, "/codec_config/upsampling_ratios", "[]", "upsampling_ratios: found []"},
      {config_file, "/codec_config/num_filters", "4098",
       "num_filters, 4098, doubled by each is at most 65536"},
      {config_file, "/codec_config/sampling_rate", "16000",
       "sampling_rate: found 16000, expected 24"},
      {config_file, "/codec_config/hidden_act", "\"relu\"", codec},
      {config_file, "/codec_config/num_filters", "5",
       "num_filters: found 5, expected an even number"},
      {config_file, "/codec_config/head_dim", "10",
       "num_attention_heads: found 4, expected heads that share hidden_size, 32"},
      {config_file, "/codec_config/num_attention_heads", "8",
       "num_key_value_heads: found 4, expected 8"},
      {config_file, "/codec_config/num_key_value_heads", "1", "num_key_value_heads: found 1"},
      {config_file, "/codec_config/sliding_window", "0", "sliding_window: found 0"},
      {config_file, "/codec_config/codebook_size", "63", "codebook_size: found 63, expected 64"},
      {config_file, "/codec_config/num_quantizers", "7",
       "num_quantizers: found 7, expected at least"},
      {config_file, "/codec_config/codebook_dim", "17",
       "found shape [16, 32, 1], expected [17, 32, 1]"},
      {generation_file, "/bos_token_id", "921", "generation_config.json: bos_token_id: found 921"},
      {generation_file, "/bos_token_id", "-1", "generation_config.json: bos_token_id: found -1"},
      {generation_file, "/audio_window_size", "\"1\"", "audio_window_size: found \"1\""},
      {generation_file, "/codec_use_cache", "1",
       "codec_use_cache: found 1, expected true or false"},
      {"preprocessor_config.json", "/audio_delay_seconds", "-1", "audio_delay_seconds: found -1"},
      {"preprocessor_config.json", "/audio_delay_seconds", "61", "audio_delay_seconds: found 61"},
      {"preprocessor_config.json", "/sampling_rate", "16000", "sampling_rate: found 16000"},
  };
  const TestFolder folder("hf-f32");
  for (const WrongValue &wrong : cases) {
    assert_refused(open_with(folder, wrong), StatusCode::Corrupt, wrong.message);
  }
  assert_ok(open_model_folder(folder.path(), {}).status());
}

TEST(the_text_start_may_be_in_either_file) {
  const TestFolder folder("hf-f32");
  folder.remove(generation_file);
  ck_assert_int_eq(open(folder.path()).info.language_model.text_start, 399);
  folder.edit(config_file, [](Json &config) { config["bos_token_id"] = 920; });
  ck_assert_int_eq(open(folder.path()).info.language_model.text_start, 920);
  folder.edit(config_file, [](Json &config) { config.erase("bos_token_id"); });
  assert_refused(open_model_folder(folder.path(), {}).status(), StatusCode::Corrupt,
                 "config.json: bos_token_id: found nothing, expected a row of the embedding");
}

TEST(what_transformers_would_do_is_followed_or_told) {
  struct Case {
    const char *generation;
    Alignment alignment;
    const char *warning;
  };
  const Case cases[] = {
      {R"({"bos_token_id": 399})", Alignment::Aligned, nullptr},
      {R"({"audio_window_size": 1, "codec_use_cache": true})", Alignment::Hf, nullptr},
      {R"({"audio_window_size": 1})", Alignment::Hf, "lacks codec_use_cache"},
      {R"({"audio_window_size": 1, "codec_use_cache": false})", Alignment::Hf, "codec_use_cache"},
      {R"({"audio_window_size": 1, "_from_model_config": true})", Alignment::Aligned,
       "forgets because of _from_model_config"},
      {R"({"audio_window_size": 4, "codec_use_cache": true})", Alignment::Aligned,
       "hears everything 4 frames late"},
  };
  const TestFolder folder("hf-f32");
  for (const Case &each : cases) {
    folder.write(generation_file, each.generation);
    const ModelInfo info = open(folder.path()).info;
    assert_equal(info.alignment, each.alignment);
    ck_assert_uint_eq(info.warnings.size(), each.warning == nullptr ? 0 : 1);
    ck_assert(each.warning == nullptr || warns_of(info, each.warning));
  }
  ModelOptions options;
  options.alignment = Alignment::DropFirst;
  options.codec_attention = CodecAttention::Ring2;
  const ModelInfo chosen = open(folder.path(), options).info;
  assert_equal(chosen.alignment, Alignment::DropFirst);
  assert_equal(chosen.codec_attention, CodecAttention::Ring2);

  folder.remove("preprocessor_config.json");
  ck_assert(warns_of(open(folder.path()).info, "there is no preprocessor_config.json"));
}

TEST(every_needed_tensor_is_checked) {
  const TestFolder folder("hf-f32");
  const Weights whole = Weights::read(folder.path(weights_file));
  const auto refused = [&](const Weights &weights, const std::string &message) {
    folder.write(weights_file, weights.file());
    assert_refused(open_model_folder(folder.path(), {}).status(), StatusCode::Corrupt, message);
  };
  for (const auto &spec : required_tensors(open(folder.path()).info)) {
    Weights missing = whole;
    ck_assert_uint_eq(missing.tensors.erase(spec.name), 1);
    refused(missing, "/model.safetensors: tensor " + spec.name + ": is not there");
  }
  Weights turned = whole;
  turned.tensors["lm_head.weight"].shape = {64, 400};
  refused(turned, "tensor lm_head.weight: found shape [64, 400], expected [400, 64]");
  Weights flat = whole;
  flat.tensors["model.layers.0.mlp.fc1.weight"].shape = {176 * 64};
  refused(flat, "model.layers.0.mlp.fc1.weight: found shape [11264], expected a matrix");
  Weights integers = whole;
  integers.tensors["model.norm.weight"].dtype = "I32";
  refused(integers, "tensor model.norm.weight: found type I32, expected F32, BF16, F16 or F64");
  Weights unknown = whole;
  unknown.tensors["model.norm.weight"].dtype = "U32";
  refused(unknown, "tensor model.norm.weight: found type unknown, expected F32");
}

/// Puts values in place of a tensor's first ones, and zeros in place of the others.
template <typename Value>
void replace(Weights &weights, const std::string &name, const std::string &type,
             std::vector<Value> values) {
  Weights::Tensor &tensor = weights.tensors.at(name);
  values.resize(tensor.bytes.size() / sizeof(float));
  tensor.dtype = type;
  tensor.bytes.assign(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(Value));
}

Status load(const Weights &weights) {
  const TestFolder folder("hf-f32");
  folder.write(weights_file, weights.file());
  return kyutaistt::Model::load(folder.path()).status();
}

TEST(weights_must_be_finite_numbers) {
  const Weights whole = Weights::read(golden("hf-f32/model.safetensors"));
  const auto refused = [](const Weights &weights, const std::string &message) {
    assert_refused(load(weights), StatusCode::Corrupt, message);
  };
  const std::string matrix = "model.layers.1.mlp.fc2.weight";
  Weights nan = whole;
  replace<float>(nan, matrix, "F32", {1, NAN});
  refused(nan, "tensor " + matrix + ": element 1 is not a finite number");
  const std::string norm = "model.norm.weight";
  Weights infinite = whole;
  replace<float>(infinite, norm, "F32", {1, 1, -INFINITY});
  refused(infinite, "tensor " + norm + ": element 2 is not a finite number");
  // They are used as f32.
  Weights large = whole;
  replace<double>(large, norm, "F64", {1, -3e38});
  assert_ok(load(large));
  Weights larger = whole;
  replace<double>(larger, norm, "F64", {1, -1e39});
  refused(larger, "tensor " + norm + ": element 1 is not a finite number");
  // What was never used counts as used a little, as in training.
  const std::string codebook =
      "codec_model.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.";
  Weights unused = whole;
  replace<float>(unused, codebook + "cluster_usage", "F32", {0, -1});
  assert_ok(load(unused));
  replace<float>(unused, codebook + "embed_sum", "F32", {1, 1e38F});
  refused(unused, "tensor " + codebook + "embed_sum: element 1 divided by its cluster_usage");
}

TEST(tensors_that_are_not_needed_do_not_matter) {
  const TestFolder folder("hf-f32");
  Weights weights = Weights::read(folder.path(weights_file));
  std::erase_if(weights.tensors, [](const auto &entry) {
    return entry.first.find("decoder") != std::string::npos ||
           entry.first.find("upsample") != std::string::npos ||
           entry.first.ends_with("initialized") ||
           entry.first.find("output_proj") != entry.first.npos;
  });
  weights.tensors["something.else"] = {"F8_E4M3", {5}, "12345"};
  folder.write(weights_file, weights.file());
  open(folder.path());
}

/// Stores a convolution's weight as a direction of another length, and its own length.
void split_norm(Weights &weights, const std::string &name, const std::string &length_name,
                const std::string &direction_name) {
  Weights::Tensor direction = weights.tensors.at(name + ".weight");
  weights.tensors.erase(name + ".weight");
  std::vector<float> values(direction.bytes.size() / sizeof(float));
  std::memcpy(values.data(), direction.bytes.data(), direction.bytes.size());
  const auto outputs = static_cast<size_t>(direction.shape[0]);
  const size_t row = values.size() / outputs;
  std::vector<float> lengths(outputs);
  for (size_t i = 0; i < outputs; ++i) {
    for (size_t k = i * row; k < (i + 1) * row; ++k) {
      lengths[i] += values[k] * values[k];
      values[k] *= 3;
    }
    lengths[i] = std::sqrt(lengths[i]);
  }
  std::memcpy(direction.bytes.data(), values.data(), direction.bytes.size());
  weights.tensors[name + direction_name] = direction;
  weights.tensors[name + length_name] = {
      "F32",
      {direction.shape[0], 1, 1},
      std::string(reinterpret_cast<const char *>(lengths.data()), lengths.size() * sizeof(float))};
}

TEST(older_names_of_the_codec_are_understood) {
  const TestFolder folder("hf-f32");
  Weights weights = Weights::read(folder.path(weights_file));
  const std::string first = "codec_model.encoder.layers.0.conv";
  const std::string second = "codec_model.encoder.layers.3.conv";
  const std::string codebook =
      "codec_model.quantizer.semantic_residual_vector_quantizer.layers.0.codebook.";
  split_norm(weights, first, ".weight_g", ".weight_v");
  split_norm(weights, second, ".parametrizations.weight.original0",
             ".parametrizations.weight.original1");
  weights.rename(codebook + "embed_sum", codebook + "embedding_sum");
  folder.write(weights_file, weights.file());

  const auto expected = open(golden("hf-f32"));
  const auto found = open(folder.path());
  for (const std::string &name : {first + ".weight", second + ".weight", codebook + "embed_sum"}) {
    ck_assert(found.tensors->contains(name));
    const auto tensor = found.tensors->find(name);
    assert_ok(tensor.status());
    const auto reference = expected.tensors->find(name);
    assert_equal(tensor.value().shape, reference.value().shape);
    const std::vector<float> values = to_floats(tensor.value());
    const std::vector<float> wanted = to_floats(reference.value());
    ck_assert_uint_eq(values.size(), wanted.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ck_assert_float_eq_tol(values[i], wanted[i], 1e-6F * (1 + std::fabs(wanted[i])));
    }
  }
  ck_assert(!found.tensors->contains(first + ".weight_q"));
  assert_refused(found.tensors->find("model.none").status(), StatusCode::Corrupt,
                 "/model.safetensors: has no tensor model.none");

  // One half alone is none.
  weights.tensors.erase(first + ".weight_g");
  folder.write(weights_file, weights.file());
  assert_refused(open_model_folder(folder.path(), {}).status(), StatusCode::Corrupt,
                 "tensor " + first + ".weight: is not there");
}

TEST(the_sidecar_wins_over_the_models_own_files) {
  const TestFolder folder("hf-window1");
  folder.write("kyutaistt.json", R"({"format": 1, "pad_steps": 3, "delay_seconds": 1.25,
      "alignment": "aligned", "codec_attention": "ring2", "default_domain": "é",
      "domains": {"a": {"tokens": [399]}, "é": {"tokens": [4, 5], "language": "is"}},
      "colour\nis": "red"})");
  const ModelInfo info = open(folder.path()).info;
  ck_assert_int_eq(info.pad_steps, 3);
  assert_equal(info.delay_seconds, 1.25);
  assert_equal(info.alignment, Alignment::Aligned);
  assert_equal(info.codec_attention, CodecAttention::Ring2);
  assert_equal(info.default_domain, "é");
  ck_assert_uint_eq(info.domains.size(), 2);
  assert_equal(info.domains[0].tokens, std::vector<int32_t>{399});
  ck_assert(info.domains[0].language.empty());
  assert_equal(info.domains[1].language, "is");
  ck_assert_uint_eq(info.warnings.size(), 1);
  ck_assert(warns_of(info, R"(kyutaistt.json: "colour\nis" is unknown and was ignored)"));

  ModelOptions options;
  options.alignment = Alignment::DropFirst;
  options.codec_attention = CodecAttention::Frame;
  const ModelInfo chosen = open(folder.path(), options).info;
  assert_equal(chosen.alignment, Alignment::DropFirst);
  assert_equal(chosen.codec_attention, CodecAttention::Frame);

  folder.write("kyutaistt.json",
               R"({"format": 1, "alignment": "auto", "codec_attention": "auto"})");
  assert_equal(open(folder.path()).info.alignment, Alignment::Hf);

  for (const std::string name : {"drop-first", "drop_first"}) {
    folder.write("kyutaistt.json", R"({"format": 1, "alignment": ")" + name + R"("})");
    assert_equal(open(folder.path()).info.alignment, Alignment::DropFirst);
  }
}

TEST(the_known_models_delay_is_told_where_it_differs) {
  const auto warnings_with = [](double delay) {
    ModelInfo info;
    info.language_model.text_vocabulary = 9323;
    info.language_model.layers = 16;
    info.language_model.width = 2048;
    info.delay_seconds = delay;
    kyutaistt::checkpoint::apply_known_model(info);
    assert_equal(info.delay_seconds, 5);
    return info.warnings;
  };
  assert_equal(warnings_with(5), {});
  assert_begins(warnings_with(2.5).at(0), "the folder itself says a delay of 2.5 s, but");
  // As when there is no file that could say it.
  assert_begins(warnings_with(0).at(0), "the folder itself names no delay, but");
}

TEST(a_malformed_sidecar_is_refused) {
  struct Case {
    const char *content;
    const char *message;
  };
  const Case cases[] = {
      {"", "kyutaistt.json: is empty"},
      {"[]", "kyutaistt.json: found [], expected an object"},
      {"{}", "format: found nothing"},
      {R"({"format": 2})", "format: found 2, expected 1"},
      {R"({"format": 1, "domains": []})", "domains: found [], expected an object"},
      {R"({"format": 1, "domains": {"a": 1}})", "domains: a: found 1, expected an object"},
      {R"({"format": 1, "domains": {"a": {}}})",
       "a: tokens: found nothing, expected a list of tok"},
      {R"({"format": 1, "domains": {"a": {"tokens": []}}})", "a: tokens: found []"},
      {R"({"format": 1, "domains": {"a": {"tokens": [400]}}})",
       "a: tokens: found [400], expected a list of token ids, 0 to 399"},
      {R"({"format": 1, "domains": {"a": {"tokens": [-1]}}})", "a: tokens: found [-1]"},
      {R"({"format": 1, "domains": {"a": {"tokens": [4], "language": 1}}})", "language: found 1"},
      {R"({"format": 1, "default_domain": "a"})", "default_domain: found \"a\", expected the name"},
      {R"({"format": 1, "domains": {"b": {"tokens": [4]}}, "default_domain": "a"})",
       "default_domain: found \"a\""},
      {R"({"format": 1, "default_domain": 3})", "default_domain: found 3, expected a string"},
      {R"({"format": 1, "pad_steps": -1})", "pad_steps: found -1"},
      {R"({"format": 1, "pad_steps": 751})", "pad_steps: found 751"},
      {R"({"format": 1, "delay_seconds": "5"})", "delay_seconds: found \"5\""},
      {R"({"format": 1, "alignment": "none"})",
       "alignment: found \"none\", expected auto, aligned, hf or drop-first"},
      {R"({"format": 1, "codec_attention": "all"})",
       "codec_attention: found \"all\", expected auto, exact"},
      {R"({"format": 1, "domains": {"a\nb": {"tokens": [4]}}})",
       R"(domains: "a\nb": found {"tokens":[4]}, expected a name without)"},
  };
  const TestFolder folder("hf-f32");
  for (const Case &broken : cases) {
    folder.write("kyutaistt.json", broken.content);
    assert_refused(open_model_folder(folder.path(), {}).status(), StatusCode::Corrupt,
                   broken.message);
  }
}

}  // namespace
