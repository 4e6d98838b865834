// SPDX-License-Identifier: LGPL-2.1-or-later
/// Whether a text has begun to repeat itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace kyutaistt::decode {

/// Notices the same few tokens again and again, or one without end. A plain value without thread
/// rules; constant cost and memory.
class RepeatWatch {
 public:
  /// A new context begins. `repeated`: because the last one repeated itself.
  void begin_context(bool repeated) {
    patience_ = repeated ? std::min(2 * patience_, max_patience) : patience_;
    runs_ = {};
    written_ = 0;
    varied_tokens_ = 0;
  }

  /// The next token that is not a pad.
  void write(int32_t token) {
    bool repeats_any = false;
    for (int64_t period = 1; period <= max_period; ++period) {
      int64_t &run = runs_[static_cast<size_t>(period - 1)];
      const bool is_repeated = written_ >= period && before(period) == token;
      run = is_repeated ? run + 1 : 0;
      repeats_any = repeats_any || run >= min_tokens / 2;
    }
    tokens_[static_cast<size_t>(written_ % max_period)] = token;
    ++written_;
    varied_tokens_ = repeats_any ? 0 : varied_tokens_ + 1;
    if (varied_tokens_ >= min_tokens) {
      patience_ = 1;
    }
  }

  /// The last tokens are some that have come six times in a row, and are 24 at least. It takes
  /// twice as many after each context that repeated itself, up to 64 times, until the text varies.
  bool repeats() const noexcept { return may_repeat_within(0); }
  /// Some so many more tokens would make it so.
  bool may_repeat_within(int64_t tokens) const noexcept {
    for (int64_t period = 1; period <= max_period; ++period) {
      const int64_t repeated = runs_[static_cast<size_t>(period - 1)] + period + tokens;
      if (repeated >= patience_ * std::max(min_tokens, min_rounds * period)) {
        return true;
      }
    }
    return false;
  }

 private:
  /// A phrase of some four words.
  static constexpr int64_t max_period = 16;
  static constexpr int64_t min_rounds = 6;
  /// Twelve times the same short word, with the tokens that begin words.
  static constexpr int64_t min_tokens = 24;
  static constexpr int64_t max_patience = 64;

  int32_t before(int64_t period) const {
    return tokens_[static_cast<size_t>((written_ - period) % max_period)];
  }

  /// The last ones, at their number's remainder.
  std::array<int32_t, max_period> tokens_{};
  int64_t written_ = 0;
  /// For each period how many of the last tokens were those of one period before.
  std::array<int64_t, max_period> runs_{};
  /// Tokens since the last that looked like a repetition.
  int64_t varied_tokens_ = 0;
  int64_t patience_ = 1;
};

}  // namespace kyutaistt::decode
