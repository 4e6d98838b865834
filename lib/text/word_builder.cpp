// SPDX-License-Identifier: LGPL-2.1-or-later
#include "text/word_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kyutaistt::text {

namespace {

/// A longer word is cut. No language has one: such a model does not end its words.
constexpr size_t max_word_bytes = 1000;

/// Without surrounding white space; control characters inside count as spaces.
std::string trimmed(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F; }, ' ');
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

WordBuilder::WordBuilder(std::shared_ptr<const Tokenizer> tokenizer, double delay_steps,
                         double cap_steps)
    : tokenizer_(std::move(tokenizer)), delay_(delay_steps), cap_(cap_steps) {}

void WordBuilder::push(int64_t position, int32_t token, float probability,
                       std::vector<WordEvent> &out) {
  next_position_ = position + 1;
  const bool is_boundary = token == word_boundary_token;
  const Piece piece = tokenizer_->piece(token);
  if (piece.kind != Piece::Kind::None) {
    append(position, piece, probability, out);
  } else if (is_boundary || token == pad_token) {
    close_at_gap(position, is_boundary, out);
  }
  if (is_boundary) {
    boundary_ = position;
    end_last(now(), out);
  }
  pass_time(position, out);
}

void WordBuilder::append(int64_t position, const Piece &piece, float probability,
                         std::vector<WordEvent> &out) {
  // A word of spaces only is no word yet: what follows belongs to it.
  if (!open_ || (piece.starts_word() && !open_->text.is_blank()) || is_full(piece)) {
    open_word(position, out);
  }
  open_->text.append(piece);
  open_->last_index = position;
  open_->log_probability += std::log(static_cast<double>(probability));
  ++open_->tokens;
}

bool WordBuilder::is_full(const Piece &piece) const noexcept {
  return open_->text.size() + piece.text.size() > max_word_bytes && !open_->text.awaits_bytes();
}

void WordBuilder::close_at_gap(int64_t position, bool is_boundary, std::vector<WordEvent> &out) {
  if (!open_) {
    return;
  }
  const auto waited = static_cast<double>(position - open_->last_index);
  if (is_boundary || !open_->text.awaits_bytes() || waited > cap_) {
    close_word(out);
  }
}

void WordBuilder::pass_time(int64_t position, std::vector<WordEvent> &out) {
  if (ending_ && now() >= ending_->last_piece + cap_) {
    end_last(now(), out);
  }
  if (boundary_ && static_cast<double>(position - *boundary_) > cap_) {
    boundary_.reset();
  }
}

double WordBuilder::now() const noexcept {
  return static_cast<double>(next_position_) - delay_;
}

void WordBuilder::open_word(int64_t position, std::vector<WordEvent> &out) {
  if (open_) {
    close_word(out);
  }
  const double start = boundary_ ? static_cast<double>(*boundary_ + 1) - delay_
                                 : static_cast<double>(position) - delay_;
  boundary_.reset();
  end_last(start, out);
  open_ = OpenWord{.text = {},
                   .start = std::max({0.0, last_start_, start}),
                   .last_index = position,
                   .log_probability = 0,
                   .tokens = 0};
}

void WordBuilder::close_word(std::vector<WordEvent> &out) {
  OpenWord word = std::move(*open_);
  open_.reset();
  std::string text = trimmed(word.text.take());
  if (text.empty()) {
    return;
  }
  last_start_ = word.start;
  const double last_piece = static_cast<double>(word.last_index + 1) - delay_;
  ending_ = Ending{word.start, last_piece};
  const double confidence = std::exp(word.log_probability / word.tokens);
  out.emplace_back(WordStarted{std::move(text), word.start, std::max(word.start, last_piece),
                               static_cast<float>(confidence)});
}

void WordBuilder::end_last(double limit, std::vector<WordEvent> &out) {
  if (!ending_) {
    return;
  }
  out.emplace_back(
      WordEnded{std::max(ending_->start, std::min(ending_->last_piece + cap_, limit))});
  ending_.reset();
}

void WordBuilder::finish(std::vector<WordEvent> &out) {
  if (open_) {
    close_word(out);
  }
  end_last(std::numeric_limits<double>::infinity(), out);
}

double WordBuilder::settled_until() const noexcept {
  if (open_) {
    return open_->start;
  }
  const double next = static_cast<double>(boundary_ ? *boundary_ + 1 : next_position_) - delay_;
  return std::max(last_start_, next);
}

}  // namespace kyutaistt::text
