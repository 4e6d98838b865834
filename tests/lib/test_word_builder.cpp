// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cmath>
#include <initializer_list>

#include "base/utf8.h"
#include "checkpoint/json_file.h"
#include "support/golden.h"
#include "support/suite.h"
#include "text/word_builder.h"

namespace {

using kyutaistt::checkpoint::Json;
using kyutaistt::checkpoint::read_json_file;
using kyutaistt::tests::assert_at_least;
using kyutaistt::tests::assert_equal;
using kyutaistt::tests::assert_lacks;
using kyutaistt::tests::golden;
using kyutaistt::text::Tokenizer;
using kyutaistt::text::WordBuilder;
using kyutaistt::text::WordEnded;
using kyutaistt::text::WordEvent;
using kyutaistt::text::WordStarted;

// Tokens of the reference tokenizer.
constexpr int32_t boundary = 0;
constexpr int32_t pad = 3;
constexpr int32_t space = 260;      // " "
constexpr int32_t full_stop = 261;  // "."
constexpr int32_t good = 314;       // " gott"
constexpr int32_t to = 286;         // " to"
constexpr int32_t thorn[] = {199, 194};
constexpr int32_t newline = 14;

std::shared_ptr<const Tokenizer> tokenizer() {
  const auto result = Tokenizer::from_json_file(golden("tokenizer/tokenizer.json"));
  assert_ok(result.status());
  return result.value();
}

/// A word, and the positions after which its text and its end were known.
struct TimedWord {
  std::string text;
  double start = 0;
  double end = NAN;
  double last_piece = 0;
  float confidence = 0;
  int64_t text_known = 0;
  int64_t end_known = 0;
};

/// Feeds tokens one by one and holds the events against what every caller relies on.
class Run {
 public:
  explicit Run(double delay = 6, double cap = 8) : builder_(tokenizer(), delay, cap) {}

  Run &push(std::initializer_list<int32_t> tokens, float probability = 1) {
    for (const int32_t token : tokens) {
      std::vector<WordEvent> events;
      builder_.push(position_, token, probability, events);
      take(events);
      assert_at_least(builder_.settled_until(), settled_);
      settled_ = builder_.settled_until();
      ++position_;
    }
    return *this;
  }

  Run &finish() {
    std::vector<WordEvent> events;
    builder_.finish(events);
    take(events);
    return *this;
  }

  const std::vector<TimedWord> &words() const { return words_; }
  double settled() const { return settled_; }

 private:
  void take(const std::vector<WordEvent> &events) {
    for (const WordEvent &event : events) {
      if (const auto *started = std::get_if<WordStarted>(&event)) {
        ck_assert_msg(words_.empty() || !std::isnan(words_.back().end), "no end before a word");
        assert_at_least(started->start, settled_, started->text);
        words_.push_back({started->text, started->start, NAN, started->last_piece,
                          started->confidence, position_, 0});
      } else {
        ck_assert_msg(!words_.empty() && std::isnan(words_.back().end), "an end without a word");
        words_.back().end = std::get<WordEnded>(event).end;
        words_.back().end_known = position_;
      }
    }
  }

