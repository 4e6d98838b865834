// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a transcript makes of a stream's events.
#include <string>
#include <vector>

#include "program/transcript.h"
#include "support/suite.h"

namespace {

using kyutaistt::Event;
using kyutaistt::Progress;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::program::Details;
using kyutaistt::program::Format;
using kyutaistt::program::make_transcript;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_equal;
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

/// What became final with each of these: two words, 0.8 s apart, of which the first is shown a
/// while longer, the time that passes, and the end. The second word's end does not come.
std::vector<std::string> parts_of_two_words(Format format) {
  const auto transcript = make_transcript(format, Details());
  std::vector<std::string> parts;
  for (const Event &event :
       {Event(Progress{milliseconds(0)}),
        Event(word(0, "Rain", milliseconds(0), milliseconds(400))),
        Event(WordEnd{0, milliseconds(1040)}), Event(Progress{milliseconds(1120)}),
        Event(word(1, "later", milliseconds(1200), milliseconds(1600)))}) {
    transcript->add(event);
    parts.push_back(transcript->take());
  }
  transcript->finish({milliseconds(2000), ""});
  parts.push_back(transcript->take());
  return parts;
}

void assert_parts(Format format, const std::vector<std::string> &expected) {
  assert_equal(parts_of_two_words(format), expected);
}

TEST(words_come_one_by_one) {
  assert_parts(Format::Text, {"", "Rain", "", "", " later", "\n"});
}

TEST(a_cue_comes_when_its_end_is_known) {
  // The pause is measured from the word's last piece.
  const std::string first = "00:00:00,000 --> 00:00:01,040\nRain\n\n";
  const std::string second = "00:00:01,200 --> 00:00:02,033\nlater\n\n";
  assert_parts(Format::Srt, {"", "", "", "", "1\n" + first, "2\n" + second});
}

TEST(the_header_of_web_vtt_comes_with_the_first_audio) {
  const std::string first = "00:00:00.000 --> 00:00:01.040\nRain\n\n";
  const std::string second = "00:00:01.200 --> 00:00:02.033\nlater\n\n";
  assert_parts(Format::Vtt, {"WEBVTT\n\n", "", "", "", first, second});
  const auto transcript = make_transcript(Format::Vtt, Details());
  transcript->finish({});
  assert_text(transcript->take(), "WEBVTT\n\n");
}

TEST(json_lines_come_when_a_words_end_is_known) {
  const std::string first = R"({"text":"Rain","start":0.0,"end":1.04,"confidence":1.0})";
  const std::string second = R"({"text":"later","start":1.2,"end":1.6,"confidence":1.0})";
  const std::string last = R"({"model":"","domain":"","duration":2.0,"delay":0.0})";
  assert_parts(Format::JsonLines, {"", "", first + "\n", "", "", second + "\n" + last + "\n"});
}

TEST(json_comes_at_the_end) {
  const auto parts = parts_of_two_words(Format::Json);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    assert_text(parts[i], "");
  }
  assert_text(parts.back(),
              R"({"model":"","domain":"","duration":2.0,"delay":0.0,"words":[)"
              R"({"text":"Rain","start":0.0,"end":1.04,"confidence":1.0},)"
              R"({"text":"later","start":1.2,"end":1.6,"confidence":1.0}],"text":"Rain later"})"
              "\n");
}

TEST(json_tells_of_its_file_and_of_what_went_wrong) {
  Details details;
  details.file = "a.wav";
  for (const Format format : {Format::Json, Format::JsonLines}) {
    const auto transcript = make_transcript(format, details);
    transcript->finish({Time(), "a.wav: is broken"});
    const std::string text = transcript->take();
    assert_contains(text, R"({"file":"a.wav",)");
    assert_contains(text, R"("error":"a.wav: is broken")");
  }
}

}  // namespace
