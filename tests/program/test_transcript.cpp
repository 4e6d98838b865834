// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a transcript makes of a stream's events.
#include <string>

#include "program/transcript.h"
#include "support/suite.h"

namespace {

using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::program::Format;
using kyutaistt::program::format_transcript;
using kyutaistt::program::Transcript;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_text;
using std::chrono::milliseconds;

Word word(uint64_t index, const char *text, Time start, Time end) {
  Word result;
  result.index = index;
  result.text = text;
  result.start = start;
  result.end = end;
  result.confidence = 1;
  return result;
}

/// Two words, 0.8 s apart, of which the first is shown a while longer; the second's end is not
/// known.
Transcript two_words() {
  Transcript transcript;
  transcript.add(word(0, "Rain", milliseconds(0), milliseconds(400)));
  transcript.add(WordEnd{0, milliseconds(1040)});
  transcript.add(word(1, "later", milliseconds(1200), milliseconds(1600)));
  return transcript;
}

TEST(a_pause_is_measured_from_the_last_piece) {
  assert_text(format_transcript(two_words(), Format::Srt, {}),
              "1\n00:00:00,000 --> 00:00:01,040\nRain\n\n"
              "2\n00:00:01,200 --> 00:00:02,033\nlater\n\n");
}

TEST(json_tells_until_when_a_word_may_be_shown) {
  const std::string json = format_transcript(two_words(), Format::Json, {});
  assert_contains(json, R"("text":"Rain","start":0.0,"end":1.04)");
  assert_contains(json, R"("text":"later","start":1.2,"end":1.6)");
}

}  // namespace