  WordBuilder builder_;
  int64_t position_ = 0;
  double settled_ = 0;
  std::vector<TimedWord> words_;
};

TEST(words_are_those_of_the_reference) {
  const auto file = read_json_file(golden("tokenizer/timed_words.json"));
  assert_ok(file.status());
  ck_assert_uint_eq(file.value()["cases"].size(), 9);
  for (const Json &example : file.value()["cases"]) {
    const std::string about = example["about"];
    Run run(example["delay_steps"], example["cap_steps"]);
    for (const int32_t token : example["tokens"]) {
      run.push({token});
    }
    run.finish();
    const Json &expected = example["words"];
    assert_equal(run.words().size(), expected.size(), about);
    for (size_t i = 0; i < expected.size(); ++i) {
      const TimedWord &word = run.words()[i];
      assert_equal(word.text, expected[i]["text"].get<std::string>(), about);
      assert_equal(word.start, expected[i]["start"].get<double>(),
                   about + ", start of " + word.text);
      assert_equal(word.end, expected[i]["end"].get<double>(), about + ", end of " + word.text);
      const double last_piece = expected[i]["last_piece"];
      assert_equal(word.last_piece, std::max(word.start, last_piece));
    }
  }
}

TEST(events_come_as_early_as_they_can) {
  // The word is known at the pad after it, its end when the cap has passed.
  Run silence;
  silence.push({pad, pad, pad, pad, pad, pad, pad, boundary, good, full_stop, pad});
  ck_assert_uint_eq(silence.words().size(), 1);
  ck_assert_int_eq(silence.words()[0].text_known, 10);
  silence.push({pad, pad, pad, pad, pad, pad});
  ck_assert(std::isnan(silence.words()[0].end));
  silence.push({pad});
  assert_equal(silence.words()[0].end, 12);
  ck_assert_int_eq(silence.words()[0].end_known, 17);

  // The next boundary says where it ends; so does a next word without one.
  Run next;
  next.push({pad, pad, pad, pad, pad, pad, pad, boundary, good, pad, boundary});
  assert_equal(next.words()[0].end, 5);
  ck_assert_int_eq(next.words()[0].end_known, 10);
  next.push({to, good});
  ck_assert_uint_eq(next.words().size(), 2);
  ck_assert_str_eq(next.words()[1].text.c_str(), "to");
  assert_equal(next.words()[1].end, 6);

  // Tokens without text let time pass as well.
  Run textless;
  textless.push({pad, pad, pad, pad, pad, pad, pad, boundary, good, pad});
  textless.push({399, 399, 399, 399, 399, 399, 399});
  assert_equal(textless.words()[0].end, 11);
}

TEST(what_is_settled_follows_the_audio) {
  Run run;
  run.push({pad, pad});
  assert_equal(run.settled(), 0);
  run.push({pad, pad, pad, pad, pad, pad});
  assert_equal(run.settled(), 2);
  // A word may still start at the boundary.
  run.push({boundary});
  assert_equal(run.settled(), 3);
  run.push({pad, pad});
  assert_equal(run.settled(), 3);
  run.push({good, full_stop});
  assert_equal(run.settled(), 3);
  run.push({pad});
  assert_equal(run.settled(), 8);
  // A boundary that nothing follows is forgotten after the cap.
  run.push({boundary, pad, pad, pad, pad, pad, pad, pad, pad});
  assert_equal(run.settled(), 9);
  run.push({pad});
  assert_equal(run.settled(), 18);
  run.push({good, pad});
  assert_equal(run.words().back().start, 18);
}

TEST(characters_are_never_cut) {
  Run run;
  run.push({pad, pad, pad, pad, pad, pad, boundary, good, thorn[0], pad, pad});
  ck_assert_uint_eq(run.words().size(), 0);
  run.push({thorn[1], pad});
  ck_assert_uint_eq(run.words().size(), 1);
  ck_assert_str_eq(run.words()[0].text.c_str(), "gott\xC3\xBE");

  // A character that is never finished does not hold up the text for longer than the cap.
  run.push({boundary, good, thorn[0], pad, pad, pad, pad, pad, pad, pad, pad});
  ck_assert_uint_eq(run.words().size(), 1);
  run.push({pad});
  ck_assert_uint_eq(run.words().size(), 2);
  ck_assert_str_eq(run.words()[1].text.c_str(), "gott\xEF\xBF\xBD");

  // Bytes that cannot be completed do not wait.
  run.push({boundary, good, thorn[1], pad});
  ck_assert_str_eq(run.words()[2].text.c_str(), "gott\xEF\xBF\xBD");
  // Neither does the end of the word before a boundary, nor the end of the stream.
  run.push({boundary, good, thorn[0], boundary, to, thorn[0]}).finish();
  ck_assert_str_eq(run.words()[3].text.c_str(), "gott\xEF\xBF\xBD");
  ck_assert_str_eq(run.words()[4].text.c_str(), "to\xEF\xBF\xBD");
}

TEST(a_word_that_never_ends_is_cut_between_characters) {
  Run run;
  run.push({pad, pad, pad, pad, pad, pad, boundary, good, full_stop});
  for (int i = 0; i < 1200; ++i) {
    run.push({thorn[0], thorn[1]});
  }
  run.push({pad}).finish();
  // " gott." and 497 characters of two bytes make 1000.
  ck_assert_uint_eq(run.words().size(), 3);
  ck_assert_uint_eq(run.words()[0].text.size(), 999);
  ck_assert_uint_eq(run.words()[1].text.size(), 1000);
  ck_assert_uint_eq(run.words()[2].text.size(), 406);
  for (const TimedWord &word : run.words()) {
    ck_assert(kyutaistt::base::is_valid_utf8(word.text));
    assert_lacks(word.text, "\xEF\xBF\xBD");
  }
  assert_equal(run.words()[1].start, run.words()[0].end);

  // Neither do spaces, or bytes that are no text.
  Run others;
  for (int i = 0; i < 5000; ++i) {
    others.push({space});
  }
  ck_assert_uint_eq(others.words().size(), 0);
  for (int i = 0; i < 5000; ++i) {
    others.push({thorn[1]});
  }
  ck_assert_uint_ge(others.words().size(), 4);
}

TEST(white_space_is_no_word) {
  Run run;
  run.push({pad, pad, pad, pad, pad, pad, boundary, space, pad, boundary, newline, pad}).finish();
  ck_assert_uint_eq(run.words().size(), 0);
  run.push({boundary, space, space, good, newline, full_stop, newline, space, pad}).finish();
  ck_assert_uint_eq(run.words().size(), 1);
  ck_assert_str_eq(run.words()[0].text.c_str(), "gott .");
}

TEST(confidence_is_the_geometric_mean) {
  Run run;
  run.push({boundary}, 0.01F).push({good}, 0.9F).push({full_stop}, 0.4F).push({pad}, 0.01F);
  ck_assert_float_eq_tol(run.words()[0].confidence, 0.6F, 1e-6F);
}

}  // namespace
