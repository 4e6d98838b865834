// SPDX-License-Identifier: LGPL-2.1-or-later
/// What is built in for mideind/kyutai-stt-1b-is-en, on folders with its shapes: their weights are
/// holes in a file, because opening a folder reads only where they lie.
#include <cstdint>
#include <filesystem>
#include <string>

#include <kyutaistt/model.h>

#include "checkpoint/architecture.h"
#include "checkpoint/json_file.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/synthetic.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)
using checkpoint::Json;
using checkpoint::TensorSpec;

/// What differs from the shape of the known model.
struct Shape {
  int64_t text_vocabulary = 9323;
  int64_t layers = 16;
  double delay_seconds = 0.5;
};

/// A file of weights, bf16, with nothing after its header.
void write_hollow_weights(const TestFolder &folder, const ModelInfo &info) {
  Json header = Json::object();
  uint64_t end = 0;
  for (const TensorSpec &spec : checkpoint::required_tensors(info)) {
    const uint64_t begin = end;
    end += spec.elements() * sizeof(uint16_t);
    header[spec.name] = {{"dtype", "BF16"}, {"shape", spec.shape}, {"data_offsets", {begin, end}}};
  }
  const std::string file = safetensors(header.dump(), "");
  folder.write("model.safetensors", file);
  std::filesystem::resize_file(folder.path("model.safetensors"), file.size() + end);
}

/// Turns the small files of a reference checkpoint into those of a large model.
void write_model(const TestFolder &folder, const Shape &shape) {
  auto synthetic = checkpoint::make_synthetic_model("1b");
  assert_ok(synthetic.status());
  ModelInfo &info = synthetic.value().info;
  LanguageModelInfo &model = info.language_model;
  model.text_vocabulary = shape.text_vocabulary;
  model.layers = shape.layers;
  folder.edit("config.json", [&](Json &config) {
    config["num_hidden_layers"] = model.layers;
    config["hidden_size"] = model.width;
    config["ffn_dim"] = 2 * model.feed_forward;
    config["num_attention_heads"] = config["num_key_value_heads"] = model.heads;
    config["head_dim"] = model.head_dimension;
    config["sliding_window"] = model.window;
    config["vocab_size"] = model.text_vocabulary;
    config["num_codebooks"] = model.codebooks;
    config["codebook_vocab_size"] = model.codebook_size + 1;
    config["audio_bos_token_id"] = model.audio_start;
    config.erase("audio_pad_token_id");
    Json &codec = config["codec_config"];
    codec["num_filters"] = info.codec.filters;
    codec["hidden_size"] = info.codec.width;
    codec["num_hidden_layers"] = info.codec.layers;
    codec["num_attention_heads"] = codec["num_key_value_heads"] = info.codec.heads;
    codec["head_dim"] = info.codec.width / info.codec.heads;
    codec["sliding_window"] = info.codec.window;
    codec["codebook_dim"] = info.codec.codebook_dimension;
    codec["codebook_size"] = model.codebook_size;
    codec["num_quantizers"] = model.codebooks;
  });
  folder.edit("preprocessor_config.json",
              [&](Json &config) { config["audio_delay_seconds"] = shape.delay_seconds; });
  write_hollow_weights(folder, info);
}

ModelInfo inspect(const TestFolder &folder) {
  auto info = inspect_model(folder.path());
  assert_ok(info.status());
  return std::move(info).value();
}

TEST(the_folder_works_as_downloaded) {
  const TestFolder folder("hf-f32");
  write_model(folder, {});
  const ModelInfo info = inspect(folder);
  ck_assert_uint_gt(info.parameters, 1'000'000'000);
  ck_assert_uint_eq(info.domains.size(), 2);
  assert_text(info.domains[0].name, "asr_is_is");
  assert_text(info.domains[0].language, "is");
  assert_equal(info.domains[0].tokens, (std::vector<int32_t>{9318, 8002, 8003, 9193}));
  assert_text(info.domains[1].name, "asr_is_en");
  assert_text(info.domains[1].language, "en");
  assert_equal(info.domains[1].tokens, (std::vector<int32_t>{9318, 8032, 8015, 9193}));
  assert_text(info.default_domain, "asr_is_is");
  ck_assert_int_eq(info.pad_steps, 12);
  assert_equal(info.delay_seconds, 5);
  // The delay that its files have from the model it was trained on is reported as wrong.
  ck_assert_uint_eq(info.warnings.size(), 1);
  assert_contains(info.warnings[0], "says a delay of 0.5 s");

  Prompt prompt;
  prompt.domain = "asr_is_en";
  assert_ok(check_prompt(info, prompt));
  prompt.domain = "asr_en_en";
  assert_refused(check_prompt(info, prompt), StatusCode::NotFound, "asr_is_is");
}

TEST(a_right_delay_is_no_warning) {
  const TestFolder folder("hf-f32");
  write_model(folder, {.delay_seconds = 5});
  const ModelInfo info = inspect(folder);
  assert_equal(info.delay_seconds, 5);
  assert_equal(info.warnings, {});
}

TEST(the_sidecar_wins_over_what_is_built_in) {
  const TestFolder folder("hf-f32");
  write_model(folder, {});
  folder.write("kyutaistt.json", R"({"format": 1, "delay_seconds": 4.5, "pad_steps": 3})");
  const ModelInfo info = inspect(folder);
  assert_equal(info.delay_seconds, 4.5);
  ck_assert_int_eq(info.pad_steps, 3);
  // What it does not say is as it was.
  ck_assert_uint_eq(info.domains.size(), 2);
  assert_text(info.default_domain, "asr_is_is");

  folder.write("kyutaistt.json",
               R"({"format": 1, "domains": {"own": {"tokens": [5]}}, "default_domain": "own"})");
  const ModelInfo own = inspect(folder);
  ck_assert_uint_eq(own.domains.size(), 1);
  assert_text(own.default_domain, "own");
  ck_assert_int_eq(own.pad_steps, 12);
}

TEST(models_of_other_shapes_are_not_taken_for_it) {
  for (const Shape &shape : {Shape{.text_vocabulary = 8001}, Shape{.layers = 15}}) {
    const TestFolder folder("hf-f32");
    write_model(folder, shape);
    const ModelInfo info = inspect(folder);
    ck_assert(info.domains.empty());
    ck_assert(info.default_domain.empty());
    ck_assert_int_eq(info.pad_steps, 0);
    assert_equal(info.delay_seconds, 0.5);
    assert_equal(info.warnings, {});
  }
}

}  // namespace
