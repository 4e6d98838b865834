// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "captions/cue_format.h"
#include "captions/cue_shaper.h"
#include "captions/lines.h"
#include "support/suite.h"

namespace {

using kyutaistt::Progress;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::captions::break_lines;
using kyutaistt::captions::Cue;
using kyutaistt::captions::cue_shape_of;
using kyutaistt::captions::CuePreset;
using kyutaistt::captions::CueShape;
using kyutaistt::captions::CueShaper;
using kyutaistt::captions::Escapes;
using kyutaistt::captions::fits_lines;
using kyutaistt::captions::join_lines;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_at_most;
using kyutaistt::tests::assert_begins;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_greater;
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

using Texts = std::vector<std::string>;

TEST(lines_are_balanced) {
  assert_equal(break_lines({"one", "two", "three", "four", "five"}, 20),
               Texts({"one two three", "four five"}));
  assert_equal(break_lines({"a", "b", "c", "d", "e", "f"}, 4), Texts({"a b", "c d", "e f"}));
  assert_equal(break_lines({"one", "two"}, 20), Texts({"one two"}));
  ck_assert(!fits_lines({"far", "too", "many", "words"}, 8, 1));
}

TEST(lines_end_with_clauses_where_they_stay_balanced) {
  assert_equal(
      break_lines({"Hiti", "fimmtán", "til", "tuttugu", "stig,", "kaldast", "á", "Vestfjörðum."},
                  37),
      Texts({"Hiti fimmtán til tuttugu stig,", "kaldast á Vestfjörðum."}));
  assert_equal(
      break_lines({"Já,", "hiti", "fimmtán", "til", "tuttugu", "stig", "á", "Vestfjörðum."}, 37),
      Texts({"Já, hiti fimmtán til", "tuttugu stig á Vestfjörðum."}));
  // Never by taking one more line.
  assert_equal(break_lines({"aaaa,", "bbbb", "cccc,", "dddd"}, 15),
               Texts({"aaaa, bbbb", "cccc, dddd"}));
}

TEST(characters_are_counted_not_bytes) {
  // 20 characters of two bytes each, and two words of ten.
  const std::string ten = "ððððððððð\u00F0";
  ck_assert(fits_lines({ten, ten}, 21, 1));
  ck_assert(!fits_lines({ten, ten}, 20, 1));
  ck_assert_uint_eq(break_lines({ten, ten}, 21).size(), 1);
  ck_assert_uint_eq(break_lines({ten, ten}, 20).size(), 2);
}

TEST(a_word_longer_than_a_line_stands_alone) {
  CueShaper shaper{CueShape{.columns = 8, .lines = 1}};
  say(shaper, {"a", "kjarnorkuver", "b"}, Time(0));
  shaper.finish();
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 3);
  assert_text(cues[1].lines[0], "kjarnorkuver");
}

