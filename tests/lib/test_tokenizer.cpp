// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/json_file.h"
#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"
#include "text/piece_joiner.h"
#include "text/tokenizer.h"

namespace {

using kyutaistt::StatusCode;
using kyutaistt::checkpoint::Json;
using kyutaistt::checkpoint::read_json_file;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_refused;
using kyutaistt::tests::golden;
using kyutaistt::tests::TestFolder;
using kyutaistt::text::Piece;
using kyutaistt::text::PieceJoiner;
using kyutaistt::text::Tokenizer;
using TokenizerResult = kyutaistt::Result<std::shared_ptr<const Tokenizer>>;

/// As the tokenizers' own decoders give it: tokens without text are left out, and one leading space
/// is dropped.
std::string plain_text(const Tokenizer &tokenizer, std::span<const int32_t> tokens) {
  PieceJoiner joiner;
  for (const int32_t token : tokens) {
    const Piece piece = tokenizer.piece(token);
    if (piece.kind != Piece::Kind::None) {
      joiner.append(piece);
    }
  }
  std::string text = joiner.take();
  if (text.starts_with(' ')) {
    text.erase(0, 1);
  }
  return text;
}

void assert_decodes(const TokenizerResult &tokenizer, const std::string &cases_path) {
  assert_ok(tokenizer.status());
  const auto file = read_json_file(cases_path);
  assert_ok(file.status());
  ck_assert_uint_gt(file.value()["cases"].size(), 0);
  for (const Json &example : file.value()["cases"]) {
    const auto tokens = example["ids"].get<std::vector<int32_t>>();
    const std::string text = plain_text(*tokenizer.value(), tokens);
    assert_equal(text, example["text"].get<std::string>(), example["about"].get<std::string>());
  }
}

TEST(texts_are_those_of_the_reference) {
  assert_decodes(Tokenizer::from_json_file(golden("tokenizer/tokenizer.json")),
                 golden("tokenizer/tokens.json"));
  assert_decodes(Tokenizer::from_json_file(golden("tokenizer/added/tokenizer.json")),
                 golden("tokenizer/added/tokens.json"));
}

TEST(pieces_say_what_they_are) {
  const auto tokenizer = Tokenizer::from_json_file(golden("tokenizer/added/tokenizer.json"));
  assert_ok(tokenizer.status());
  ck_assert_int_eq(tokenizer.value()->size(), 364);
  ck_assert_str_eq(tokenizer.value()->kind(), "tokenizer.json");
  const auto piece = [&](int32_t token) { return tokenizer.value()->piece(token); };
  for (const int32_t token : {INT32_MIN, -1, 0, 1, 2, 3, 363, 364, INT32_MAX}) {
    assert_equal(piece(token).kind, Piece::Kind::None);
    ck_assert(!piece(token).starts_word());
  }
  assert_equal(piece(199).kind, Piece::Kind::Byte);
  assert_equal(piece(199).text, "\xC3");
  assert_equal(piece(4).kind, Piece::Kind::Byte);
  assert_equal(piece(4).text, std::string_view("\0", 1));
  assert_equal(piece(314).kind, Piece::Kind::Text);
  assert_equal(piece(314).text, " gott");
  ck_assert(piece(314).starts_word());
  assert_equal(piece(261).kind, Piece::Kind::Text);
  assert_equal(piece(261).text, ".");
  ck_assert(!piece(261).starts_word());
  ck_assert(piece(360).starts_word());
}

TEST(a_folder_has_one_tokenizer) {
  const TestFolder folder;
  assert_refused(Tokenizer::load(folder.path(), 400).status(), StatusCode::NotFound,
                 folder.path() + ": has no tokenizer.json and 0 sentencepiece .model files");
  folder.write("a.model", "");
  folder.write("b.model", "");
  assert_refused(Tokenizer::load(folder.path(), 400).status(), StatusCode::NotFound,
                 "has no tokenizer.json and 2 sentencepiece .model files, expected one of them");
  folder.write("tokenizer.json", TestFolder("hf-f32").read("tokenizer.json"));
  const auto json = Tokenizer::load(folder.path(), 400);
  assert_ok(json.status());
  ck_assert_str_eq(json.value()->kind(), "tokenizer.json");
}

TEST(the_tokenizer_of_another_model_is_refused) {
  assert_ok(Tokenizer::load(golden("tokenizer"), 360).status());
  assert_refused(
      Tokenizer::load(golden("tokenizer"), 359).status(), StatusCode::Corrupt,
      "has 360 pieces, but the model has only 359 text tokens: it belongs to another model");
  assert_refused(Tokenizer::load(golden("tokenizer/added"), 363).status(), StatusCode::Corrupt,
                 "has 364 pieces, but the model has only 363 text tokens");
}

TEST(vocabularies_of_merged_pairs_are_read) {
  const TestFolder folder;
  folder.write("tokenizer.json", R"({"model": {"type": "BPE", "merges": [], "vocab":
      {"<unk>": 0, "<s>": 1, "</s>": 2, "<pad>": 3, "\u2581a": 6, "<0x41>": 5, "\u2581\u2581": 8}}})");
  const auto tokenizer = Tokenizer::load(folder.path(), 9);
  assert_ok(tokenizer.status());
  ck_assert_int_eq(tokenizer.value()->size(), 9);
  assert_equal(tokenizer.value()->piece(4).kind, Piece::Kind::None);
  assert_equal(tokenizer.value()->piece(5).text, "A");
  assert_equal(tokenizer.value()->piece(6).text, " a");
  assert_equal(tokenizer.value()->piece(8).text, "  ");
}

