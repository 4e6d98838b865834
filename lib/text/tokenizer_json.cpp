// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reading tokenizer.json, the form of the Hugging Face tokenizers library.
#include <algorithm>
#include <optional>
#include <unordered_set>

#include "base/guard.h"
#include "checkpoint/json_file.h"
#include "text/tokenizer.h"

namespace kyutaistt::text {

namespace {

using checkpoint::Json;
using checkpoint::JsonObject;

/// Far above any vocabulary; keeps one wild id from asking for gigabytes.
constexpr size_t max_pieces = 1 << 22;

struct Spelling {
  size_t token;
  std::string text;
};

/// The pieces of a Unigram model: a list of [piece, score].
Result<std::vector<Spelling>> read_unigram(const JsonObject &model, const Json &vocabulary) {
  std::vector<Spelling> pieces;
  for (const Json &entry : vocabulary) {
    if (!entry.is_array() || entry.empty() || !entry[0].is_string()) {
      return Status::corrupt(model.where() + ": vocab: entry " + std::to_string(pieces.size()) +
                             ": expected a piece and its score");
    }
    pieces.push_back({pieces.size(), entry[0].get<std::string>()});
  }
  return pieces;
}

/// The pieces of a BPE model: piece to id.
Result<std::vector<Spelling>> read_bpe(const JsonObject &model, const Json &vocabulary) {
  std::vector<Spelling> pieces;
  std::unordered_set<int64_t> taken;
  KYUTAISTT_ASSIGN(entries, JsonObject::of(vocabulary, model.where() + ": vocab"));
  for (const auto &[piece, id] : vocabulary.items()) {
    KYUTAISTT_ASSIGN(token, entries.integer(piece.c_str(), 0, max_pieces - 1));
    if (!taken.insert(token).second) {
      return entries.wrong(piece.c_str(), "an id that no other piece has");
    }
    pieces.push_back({static_cast<size_t>(token), piece});
  }
  return pieces;
}

/// Only kinds whose pieces are text as it is written.
Status check_kind(const JsonObject &file, const JsonObject &model) {
  KYUTAISTT_ASSIGN(type, model.string("type", "Unigram"));
  if (type != "Unigram" && type != "BPE") {
    return model.wrong("type", R"("Unigram" or "BPE")");
  }
  const Json *decoder = file.find("decoder");
  const bool spells_bytes_as_letters =
      decoder != nullptr && decoder->dump().find(R"("ByteLevel")") != std::string::npos;
  return spells_bytes_as_letters
             ? Status::unsupported(file.where() +
                                   ": decoder: found ByteLevel, expected pieces "
                                   "with U+2581 for a space")
             : Status();
}

Result<std::vector<Spelling>> read_pieces(const JsonObject &model) {
  const Json *vocabulary = model.find("vocab");
  if (vocabulary != nullptr && vocabulary->is_array()) {
    return read_unigram(model, *vocabulary);
  }
  if (vocabulary != nullptr && vocabulary->is_object()) {
    return read_bpe(model, *vocabulary);
  }
  return model.wrong("vocab", "a list of pieces with scores, or an object of ids");
}

/// An added token: its id, and its text unless it is special.
struct Added {
  size_t token;
  std::optional<std::string> text;
};

Result<std::vector<Added>> read_added(const JsonObject &file) {
  std::vector<Added> tokens;
  const Json *list = file.find("added_tokens");
  if (list == nullptr) {
    return tokens;
  }
  if (!list->is_array()) {
    return file.wrong("added_tokens", "a list");
  }
  for (const Json &value : *list) {
    KYUTAISTT_ASSIGN(entry, JsonObject::of(value, file.where() + ": added_tokens"));
    KYUTAISTT_ASSIGN(token, entry.integer("id", 0, max_pieces - 1));
    KYUTAISTT_ASSIGN(content, entry.string("content"));
    KYUTAISTT_ASSIGN(special, entry.boolean("special", false));
    tokens.push_back({static_cast<size_t>(token), special ? std::nullopt : std::optional(content)});
  }
  return tokens;
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_json_file(const std::string &path) {
  KYUTAISTT_ASSIGN(json, checkpoint::read_json_file(path));
  KYUTAISTT_ASSIGN(file, JsonObject::of(json, path));
  KYUTAISTT_ASSIGN(model, file.object("model"));
  KYUTAISTT_TRY(check_kind(file, model));
  KYUTAISTT_ASSIGN(pieces, read_pieces(model));
  if (pieces.empty()) {
    return model.wrong("vocab", "at least one piece");
  }
  KYUTAISTT_ASSIGN(added, read_added(file));
  size_t count = 0;
  for (const Spelling &piece : pieces) {
    count = std::max(count, piece.token + 1);
  }
  for (const Added &token : added) {
    count = std::max(count, token.token + 1);
  }
  if (count > max_pieces) {
    return Status::corrupt(path + ": has " + std::to_string(count) + " pieces, at most " +
                           std::to_string(max_pieces) + " are expected");
  }
  std::shared_ptr<Tokenizer> tokenizer(new Tokenizer("tokenizer.json"));
  tokenizer->entries_.resize(count);
  for (const Spelling &piece : pieces) {
    tokenizer->set(piece.token, piece.text);
  }
  for (const Added &token : added) {
    if (token.text) {
      tokenizer->set(token.token, *token.text);
    } else {
      tokenizer->set_none(token.token);
    }
  }
  return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
}

}  // namespace kyutaistt::text
