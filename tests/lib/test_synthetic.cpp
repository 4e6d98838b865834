// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cmath>

#include "checkpoint/architecture.h"
#include "checkpoint/floats.h"
#include "checkpoint/synthetic.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using kyutaistt::StatusCode;
using kyutaistt::checkpoint::DataType;
using kyutaistt::checkpoint::make_synthetic_model;
using kyutaistt::checkpoint::required_tensors;
using kyutaistt::checkpoint::TensorSpec;
using kyutaistt::checkpoint::to_floats;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;

TEST(presets_have_the_shapes_of_the_real_models) {
  const auto small = make_synthetic_model("1b");
  assert_ok(small.status());
  ck_assert_int_eq(small.value().info.language_model.text_vocabulary, 9323);
  ck_assert_uint_eq(small.value().info.domains.size(), 2);
  ck_assert_int_eq(small.value().info.pad_steps, 12);
  assert_equal(small.value().info.delay_seconds, 5);
  assert_equal(small.value().info.warnings, {});
  // The language model's share is what the published shapes sum to.
  const auto large = make_synthetic_model("2.6b");
  assert_ok(large.status());
  ck_assert(large.value().info.domains.empty());
  uint64_t language_model = 0;
  for (const TensorSpec &spec : required_tensors(large.value().info)) {
    language_model += spec.name.starts_with("codec_model.") ? 0 : spec.elements();
  }
  // 5 234 237 440 bytes of bfloat16 in Kyutai's own layout, and two rows of zeros.
  ck_assert_uint_eq(language_model, 5'234'237'440 / 2 + 2 * 2048);
  assert_refused(make_synthetic_model("7b").status(), StatusCode::NotFound,
                 "synthetic model \"7b\" is unknown: there are tiny, 1b and 2.6b");
}

TEST(weights_have_sane_values) {
  const auto model = make_synthetic_model("tiny");
  assert_ok(model.status());
  for (const TensorSpec &spec : required_tensors(model.value().info)) {
    ck_assert(model.value().tensors->contains(spec.name));
    const auto tensor = model.value().tensors->find(spec.name);
    assert_ok(tensor.status());
    assert_equal(tensor.value().shape, spec.shape);
    ck_assert_uint_eq(static_cast<uint64_t>(tensor.value().elements()), spec.elements());
    assert_equal(tensor.value().type,
                 spec.name.starts_with("codec_model.") ? DataType::F32 : DataType::Bf16, spec.name);
    ck_assert(!find_non_finite(tensor.value()));
    const std::vector<float> values = to_floats(tensor.value());
    ck_assert(std::all_of(values.begin(), values.end(), [](float x) { return std::fabs(x) < 2; }));
    ck_assert(std::any_of(values.begin(), values.end(), [](float x) { return x != 0; }));
    // The same when it is asked for again.
    assert_equal(values, to_floats(model.value().tensors->find(spec.name).value()));
  }
  assert_refused(model.value().tensors->find("none").status(), StatusCode::Corrupt,
                 "synthetic model: has no tensor none");
}

TEST(options_say_how_it_listens) {
  kyutaistt::ModelOptions options;
  options.alignment = kyutaistt::Alignment::DropFirst;
  options.codec_attention = kyutaistt::CodecAttention::Frame;
  const auto model = kyutaistt::Model::synthetic("tiny", options);
  assert_ok(model.status());
  assert_equal(model.value()->info().alignment, options.alignment);
  assert_equal(model.value()->info().codec_attention, options.codec_attention);
}

TEST(the_tiny_preset_is_the_reference_checkpoint) {
  const auto expected =
      kyutaistt::checkpoint::open_model_folder(kyutaistt::tests::golden("hf-f32"), {});
  const auto found = make_synthetic_model("tiny");
  assert_ok(expected.status());
  assert_ok(found.status());
  const auto wanted = required_tensors(expected.value().info);
  const auto made = required_tensors(found.value().info);
  ck_assert(std::equal(wanted.begin(), wanted.end(), made.begin(), made.end(),
                       [](const TensorSpec &a, const TensorSpec &b) {
                         return a.name == b.name && a.shape == b.shape;
                       }));
}

}  // namespace
