// SPDX-License-Identifier: LGPL-2.1-or-later
/// The caption that grows by words and rolls up by lines.
#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "captions/cue_format.h"
#include "captions/rolling_caption.h"
#include "support/suite.h"

namespace {

using kyutaistt::Progress;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::captions::Cue;
using kyutaistt::captions::CueShape;
using kyutaistt::captions::join_lines;
using kyutaistt::captions::RollingCaption;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_text;
using std::chrono::milliseconds;
using std::chrono::seconds;

using Texts = std::vector<std::string>;

constexpr milliseconds frame(80);

void say(RollingCaption &caption, const std::string &text, milliseconds start) {
  Word word;
  word.text = text;
  word.start = start;
  word.end = start + 3 * frame;
  caption.add(word);
}

/// What the cues show, each text once.
Texts shown(const std::vector<Cue> &cues) {
  Texts texts;
  for (const Cue &cue : cues) {
    if (const std::string text = join_lines(cue); texts.empty() || texts.back() != text) {
      texts.push_back(text);
    }
  }
  return texts;
}

/// The words, one every 400 ms from 0 on, each recognised 80 ms after its end.
Texts shown_of(RollingCaption &caption, const Texts &words) {
  milliseconds start(0);
  for (const std::string &word : words) {
    say(caption, word, start);
    caption.add(Progress{start + 4 * frame});
    start += 5 * frame;
  }
  caption.finish();
  return shown(caption.take());
}

TEST(each_word_is_added_and_lines_roll_up) {
  RollingCaption caption{CueShape{.columns = 10, .lines = 2}};
  assert_equal(shown_of(caption, {"one", "two", "three", "four", "five,", "six"}),
               Texts({"one", "one two", "one two\nthree", "one two\nthree four",
                      "three four\nfive,", "three four\nfive, six"}));
}

TEST(characters_are_counted_not_bytes) {
  RollingCaption caption{CueShape{.columns = 9, .lines = 1}};
  assert_equal(shown_of(caption, {"ðððð", "ðððð", "ð"}), Texts({"ðððð", "ðððð ðððð", "ð"}));
}

TEST(a_longer_word_stands_alone) {
  RollingCaption caption{CueShape{.columns = 8, .lines = 1}};
  assert_equal(shown_of(caption, {"a", "Vaðlaheiðargöng", "b"}),
               Texts({"a", "Vaðlaheiðargöng", "b"}));
}

TEST(a_mark_stands_after_its_word_or_nowhere) {
  RollingCaption caption{CueShape{.columns = 8, .lines = 2}};
  assert_equal(shown_of(caption, {"?", "Hver", "?", "Tölvan", "?", "Hvað", "er"}),
               Texts({"Hver", "Hver ?", "Hver ?\nTölvan", "Hver ?\nTölvan ?", "Tölvan ?\nHvað",
                      "Tölvan ?\nHvað er"}));
  RollingCaption narrow{CueShape{.columns = 8, .lines = 2}};
  assert_equal(shown_of(narrow, {"Tölvurnar", "?", "já"}), Texts({"Tölvurnar", "Tölvurnar\njá"}));
}

TEST(a_word_is_there_as_soon_as_it_is_known) {
  RollingCaption caption{CueShape()};
  say(caption, "one", milliseconds(400));
  caption.add(Progress{milliseconds(640)});
  assert_equal(shown(caption.take()), Texts({"one"}));
  ck_assert_int_eq(caption.pending_start()->count(), Time(milliseconds(640)).count());
  // Its text has to go on until the next word, which is known only now.
  say(caption, "two", milliseconds(800));
  const std::vector<Cue> before = caption.take();
  ck_assert_uint_eq(before.size(), 1);
  assert_text(join_lines(before[0]), "one");
  ck_assert_int_eq(before[0].end.count(), Time(milliseconds(800)).count());
  caption.add(Progress{milliseconds(1040)});
  assert_equal(shown(caption.take()), Texts({"one two"}));
}

TEST(a_pause_clears) {
  RollingCaption caption{CueShape{.maximum_duration = seconds(2)}};
  say(caption, "one", milliseconds(400));
  for (milliseconds now(640); now < seconds(4); now += frame) {
    caption.add(Progress{now});
  }
  const std::vector<Cue> cues = caption.take();
  assert_equal(shown(cues), Texts({"one"}));
  ck_assert_int_eq(cues.back().end.count(), Time(milliseconds(2400)).count());
  ck_assert(!caption.pending_start());
  // Repeated, but not with every frame.
  ck_assert_uint_le(cues.size(), 13);
  say(caption, "two", seconds(5));
  caption.finish();
  const std::vector<Cue> after = caption.take();
  assert_equal(shown(after), Texts({"two"}));
  ck_assert_int_eq(after[0].start.count(), Time(seconds(5)).count());
}

TEST(words_that_come_at_once_are_shown_at_once) {
  RollingCaption caption{CueShape()};
  say(caption, "one", milliseconds(400));
  say(caption, "two", milliseconds(400));
  say(caption, "three", milliseconds(410));
  caption.add(Progress{milliseconds(640)});
  const std::vector<Cue> cues = caption.take();
  assert_equal(shown(cues), Texts({"one two three"}));
  ck_assert_int_eq(cues[0].start.count(), Time(milliseconds(400)).count());
}

TEST(the_last_text_can_be_read) {
  RollingCaption caption{CueShape()};
  say(caption, "one", milliseconds(400));
  caption.finish();
  const std::vector<Cue> cues = caption.take();
  ck_assert_int_eq(cues.back().end.count(), Time(milliseconds(1233)).count());
  // The same end, wherever recognition had got to before.
  RollingCaption other{CueShape()};
  say(other, "one", milliseconds(400));
  other.add(Progress{milliseconds(1200)});
  other.finish();
  ck_assert_int_eq(other.take().back().end.count(), Time(milliseconds(1233)).count());
  // A late end is later still, and what follows begins anew.
  say(caption, "two", milliseconds(2000));
  caption.add(WordEnd{0, milliseconds(3000)});
  caption.finish();
  const std::vector<Cue> last = caption.take();
  assert_equal(shown(last), Texts({"two"}));
  ck_assert_int_eq(last.back().end.count(), Time(milliseconds(3000)).count());
}

TEST(another_shape_holds_from_the_next_word_on) {
  RollingCaption caption{CueShape{.columns = 20, .lines = 2}};
  say(caption, "one", milliseconds(0));
  say(caption, "two", milliseconds(400));
  caption.change_shape(CueShape{.columns = 8, .lines = 1});
  say(caption, "three", milliseconds(800));
  caption.finish();
  assert_equal(shown(caption.take()), Texts({"one", "one two", "three"}));
}

/// The last word of a text.
std::string newest_of(const Cue &cue) {
  const std::string &line = cue.lines.back();
  return line.substr(line.rfind(' ') + 1);
}

/// The second shows what the first does with words after it, each line in its place or up to
/// `max_rolled` lines further up.
bool continues(const Cue &first, const Cue &second, size_t max_rolled) {
  for (size_t rolled = 0; rolled <= std::min(max_rolled, first.lines.size()); ++rolled) {
    bool same = first.lines.size() - rolled <= second.lines.size();
    for (size_t line = rolled; same && line < first.lines.size(); ++line) {
      same = second.lines[line - rolled].starts_with(first.lines[line]);
    }
    if (same) {
      return true;
    }
  }
  return false;
}

/// The cues of invented speech, and its words.
struct Speech {
  Speech(RollingCaption &caption, unsigned seed) {
    std::mt19937 random(seed);
    const auto between = [&random](int least, int most) {
      return std::uniform_int_distribution<int>(least, most)(random);
    };
    milliseconds now(0);
    for (int number = 0; number < 200; ++number) {
      words.push_back(std::to_string(number) +
                      std::string(static_cast<size_t>(between(0, 5)), 'a'));
      say(caption, words.back(), now);
      const milliseconds next =
          now + milliseconds(between(0, 8) == 0 ? between(0, 9000) : between(0, 600));
      for (milliseconds at = now + 3 * frame; at < next; at += frame) {
        caption.add(Progress{at});
        // Nobody waits for longer than for two frames.
        assert_at_least(Time(caption.pending_start().value_or(at)), Time(at - 2 * frame));
      }
      now = next;
    }
    caption.finish();
    cues = caption.take();
  }