TEST(malformed_files_are_refused) {
  struct Case {
    const char *content;
    const char *message;
  };
  const Case cases[] = {
      {"", "tokenizer.json: is empty"},
      {"{", "tokenizer.json: is not JSON"},
      {"[]", "tokenizer.json: found [], expected an object"},
      {"{}", "model: found nothing, expected an object"},
      {R"({"model": []})", "model: found [], expected an object"},
      {R"({"model": {}})", "model: vocab: found nothing, expected a list of pieces"},
      {R"({"model": {"vocab": 1}})", "model: vocab: found 1, expected a list of pieces"},
      {R"({"model": {"vocab": []}})", "model: vocab: found [], expected at least one piece"},
      {R"({"model": {"vocab": ["a"]}})", "vocab: entry 0: expected a piece and its score"},
      {R"({"model": {"vocab": [["a", 0], []]}})", "vocab: entry 1: expected a piece"},
      {R"({"model": {"vocab": [[1, 0]]}})", "vocab: entry 0: expected a piece"},
      {R"({"model": {"type": "WordPiece", "vocab": {"a": 0}}})",
       R"(model: type: found "WordPiece", expected "Unigram" or "BPE")"},
      {R"({"model": {"type": "BPE", "vocab": {"a": -1}}})",
       "vocab: a: found -1, expected an integer"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 99999999}}})", "vocab: a: found 99999999"},
      {R"({"model": {"type": "BPE", "vocab": {"a": 7, "b": 7}}})",
       "vocab: b: found 7, expected an id that no other piece has"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": {}})", "added_tokens: found {}"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": [3]})",
       "added_tokens: found 3, expected an object"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": [{"content": "a"}]})",
       "added_tokens: id: found nothing"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": [{"id": 1}]})",
       "added_tokens: content: found nothing"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": [{"id": 4194304, "content": "a"}]})",
       "added_tokens: id: found 4194304, expected an integer from 0 to 4194303"},
      {R"({"model": {"vocab": [["a", 0]]}, "added_tokens": [{"id": 1, "content": "a", "special": 1}]})",
       "added_tokens: special: found 1, expected true or false"},
  };
  const TestFolder folder;
  for (const Case &broken : cases) {
    folder.write("tokenizer.json", broken.content);
    assert_refused(Tokenizer::load(folder.path(), 1 << 20).status(), StatusCode::Corrupt,
                   broken.message);
  }
  folder.write("tokenizer.json", R"({"model": {"type": "BPE", "vocab": {"a": 0}},
      "decoder": {"type": "Sequence", "decoders": [{"type": "ByteLevel"}]}})");
  assert_refused(Tokenizer::load(folder.path(), 1 << 20).status(), StatusCode::Unsupported,
                 "decoder: found ByteLevel");
}

TEST(synthetic_pieces_are_words) {
  const auto tokenizer = Tokenizer::synthetic(6);
  ck_assert_int_eq(tokenizer->size(), 6);
  ck_assert_str_eq(tokenizer->kind(), "synthetic");
  assert_equal(tokenizer->piece(3).kind, Piece::Kind::None);
  assert_equal(tokenizer->piece(5).text, " word5");
  ck_assert(tokenizer->piece(5).starts_word());
}

}  // namespace