TEST(sentences_and_pauses_break) {
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

/// The cues of words that come one after the other.
Texts cues_of(const Texts &words, const CueShape &shape) {
  CueShaper shaper{shape};
  say(shaper, words, Time(0));
  shaper.finish();
  Texts texts;
  for (const Cue &cue : shaper.take()) {
    texts.push_back(join_lines(cue));
  }
  return texts;
}

/// The same, each word ready to end a cue.
Texts cues_of(const Texts &words) {
  return cues_of(words, CueShape{.minimum_duration = Time()});
}

TEST(a_full_stop_within_a_sentence_does_not_break) {
  assert_equal(cues_of({"Hinn", "17.", "júní", "er", "frí."}), Texts({"Hinn 17. júní er frí."}));
  assert_equal(cues_of({"Hér", "er", "t.d.", "hús."}), Texts({"Hér er t.d. hús."}));
  assert_equal(cues_of({"Komdu", "kl.", "12", "heim."}), Texts({"Komdu kl. 12 heim."}));
  assert_equal(cues_of({"Well...", "maybe\u2026", "no."}), Texts({"Well... maybe\u2026 no."}));
  assert_equal(cues_of({"So-called", "approx.", "\u201Eáætlað\u201C"}),
               Texts({"So-called approx. \u201Eáætlað\u201C"}));
  assert_equal(cues_of({"Hér", "er", "dr.", "Jón."}), Texts({"Hér er dr. Jón."}));
  assert_equal(cues_of({"\"Mrs.", "Smith", "and", "Prof.", "Jones.\""}),
               Texts({"\"Mrs. Smith and Prof. Jones.\""}));
  assert_equal(cues_of({"Á.", "J.", "Jónsson."}), Texts({"Á. J. Jónsson."}));
  assert_equal(cues_of({"Í", "St.", "Malo."}), Texts({"Í St. Malo."}));
  assert_equal(cues_of({"Það", "er", "5.", "Hitt", "best."}), Texts({"Það er 5.", "Hitt best."}));
  // The first and the last lower-case letter of each block of two bytes, and what has no case.
  for (const char *lower : {"ß", "ö", "ø", "ÿ", "ā", "œ", "ĸ", "ł", "ň", "ŉ", "ŷ", "ź", "ž", "ſ"}) {
    assert_equal(cues_of({"aa.", lower}).size(), 1, lower);
  }
  for (const char *other :
       {"Á", "Þ", "÷", "Ā", "Œ", "Ķ", "Ł", "Ň", "Ŋ", "Ÿ", "Ź", "Ž", "ƀ", "–", "\xC3"}) {
    assert_equal(cues_of({"aa.", other}).size(), 2, other);
  }
}

TEST(the_end_of_a_sentence_breaks_whatever_closes_it) {
  for (const std::string close : {"\"", "'", ")", "\u201C", "\u201D", "\u2018", "\u2019", "\u00BB",
                                  ".\u201D", "\u2019\u201D)"}) {
    for (const std::string mark : {".", "?", "!", "\u2026"}) {
      const std::string last = "fór" + mark + close;
      assert_equal(cues_of({"Hann", last, "Áfram"}), Texts({"Hann " + last, "Áfram"}), last);
    }
  }
  assert_equal(cues_of({"Hvað?", "spurði", "hann."}), Texts({"Hvað?", "spurði hann."}));
  assert_equal(cues_of({"Hann", "fór.", "\u201EÉg", "líka.\u201C"}),
               Texts({"Hann fór.", "\u201EÉg líka.\u201C"}));
  assert_equal(cues_of({"\u201EHús\u201C", "Annað"}), Texts({"\u201EHús\u201C Annað"}));
}

/// The same, where a cue has two lines of ten characters.
Texts narrow_cues_of(const Texts &words) {
  return cues_of(words, CueShape{.columns = 10, .lines = 2});
}

TEST(a_full_cue_ends_after_its_last_clause) {
  assert_equal(narrow_cues_of({"aaa", "bbb", "ccc,", "ddd", "eee", "fff"}),
               Texts({"aaa bbb\nccc,", "ddd\neee fff"}));
  assert_equal(narrow_cues_of({"aa", "bb", "cc", "dd;", "ee:", "ffffff", "gg"}),
               Texts({"aa bb cc\ndd; ee:", "ffffff gg"}));
  // But half of it stays together, and what is left must have room for the next word.
  assert_equal(narrow_cues_of({"aaa,", "bbb", "ccc", "ddd", "eee", "fff"}),
               Texts({"aaa, bbb\nccc ddd", "eee fff"}));
  assert_equal(narrow_cues_of({"a", "b", "c,", "ddd", "eeeeeeeeee", "f"}),
               Texts({"a b c, ddd\neeeeeeeeee", "f"}));
}

TEST(what_a_full_cue_leaves_keeps_its_times) {
  CueShaper shaper{CueShape{.columns = 10, .lines = 2}};
  say(shaper, {"aaa", "bbb", "ccc,", "ddd", "eee", "fff"}, Time(0));
  const std::vector<Cue> first = shaper.take();
  ck_assert_uint_eq(first.size(), 1);
  ck_assert_int_eq(first[0].end.count(), Time(milliseconds(1100)).count());
  ck_assert_int_eq(shaper.pending_start().value().count(), Time(milliseconds(1200)).count());
  shaper.finish();
  const std::vector<Cue> rest = shaper.take();
  ck_assert_uint_eq(rest.size(), 1);
  ck_assert_int_eq(rest[0].start.count(), Time(milliseconds(1200)).count());
  ck_assert_int_eq(rest[0].end.count(), Time(milliseconds(2300)).count());
}

TEST(cues_never_overlap_and_stay_long_enough) {
  CueShaper shaper{CueShape{.columns = 10, .lines = 1, .gap = milliseconds(40)}};
  for (int i = 0; i < 50; ++i) {
    say(shaper, {"word" + std::to_string(i), "x."}, milliseconds(370) * i);
  }
  shaper.finish();
  Time last_end{};
  for (const Cue &cue : shaper.take()) {
    assert_at_least(cue.start, last_end);
    assert_greater(cue.end, cue.start);
    last_end = cue.end;
  }
}

TEST(a_cue_is_ready_as_soon_as_silence_shows_its_end) {
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

/// Adds a word as the recogniser reports it: what nobody speaks in belongs to it for a while.
void report(CueShaper &shaper, const std::string &text, milliseconds start, milliseconds end,
            milliseconds shown_until) {
  Word word;
  word.text = text;
  word.start = start;
  word.end = end;
  shaper.add(word);
  shaper.add(WordEnd{0, shown_until});
}

TEST(a_pause_is_measured_from_the_last_piece) {
  CueShaper shaper{CueShape()};
  report(shaper, "Before", milliseconds(0), milliseconds(400), milliseconds(1040));
  report(shaper, "after", milliseconds(1200), milliseconds(1600), milliseconds(2240));
  shaper.add(Progress{milliseconds(2400)});
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 2);
  assert_text(cues[0].lines[0], "Before");
}

/// The text of all cues.
Texts texts_of(CueShaper &shaper) {
  Texts texts;
  for (const Cue &cue : shaper.take()) {
    texts.push_back(join_lines(cue));
  }
  return texts;
}

TEST(a_mark_stays_with_its_word) {
  for (const std::string mark : {"?", "!", ".", ",", "?!", "...", "\u2026", "\u00BB"}) {
    // In the line, in the cue that it makes too long, and after a pause.
    CueShape shape;
    shape.columns = 10;
    for (const int lines : {1, 2}) {
      shape.lines = lines;
      CueShaper shaper(shape);
      say(shaper, {"five5", "four", mark, "next"}, milliseconds(0));
      shaper.finish();
      const std::string cue = texts_of(shaper).front();
      assert_text(cue, lines == 1 ? "five5" : "five5\nfour " + mark);
    }
    CueShaper alone{shape};
    say(alone, {"four"}, milliseconds(0));
    say(alone, {mark}, milliseconds(1500));
    alone.finish();
    assert_equal(texts_of(alone), Texts({"four " + mark}));
    // The cue takes no more words, but is still shown.
    shape.word_duration = milliseconds(2000);
    CueShaper closed{shape};
    say(closed, {"five5", "four4"}, milliseconds(0));
    closed.add(Progress{milliseconds(1600)});
    say(closed, {mark, "next"}, milliseconds(1600));
    closed.finish();
    assert_text(texts_of(closed).front(), "five5\nfour4 " + mark);
  }
}

TEST(a_mark_by_itself_is_no_cue) {
  CueShaper shaper{CueShape()};
  say(shaper, {"?"}, milliseconds(0));
  say(shaper, {"four"}, milliseconds(400));
  shaper.add(Progress{milliseconds(5000)});
  assert_equal(texts_of(shaper), Texts({"four"}));
  say(shaper, {"!", "next"}, milliseconds(5000));
  shaper.finish();
  assert_equal(texts_of(shaper), Texts({"next"}));
}

TEST(what_may_open_is_a_word_of_its_own) {
  for (const std::string word :
       {"\"", "'", "(", "\u00BF", "\u201E", "-", "\u2013", "%", "a?", "7."}) {
    CueShaper shaper{CueShape()};
    say(shaper, {word}, milliseconds(0));
    shaper.finish();
    assert_equal(texts_of(shaper), Texts({word}));
  }
}

TEST(no_cue_stays_longer_than_the_maximum) {
  // Many short words would want longer to be read.
  CueShaper shaper{CueShape{.maximum_duration = std::chrono::seconds(2)}};
  say(shaper, {"a", "b", "c", "d"}, Time(0));
  // Nor does the silence after the last word make it longer.
  report(shaper, "e", milliseconds(1600), milliseconds(1900), milliseconds(2540));
  shaper.finish();
  const std::vector<Cue> cues = shaper.take();
  ck_assert_uint_eq(cues.size(), 1);
  ck_assert_int_eq(cues[0].end.count(), Time(std::chrono::seconds(2)).count());
}

/// A speaker of invented words, whose recognition is reported in steps of 80 ms. Collects the cues,
/// and checks that each comes as soon as it must.
class Speaker {
 public:
  Speaker(unsigned seed, const CueShape &shape) : random_(seed), shape_(shape), shaper_(shape) {}

  void speak(int words) {
    for (int i = 0; i < words; ++i) {
      Word word;
      const char letter = one_in(2) ? 'A' : 'a';
      word.text = std::string(static_cast<size_t>(between(1, 14)), letter) + (one_in(6)   ? "."
                                                                              : one_in(6) ? ","
                                                                                          : "");
      text_ += (text_.empty() ? "" : " ") + word.text;
      word.start = now_;
      word.end = now_ + milliseconds(between(80, 500));
      shaper_.add(word);
      take();
      const Time next = word.end + milliseconds(one_in(8) ? between(800, 9000) : between(0, 300));
      const Time end = std::min(next, word.end + milliseconds(640));
      for (; now_ + milliseconds(80) < next; now_ += milliseconds(80)) {
        if (now_ >= end) {
          shaper_.add(WordEnd{0, end});
        }
        shaper_.add(Progress{now_});
        take();
      }
      shaper_.add(WordEnd{0, end});
      now_ = next;
    }
    shaper_.finish();
    take();
  }

  const std::vector<Cue> &cues() const { return cues_; }
  const std::string &text() const { return text_; }

 private:
  int between(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random_);
  }
  bool one_in(int count) { return between(1, count) == 1; }

  void take() {
    for (Cue &cue : shaper_.take()) {
      const Time budget = shape_.maximum_duration + shape_.gap + milliseconds(160);
      assert_at_most(now_ - cue.start, budget);
      cues_.push_back(std::move(cue));
    }
    // What comes later does not begin before what is said to be waiting.
    ck_assert(cues_.empty() || shaper_.pending_start().value_or(now_) >= cues_.back().start);
  }

  std::mt19937 random_;
  const CueShape shape_;
  CueShaper shaper_;
  Time now_{};
  std::string text_;
  std::vector<Cue> cues_;
};

