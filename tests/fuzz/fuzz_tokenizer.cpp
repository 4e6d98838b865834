// SPDX-License-Identifier: LGPL-2.1-or-later
/// A tokenizer.json, and words made of its pieces: whatever the pieces are, the words are UTF-8.
#include "base/utf8.h"
#include "fuzz_target.h"
#include "text/word_builder.h"

using kyutaistt::text::Tokenizer;
using kyutaistt::text::WordBuilder;
using kyutaistt::text::WordEvent;
using kyutaistt::text::WordStarted;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const kyutaistt::fuzz::InputFolder folder;
  folder.write("tokenizer.json", data, size);
  const auto tokenizer = Tokenizer::load(folder.path(), 1 << 16);
  kyutaistt::fuzz::check_refusal(tokenizer.status());
  if (!tokenizer.ok()) {
    return 0;
  }
  WordBuilder builder(tokenizer.value(), 6, 8);
  std::vector<WordEvent> events;
  for (size_t i = 0; i < size; ++i) {
    builder.push(static_cast<int64_t>(i), data[i], 0.5F, events);
  }
  builder.finish(events);
  for (const WordEvent &event : events) {
    const auto *word = std::get_if<WordStarted>(&event);
    if (word != nullptr && (word->text.empty() || !kyutaistt::base::is_valid_utf8(word->text))) {
      std::abort();
    }
  }
  return 0;
}
