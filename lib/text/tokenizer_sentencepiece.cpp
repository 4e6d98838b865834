// SPDX-License-Identifier: LGPL-2.1-or-later
/// Reading a sentencepiece model.
#include "base/file_memory.h"
#include "base/guard.h"
#include "base/module.h"
#include "base/utf8.h"
#include "text/sentencepiece/module.h"
#include "text/tokenizer.h"

namespace kyutaistt::text {

namespace {

/// Far above any tokenizer's.
constexpr size_t max_bytes = size_t{64} << 20;

}  // namespace

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_sentencepiece_file(
    const std::string &path) {
  KYUTAISTT_ASSIGN(content, base::read_file(path, max_bytes));
  KYUTAISTT_ASSIGN(read, base::find_function<KyutaisttReadSentencepiece>(
                             base::sentencepiece_module, path, "kyutaistt_read_sentencepiece"));
  std::vector<std::string> pieces;
  std::string reason;
  if (!read(std::as_bytes(std::span(content)), pieces, reason)) {
    return Status::corrupt(path + ": is no sentencepiece model: " + reason);
  }
  std::shared_ptr<Tokenizer> tokenizer(new Tokenizer("sentencepiece"));
  tokenizer->entries_.resize(pieces.size());
  for (size_t token = 0; token < pieces.size(); ++token) {
    if (!base::is_valid_utf8(pieces[token])) {
      return Status::corrupt(path + ": piece " + std::to_string(token) + " is not UTF-8");
    }
    tokenizer->set(token, pieces[token]);
  }
  return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
}

}  // namespace kyutaistt::text
