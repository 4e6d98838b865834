// SPDX-License-Identifier: LGPL-2.1-or-later
/// The words of a stream with their final ends.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/events.h>

namespace kyutaistt::program {

/// Collects them from events. Not thread-safe.
class HeardWords {
 public:
  void add(const Event &event);
  /// Each `end` is that of its `WordEnd`, or the end of its last piece if there was none.
  const std::vector<Word> &words() const { return words_; }
  /// All words with a space between them.
  std::string text() const;

 private:
  std::vector<Word> words_;
};

}  // namespace kyutaistt::program