/// What docs/captions.md promises of a cue and the one before it.
void check_cue(const Cue &cue, const Cue *before, const CueShape &shape) {
  constexpr Time shortest = milliseconds(100);
  const Time duration = cue.end - cue.start;
  assert_at_least(duration, shortest);
  assert_at_most(duration, shape.maximum_duration);
  ck_assert_uint_le(cue.lines.size(), static_cast<size_t>(shape.lines));
  for (const std::string &line : cue.lines) {
    ck_assert_uint_le(line.size(), static_cast<size_t>(shape.columns));
  }
  if (before == nullptr) {
    return;
  }
  assert_at_least(cue.start, before->end);
  const bool has_room = before->end - before->start > shortest;
  ck_assert(!has_room || cue.start >= before->end + shape.gap);
}

/// A cue that nothing follows closely has the time that it takes to read it.
void check_reading_time(const Cue &cue, const Cue &next, const CueShape &shape) {
  int64_t words = 0;
  for (const std::string &line : cue.lines) {
    words += 1 + std::count(line.begin(), line.end(), ' ');
  }
  const Time wanted = std::min(std::max(shape.minimum_duration, shape.word_duration * words),
                               shape.maximum_duration);
  const bool is_cut = next.start - cue.end <= shape.gap;
  ck_assert(is_cut || cue.end - cue.start >= wanted);
}