  std::vector<std::string> words;
  std::vector<Cue> cues;
};

TEST(any_speech_grows_and_rolls_without_a_gap) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    const CueShape shape{.columns = 8 + static_cast<int>(seed % 30),
                         .lines = 1 + static_cast<int>(seed % 4),
                         .maximum_duration = milliseconds(500 + 40 * seed)};
    RollingCaption caption(shape);
    const Speech speech(caption, seed);
    auto word = speech.words.begin();
    const Cue *before = nullptr;
    for (const Cue &cue : speech.cues) {
      ck_assert_uint_le(cue.lines.size(), static_cast<size_t>(shape.lines));
      for (const std::string &line : cue.lines) {
        ck_assert_uint_le(line.size(), static_cast<size_t>(shape.columns));
      }
      const auto newest = std::find(word, speech.words.end(), newest_of(cue));
      // The one that was the newest, or words after it.
      const bool is_repeated = before != nullptr && newest_of(*before) == newest_of(cue);
      ck_assert(is_repeated || newest != speech.words.end());
      const auto added = is_repeated ? 0 : newest + 1 - word;
      word += added;
      ck_assert(cue.end > cue.start);
      if (before != nullptr) {
        assert_at_least(cue.start, before->end);
        const bool is_cleared = cue.start > before->end;
        ck_assert(is_cleared || continues(*before, cue, static_cast<size_t>(added)));
        ck_assert(!is_cleared || before->end - before->start <= shape.maximum_duration);
      }
      before = &cue;
    }
    ck_assert(word == speech.words.end());
  }
}

}  // namespace
