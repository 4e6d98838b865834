// SPDX-License-Identifier: LGPL-2.1-or-later
/// What a transcript makes of a stream's events.
#include <string>
#include <vector>

#include "program/transcript.h"
#include "program/waveform.h"
#include "support/suite.h"

namespace {

using kyutaistt::Event;
using kyutaistt::Progress;
using kyutaistt::sample_rate;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::program::Details;
using kyutaistt::program::Format;
using kyutaistt::program::make_transcript;
using kyutaistt::program::Waveform;
using kyutaistt::tests::assert_between;
using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_differs;
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

TEST(a_page_comes_at_the_end) {
  const auto parts = parts_of_two_words(Format::Html);
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    assert_text(parts[i], "");
  }
  assert_differs(parts.back().find(R"("words":[{"text":"Rain","start":0.0,"end":1.04,)"),
                 std::string::npos);
}

TEST(nothing_on_a_page_is_taken_for_its_markup) {
  Details details;
  details.recording = "<a>&\"'.wav";
  const auto transcript = make_transcript(Format::Html, details);
  transcript->add(word(0, "</script><!--", milliseconds(0), milliseconds(400)));
  transcript->finish({Time(), "a <b> & c"});
  const std::string page = transcript->take();
  const auto between = [&](const std::string &begin, const std::string &end) {
    const size_t first = page.find(begin) + begin.size();
    return page.substr(first, page.find(end, first) - first);
  };
  assert_text(between(R"("words":[{"text":")", "\","), R"(\u003c/script>\u003c!--)");
  assert_text(between("<noscript>", "</noscript>"), "&lt;/script&gt;&lt;!--");
  assert_text(between("<title>", "</title>"), "&lt;a&gt;&amp;&quot;&apos;.wav");
  assert_text(between("role=\"alert\">", "</p>"), "a &lt;b&gt; &amp; c");
}

TEST(a_waveform_keeps_its_peaks_however_long_it_gets) {
  Waveform waveform;
  std::vector<float> second(sample_rate);
  second[10] = -0.5F;
  waveform.add(second, -milliseconds(500));
  assert_equal(waveform.peaks(), std::vector<float>(50));
  waveform.add(second, Time());
  assert_equal(waveform.interval(), milliseconds(10));
  assert_equal(waveform.peaks()[0], 0.5F);
  assert_equal(waveform.peaks()[1], 0.0F);
  // A minute, and after a gap the hundredth hour.
  waveform.add(second, std::chrono::minutes(1));
  waveform.add(second, std::chrono::hours(100));
  const auto peak_at = [&](Time time) { return waveform.peaks()[time / waveform.interval()]; };
  assert_between(waveform.peaks().size(), Waveform::max_peaks / 2, Waveform::max_peaks);
  assert_equal(peak_at(Time()), 0.5F);
  assert_equal(peak_at(std::chrono::hours(50)), 0.0F);
  assert_equal(peak_at(std::chrono::hours(100)), 0.5F);
}

}  // namespace
