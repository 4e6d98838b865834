// SPDX-License-Identifier: LGPL-2.1-or-later
/// Tokenizers that are sentencepiece models.
#include <cstdint>
#include <string>

#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"
#include "text/tokenizer.h"

namespace {

using kyutaistt::StatusCode;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::golden;
using kyutaistt::tests::TestFolder;
using kyutaistt::text::Tokenizer;

/// tokenizer.json was made from tokenizer.model, and is held to the reference's texts.
TEST(both_forms_have_the_same_pieces) {
  const auto json = Tokenizer::from_json_file(golden("tokenizer/tokenizer.json"));
  const auto model = Tokenizer::from_sentencepiece_file(golden("tokenizer/tokenizer.model"));
  assert_ok(json.status());
  assert_ok(model.status());
  assert_equal(model.value()->size(), json.value()->size());
  assert_equal(model.value()->kind(), "sentencepiece");
  for (int32_t token = 0; token < 360; ++token) {
    assert_equal(model.value()->piece(token).kind, json.value()->piece(token).kind);
    assert_equal(model.value()->piece(token).text, json.value()->piece(token).text);
  }
}

TEST(a_folder_may_have_it_instead_of_json) {
  const TestFolder folder;
  folder.write("a.model", TestFolder("tokenizer").read("tokenizer.model"));
  const auto model = Tokenizer::load(folder.path(), 400);
  assert_ok(model.status());
  assert_equal(model.value()->kind(), "sentencepiece");
}

TEST(broken_models_are_refused) {
  const TestFolder folder;
  const std::string whole = TestFolder("tokenizer").read("tokenizer.model");
  const auto load = [&](std::string_view content) {
    folder.write("a.model", content);
    return Tokenizer::load(folder.path(), 400).status();
  };
  assert_ok(load(whole));
  assert_refused(load(""), StatusCode::Corrupt, "a.model: is empty");
  assert_refused(load("no model"), StatusCode::Corrupt, "a.model: is no sentencepiece model");
  assert_refused(load(whole.substr(0, 1000)), StatusCode::Corrupt, "is no sentencepiece model");
  assert_refused(load(std::string(100, '\0')), StatusCode::Corrupt, "is no sentencepiece model");
  std::string spoiled = whole;
  spoiled[spoiled.find("\xC3\xB0")] = '\xFF';
  assert_refused(load(spoiled), StatusCode::Corrupt, "a.model: piece 262 is not UTF-8");
}

}  // namespace
