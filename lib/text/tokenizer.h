// SPDX-License-Identifier: LGPL-2.1-or-later
/// Token ids to pieces of text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <kyutaistt/status.h>

namespace kyutaistt::text {

/// Ids with a meaning of their own in every model of the family.
inline constexpr int32_t word_boundary_token = 0;
inline constexpr int32_t pad_token = 3;
/// Ids below this one never carry text.
inline constexpr int32_t first_text_token = 4;

/// What one token contributes to the text.
struct Piece {
  enum class Kind {
    /// Control, special or beyond the tokenizer: no text.
    None,
    /// Ordinary text, U+2581 already turned into a space.
    Text,
    /// One byte of a UTF-8 sequence.
    Byte,
  };
  Kind kind = Kind::None;
  /// Text of the piece; one byte for `Byte`. Valid as long as the tokenizer.
  std::string_view text;

  /// True if the piece begins with a space: it opens a new word.
  bool starts_word() const noexcept { return kind == Kind::Text && text.starts_with(' '); }
};

/// A table of pieces. Threads: immutable, share freely. Cost: a few hundred kilobytes.
class Tokenizer {
 public:
  /// Reads `tokenizer.json` of the folder, else its only sentencepiece `.model` file. `vocabulary`
  /// is the number of text ids of the model: a tokenizer with more pieces belongs to another model.
  static Result<std::shared_ptr<const Tokenizer>> load(const std::string &folder,
                                                       int64_t vocabulary);
  /// From a file of either kind.
  static Result<std::shared_ptr<const Tokenizer>> from_json_file(const std::string &path);
  static Result<std::shared_ptr<const Tokenizer>> from_sentencepiece_file(const std::string &path);
  /// One made-up word for each id, for synthetic models.
  static std::shared_ptr<const Tokenizer> synthetic(int64_t pieces);

  /// "tokenizer.json", "sentencepiece" or "synthetic".
  const char *kind() const noexcept { return kind_; }
  /// Number of ids that this tokenizer knows; ids run from 0.
  int64_t size() const noexcept { return static_cast<int64_t>(entries_.size()); }
  /// Any id is allowed, including negative ones.
  Piece piece(int32_t token) const noexcept;

 private:
  struct Entry {
    Piece::Kind kind = Piece::Kind::None;
    std::string text;
  };

  explicit Tokenizer(const char *kind) : kind_(kind) {}
  /// Sets a token's piece as tokenizers spell it: U+2581 for a space, <0xNN> for a byte.
  void set(size_t token, std::string_view spelling);
  void set_none(size_t token) { entries_[token] = {}; }

  const char *kind_;
  std::vector<Entry> entries_;
};

}  // namespace kyutaistt::text
