// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/tokenizer.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/guard.h"

namespace kyutaistt::text {

namespace {

/// U+2581, which stands for a space in pieces.
constexpr std::string_view space_mark = "\xE2\x96\x81";

/// The byte that a spelling like <0xC3> stands for, or -1.
int byte_of(std::string_view spelling) {
  constexpr size_t length = 6;
  if (spelling.size() != length || !spelling.starts_with("<0x") || spelling.back() != '>') {
    return -1;
  }
  int value = -1;
  const char *digits = spelling.data() + 3;
  const auto parsed = std::from_chars(digits, digits + 2, value, 16);
  return parsed.ptr == digits + 2 ? value : -1;
}

}  // namespace

Piece Tokenizer::piece(int32_t token) const noexcept {
  if (token < first_text_token || token >= size()) {
    return {};
  }
  const Entry &entry = entries_[static_cast<size_t>(token)];
  return {entry.kind, entry.text};
}

void Tokenizer::set(size_t token, std::string_view spelling) {
  Entry &entry = entries_[token];
  if (const int byte = byte_of(spelling); byte >= 0) {
    entry.kind = Piece::Kind::Byte;
    entry.text = static_cast<char>(byte);
    return;
  }
  entry.kind = spelling.empty() ? Piece::Kind::None : Piece::Kind::Text;
  entry.text.clear();
  while (!spelling.empty()) {
    const size_t mark = std::min(spelling.find(space_mark), spelling.size());
    entry.text += spelling.substr(0, mark);
    spelling.remove_prefix(mark);
    if (!spelling.empty()) {
      entry.text += ' ';
      spelling.remove_prefix(space_mark.size());
    }
  }
}

std::shared_ptr<const Tokenizer> Tokenizer::synthetic(int64_t pieces) {
  std::shared_ptr<Tokenizer> tokenizer(new Tokenizer("synthetic"));
  tokenizer->entries_.resize(static_cast<size_t>(pieces));
  for (size_t token = first_text_token; token < tokenizer->entries_.size(); ++token) {
    tokenizer->set(token, std::string(space_mark) + "word" + std::to_string(token));
  }
  return tokenizer;
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(const std::string &folder,
                                                         int64_t vocabulary) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string path = folder + "/tokenizer.json";
  const bool is_json = fs::exists(path, error);
  if (!is_json) {
    std::vector<std::string> models;
    for (const auto &file : fs::directory_iterator(folder, error)) {
      if (file.path().extension() == ".model") {
        models.push_back(file.path().string());
      }
    }
    if (models.size() != 1) {
      return Status::not_found(folder + ": has no tokenizer.json and " +
                               std::to_string(models.size()) +
                               " sentencepiece .model files, expected one of them");
    }
    path = models.front();
  }
  KYUTAISTT_ASSIGN(tokenizer, is_json ? from_json_file(path) : from_sentencepiece_file(path));
  if (tokenizer->size() > vocabulary) {
    return Status::corrupt(path + ": has " + std::to_string(tokenizer->size()) +
                           " pieces, but the model has only " + std::to_string(vocabulary) +
                           " text tokens: it belongs to another model");
  }
  return tokenizer;
}

}  // namespace kyutaistt::text