TEST(cues_of_any_speech_keep_their_shape) {
  for (const CuePreset preset : {CuePreset::Default, CuePreset::Bbc, CuePreset::Netflix,
                                 CuePreset::Cea608, CuePreset::Live}) {
    const CueShape shape = cue_shape_of(preset);
    for (unsigned seed = 0; seed < 200; ++seed) {
      Speaker speaker(seed, shape);
      speaker.speak(120);
      const std::vector<Cue> &cues = speaker.cues();
      std::string text;
      for (size_t i = 0; i < cues.size(); ++i) {
        check_cue(cues[i], i == 0 ? nullptr : &cues[i - 1], shape);
        if (i + 1 < cues.size()) {
          check_reading_time(cues[i], cues[i + 1], shape);
        }
        for (const std::string &line : cues[i].lines) {
          text += (text.empty() ? "" : " ") + line;
        }
      }
      assert_text(text, speaker.text());
    }
  }
}

TEST(formats) {
  const Cue cue{milliseconds(3723004), milliseconds(3725500), {"salt & <pepper>", "two"}};
  assert_text(format_webvtt(cue, Escapes::Standard),
              "01:02:03.004 --> 01:02:05.500\nsalt &amp; &lt;pepper&gt;\ntwo\n\n");
  assert_text(format_webvtt(cue, Escapes::Subparse),
              "01:02:03.004 --> 01:02:05.500\nsalt & \u2039pepper\u203A\ntwo\n\n");
  assert_text(format_subrip(cue, 7, Escapes::Standard),
              "7\n01:02:03,004 --> 01:02:05,500\nsalt & <pepper>\ntwo\n\n");
  assert_text(format_subrip(cue, 7, Escapes::Subparse),
              "7\n01:02:03,004 --> 01:02:05,500\nsalt & \u2039pepper\u203A\ntwo\n\n");
  assert_begins(format_subrip(cue, 9999, Escapes::Subparse), "9999\n");
  assert_begins(format_subrip(cue, 10000, Escapes::Subparse), "1\n");
}

}  // namespace
