// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every stage of the model against the reference's intermediate values.
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "engine/model_state.h"
#include "support/golden.h"
#include "support/suite.h"

namespace {

using kyutaistt::ModelState;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::Expected;
using kyutaistt::tests::golden;
using kyutaistt::tests::load_model;
using kyutaistt::tests::read_wav;
namespace lm = kyutaistt::lm;
namespace mimi = kyutaistt::mimi;
namespace ops = kyutaistt::ops;

/// Values of a name, frame after frame or position after position: [rows, columns].
struct Recorded {
  int64_t columns = 0;
  std::vector<float> values;
};

/// Audio as the feature extractor prepares it: prefix, samples, delay and a second of silence.
std::vector<float> prepare(const std::string &recording, const kyutaistt::ModelInfo &info) {
  std::vector<float> prepared(static_cast<size_t>(info.silence_prefix_seconds * 24000));
  const std::vector<float> samples = read_wav(golden("audio/" + recording + ".wav"));
  prepared.insert(prepared.end(), samples.begin(), samples.end());
  prepared.resize(prepared.size() + static_cast<size_t>((info.delay_seconds + 1.0) * 24000));
  prepared.resize(prepared.size() / kyutaistt::samples_per_frame * kyutaistt::samples_per_frame);
  return prepared;
}

void assert_near(const std::string &name, const std::vector<float> &found,
                 const std::vector<float> &expected, double tolerance) {
  ck_assert_msg(found.size() >= expected.size(), "%s: %zu values, expected %zu", name.c_str(),
                found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    // Negated, so that a NaN fails too.
    ck_assert_msg(!(error > tolerance) && std::isfinite(found[i]),
                  "%s: value %zu is %g, expected %g +- %g", name.c_str(), i,
                  static_cast<double>(found[i]), static_cast<double>(expected[i]), tolerance);
  }
}

/// The first `columns` points in time of channels-last values, as [channel, time].
std::vector<float> channels_first(const Recorded &recorded, int64_t channels, int64_t columns) {
  std::vector<float> values;
  for (int64_t channel = 0; channel < channels; ++channel) {
    for (int64_t column = 0; column < columns; ++column) {
      values.push_back(recorded.values[static_cast<size_t>(column * channels + channel)]);
    }
  }
  return values;
}

TEST(codec_stages) {
  const auto model = load_model(golden("hf-f32"));
  const ModelState &state = model->state();
  const Expected expected("hf-f32");
  const std::vector<float> audio = prepare("speech4", state.info);

  std::map<std::string, Recorded> recorded;
  const ops::Trace trace = [&](const std::string &name, const ops::Tensor &value) {
    Recorded &entry = recorded[name];
    entry.columns = value.columns;
    const std::vector<float> values = state.operations->download(value);
    entry.values.insert(entry.values.end(), values.begin(), values.end());
  };
  const auto stream = state.encoder->make_state();
  mimi::EncoderState *const batch[] = {stream.get()};
  std::vector<int32_t> codes;
  for (size_t at = 0; at < audio.size(); at += kyutaistt::samples_per_frame) {
    const auto frame = std::span(audio).subspan(at, kyutaistt::samples_per_frame);
    const std::vector<int32_t> found = state.encoder->encode(batch, frame, trace);
    codes.insert(codes.end(), found.begin(), found.end());
  }
  assert_equal(codes, expected.integers("speech4.codes"));

  int compared = 0;
  const std::string prefix = "speech4.";
  for (const std::string &name : expected.names()) {
    if (!name.starts_with(prefix + "mimi.")) {
      continue;
    }
    const auto found = recorded.find(name.substr(prefix.size()));
    ck_assert_msg(found != recorded.end(), "%s is not recorded", name.c_str());
    const std::vector<int64_t> shape = expected.shape(name);
    const bool is_seanet = name.find(".seanet.") != std::string::npos;
    assert_near(
        name, is_seanet ? channels_first(found->second, shape[0], shape[1]) : found->second.values,
        expected.floats(name), expected.tolerance(name));
    ++compared;
  }
  ck_assert_int_ge(compared, 19);
}

/// Runs the language model on given codes and returns the logits of every position.
std::vector<std::vector<float>> run_language_model(
    const ModelState &state, const std::vector<int32_t> &codes,
    const std::vector<int32_t> &tokens_to_feed,
    const std::function<void(int64_t, const std::string &, const std::vector<float> &)> &record) {
  const auto books = static_cast<size_t>(state.info.language_model.codebooks);
  const auto stream = state.language_model->make_state();
  std::vector<std::vector<float>> logits;
  auto text = static_cast<int32_t>(state.info.language_model.text_start);
  for (size_t position = 0; position <= codes.size() / books; ++position) {
    const ops::Trace trace = [&](const std::string &name, const ops::Tensor &value) {
      const std::vector<float> values = state.operations->download(value);
      if (name == "lm.logits") {
        logits.push_back(values);
      } else if (record) {
        record(static_cast<int64_t>(position), name, values);
      }
    };
    const auto heard = position == 0 ? std::span<const int32_t>()
                                     : std::span(codes).subspan((position - 1) * books, books);
    const lm::StepInput input{stream.get(), text, heard};
    const auto choices =
        state.language_model->step({&input, 1}, lm::LanguageModel::Output::Tokens, trace);
    ck_assert_uint_eq(choices.size(), 1);
    text = tokens_to_feed[position];
  }
  return logits;
}

TEST(language_model_stages) {
  const auto model = load_model(golden("hf-f32"));
  const Expected expected("hf-f32");
  int compared = 0;
  const auto record = [&](int64_t position, const std::string &name,
                          const std::vector<float> &values) {
    const std::string full = "speech4.free.p" + std::to_string(position) + "." + name;
    if (expected.has(full)) {
      assert_near(full, values, expected.floats(full), expected.tolerance(full));
      ++compared;
    }
  };
  const auto logits = run_language_model(model->state(), expected.integers("speech4.codes"),
                                         expected.integers("speech4.free.tokens"), record);
  ck_assert_int_eq(compared, 6 * 5);
  std::vector<float> all;
  for (const auto &row : logits) {
    all.insert(all.end(), row.begin(), row.end());
  }
  assert_near("logits", all, expected.floats("speech4.free.logits"),
              expected.tolerance("speech4.free.logits"));
}

TEST(logits_of_every_checkpoint) {
  for (const char *name : {"hf-f32", "hf-bf16", "hf-window1"}) {
    const auto model = load_model(golden(name));
    const Expected expected(name);
    int compared = 0;
    for (const std::string recording : {"speech4", "long7"}) {
      for (const std::string run : {"free", "forced"}) {
        const std::string tensor = recording + "." + run + ".logits_every10";
        if (!expected.has(tensor)) {
          continue;
        }
        const auto logits =
            run_language_model(model->state(), expected.integers(recording + ".codes"),
                               expected.integers(recording + "." + run + ".tokens"), nullptr);
        std::vector<float> every10;
        for (size_t position = 0; position < logits.size(); position += 10) {
          every10.insert(every10.end(), logits[position].begin(), logits[position].end());
        }
        assert_near(std::string(name) + " " + tensor, every10, expected.floats(tensor),
                    expected.tolerance(tensor));
        ++compared;
      }
    }
    ck_assert_int_ge(compared, 1);
  }
}

TEST(bf16_logits_stay_near) {
  // transformers' own bfloat16 arithmetic is within 0.29 of the exact logits (range about 22).
  kyutaistt::ModelOptions options;
  options.precision = kyutaistt::Precision::Bf16;
  const auto model = load_model(golden("hf-bf16"), options);
  const Expected expected("hf-bf16");
  const auto logits = run_language_model(model->state(), expected.integers("speech4.codes"),
                                         expected.integers("speech4.free.tokens"), nullptr);
  std::vector<float> every10;
  for (size_t position = 0; position < logits.size(); position += 10) {
    every10.insert(every10.end(), logits[position].begin(), logits[position].end());
  }
  assert_near("bf16 logits", every10, expected.floats("speech4.free.logits_every10"), 0.5);
}

}  // namespace
