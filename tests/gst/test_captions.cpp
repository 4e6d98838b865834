// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string>
#include <vector>

#include "captions/cue_format.h"
#include "captions/cue_shaper.h"
#include "support/suite.h"

namespace {

using kyutaistt::Progress;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::captions::break_lines;
using kyutaistt::captions::Cue;
using kyutaistt::captions::CueShape;
using kyutaistt::captions::CueShaper;
using kyutaistt::captions::Escapes;
using kyutaistt::tests::assert_text;
using std::chrono::milliseconds;

/// Feeds words of 300 ms that begin every 400 ms from `start` on.
void say(CueShaper &shaper, const std::vector<std::string> &words, Time start) {
  for (const std::string &text : words) {
    Word word;
    word.text = text;
    word.start = start;
    word.end = start + milliseconds(300);
    shaper.add(word);
    shaper.add(WordEnd{0, word.end});
    start += milliseconds(400);
  }
}

START_TEST(lines_are_balanced) {
  const auto lines = break_lines({"one", "two", "three", "four", "five"}, 20, 2);
  ck_assert_uint_eq(lines.size(), 2);
  assert_text(lines[0], "one two three");
  assert_text(lines[1], "four five");
  ck_assert(break_lines({"far", "too", "many", "words"}, 8, 1).empty());
}
END_TEST

START_TEST(characters_are_counted_not_bytes) {
  // 20 characters of two bytes each, and two words of ten.
  const std::string ten = "ððððððððð\u00F0";
  ck_assert_uint_eq(break_lines({ten, ten}, 21, 1).size(), 1);
  ck_assert(break_lines({ten, ten}, 20, 1).empty());
}
END_TEST

START_TEST(a_word_longer_than_a_line_stands_alone) {
  CueShaper shaper{CueShape{.columns = 8, .lines = 1}};
  say(shaper, {"a", "kjarnorkuver", "b"}, Time(0));
  shaper.finish();
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 3);
  assert_text(cues[1].lines[0], "kjarnorkuver");
}
END_TEST

START_TEST(sentences_and_pauses_break) {
  CueShaper shaper{CueShape()};
  say(shaper, {"First", "sentence", "here.", "Second", "one"}, Time(0));
  say(shaper, {"later"}, std::chrono::seconds(10));
  shaper.finish();
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 3);
  assert_text(cues[0].lines[0], "First sentence here.");
  assert_text(cues[1].lines[0], "Second one");
  assert_text(cues[2].lines[0], "later");
  ck_assert_int_eq(cues[2].start.count(),
                   std::chrono::nanoseconds(std::chrono::seconds(10)).count());
}
END_TEST

START_TEST(cues_never_overlap_and_stay_long_enough) {
  CueShaper shaper{CueShape{.columns = 10, .lines = 1, .gap = milliseconds(40)}};
  for (int i = 0; i < 50; ++i) {
    say(shaper, {"word" + std::to_string(i), "x."}, milliseconds(370) * i);
  }
  shaper.finish();
  Time last_end{};
  for (const Cue &cue : shaper.take()) {
    ck_assert(cue.start >= last_end);
    ck_assert(cue.end > cue.start);
    last_end = cue.end;
  }
}
END_TEST

START_TEST(a_cue_is_ready_as_soon_as_silence_shows_its_end) {
  CueShaper shaper{CueShape()};
  say(shaper, {"Alone"}, Time(0));
  shaper.add(Progress{milliseconds(700)});
  ck_assert_uint_eq(shaper.take().size(), 0);
  ck_assert_int_eq(shaper.pending_start().value().count(), 0);
  shaper.add(Progress{milliseconds(1100)});
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 1);
  // Extended to the minimum duration.
  ck_assert_int_eq(cues[0].end.count(), Time(milliseconds(833)).count());
  ck_assert(!shaper.pending_start());
}
END_TEST

START_TEST(formats) {
  const Cue cue{milliseconds(3723004), milliseconds(3725500), {"salt & <pepper>", "two"}};
  assert_text(format_webvtt(cue, Escapes::Standard),
              "01:02:03.004 --> 01:02:05.500\nsalt &amp; &lt;pepper&gt;\ntwo\n\n");
  assert_text(format_webvtt(cue, Escapes::Subparse),
              "01:02:03.004 --> 01:02:05.500\nsalt & \u2039pepper\u203A\ntwo\n\n");
  assert_text(format_subrip(cue, 7), "7\n01:02:03,004 --> 01:02:05,500\nsalt & <pepper>\ntwo\n\n");
  ck_assert(format_subrip(cue, 9999).starts_with("9999\n"));
  ck_assert(format_subrip(cue, 10000).starts_with("1\n"));
}
END_TEST

}  // namespace

int main() {
  return kyutaistt::tests::run_suite(
      "captions",
      {lines_are_balanced, characters_are_counted_not_bytes, a_word_longer_than_a_line_stands_alone,
       sentences_and_pauses_break, cues_never_overlap_and_stay_long_enough,
       a_cue_is_ready_as_soon_as_silence_shows_its_end, formats});
}
