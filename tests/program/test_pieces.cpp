// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where a recording is cut, and how the events of its pieces are put in order.
#include <string>
#include <variant>
#include <vector>

#include "program/cut_schedule.h"
#include "program/event_order.h"
#include "program/piece_cutter.h"
#include "support/suite.h"

namespace {

using kyutaistt::Drained;
using kyutaistt::duration_of;
using kyutaistt::Event;
using kyutaistt::Failure;
using kyutaistt::frame_duration;
using kyutaistt::Progress;
using kyutaistt::samples_per_frame;
using kyutaistt::Status;
using kyutaistt::Time;
using kyutaistt::Word;
using kyutaistt::WordEnd;
using kyutaistt::program::CutSchedule;
using kyutaistt::program::EventOrder;
using kyutaistt::program::PieceCutter;
using kyutaistt::tests::assert_equal;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr float speech = -20;
constexpr float silence = -70;

/// So many frames of a level.
struct Stretch {
  int64_t frames;
  float level;
};

/// Frame numbers of the cuts in what is heard.
std::vector<int64_t> cuts_in(const std::vector<Stretch> &stretches) {
  CutSchedule schedule;
  std::vector<int64_t> cuts;
  int64_t begin = 0;
  for (const Stretch &stretch : stretches) {
    for (int64_t i = 0; i < stretch.frames; ++i) {
      if (const auto frames = schedule.hear(stretch.level)) {
        begin += *frames;
        cuts.push_back(begin);
      }
    }
  }
  return cuts;
}

TEST(a_piece_ends_in_the_middle_of_its_longest_pause) {
  assert_equal(cuts_in({{120, speech},
                        {6, silence},
                        {60, speech},
                        {10, silence},
                        {60, speech},
                        {6, silence},
                        {100, speech}}),
               {120 + 6 + 60 + 5});
}

TEST(a_pause_in_the_first_eight_seconds_is_too_early) {
  assert_equal(cuts_in({{60, speech}, {20, silence}, {60, speech}, {6, silence}, {200, speech}}),
               {60 + 20 + 60 + 3});
}

TEST(without_a_pause_a_piece_goes_on_to_the_next_one) {
  // Four quiet frames are not yet a pause.
  assert_equal(cuts_in({{200, speech}, {4, silence}, {400, speech}, {8, silence}, {90, speech}}),
               {604 + 3});
}

TEST(a_short_recording_is_not_cut) {
  assert_equal(cuts_in({{150, speech}, {50, silence}, {111, speech}}), {});
}

TEST(pieces_after_a_cut_are_counted_from_there) {
  std::vector<Stretch> stretches;
  for (int i = 0; i < 10; ++i) {
    stretches.push_back({190, speech});
    stretches.push_back({10, silence});
  }
  assert_equal(cuts_in(stretches), {195, 395, 595, 795, 995, 1195, 1395, 1595, 1795});
}

TEST(noise_is_no_pause_unless_far_below_the_speech) {
  assert_equal(cuts_in({{200, speech}, {20, speech - 25}, {200, speech}}), {});
  assert_equal(cuts_in({{200, speech}, {20, speech - 35}, {200, speech}}), {210});
}

TEST(speech_after_loud_music_is_no_pause) {
  assert_equal(cuts_in({{100, 0}, {300, -35}}), {});
}

TEST(silence_without_end_is_cut_too) {
  const std::vector<int64_t> cuts = cuts_in({{1000, -100}});
  assert_equal(cuts.empty(), false);
}

TEST(what_is_settled_is_never_cut) {
  CutSchedule schedule;
  int64_t settled = 0;
  for (int frame = 0; frame < 4000; ++frame) {
    // Pauses of every length up to 13 frames, at irregular distances.
    const bool is_pause = frame % 97 < frame / 97 % 14;
    const auto cut = schedule.hear(is_pause ? silence : speech);
    if (cut) {
      ck_assert_int_ge(*cut, settled);
      ck_assert_int_ge(*cut, CutSchedule::min_frames);
      settled = 0;
    }
    ck_assert_int_ge(schedule.settled(), settled);
    settled = schedule.settled();
  }
}

std::vector<float> tone(int64_t frames, float amplitude) {
  std::vector<float> samples(static_cast<size_t>(frames * samples_per_frame));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = i % 2 == 0 ? amplitude : -amplitude;
  }
  return samples;
}

TEST(pieces_hold_every_sample_at_its_time) {
  std::vector<float> recording;
  for (int i = 0; i < 4; ++i) {
    for (const auto &part : {tone(190, 0.1F), tone(10, 0)}) {
      recording.insert(recording.end(), part.begin(), part.end());
    }
  }
  // Of no whole frame, and three seconds are missing in the middle.
  const size_t middle = recording.size() / 2 + 7;
  const Time hole = seconds(3);
  PieceCutter cutter;
  std::vector<PieceCutter::Section> sections;
  constexpr size_t step = 1000;
  for (size_t first = 0; first < recording.size();) {
    const size_t end = first < middle ? middle : recording.size();
    const size_t count = std::min(step, end - first);
    cutter.push(std::span(recording).subspan(first, count),
                duration_of(static_cast<int64_t>(first)) + (first < middle ? Time() : hole));
    first += count;
    for (auto &section : cutter.take()) {
      sections.push_back(std::move(section));
    }
  }
  cutter.finish();
  for (auto &section : cutter.take()) {
    sections.push_back(std::move(section));
  }
  std::vector<float> samples;
  std::vector<int64_t> ends;
  for (const auto &section : sections) {
    const Time expected = duration_of(static_cast<int64_t>(samples.size())) +
                          (samples.size() < middle ? Time() : hole);
    ck_assert_int_le(std::abs((section.start - expected).count()), 1);
    samples.insert(samples.end(), section.samples.begin(), section.samples.end());
    if (section.ends_piece) {
      ends.push_back(static_cast<int64_t>(samples.size()) / samples_per_frame);
    }
  }
  ck_assert(samples == recording);
  assert_equal(ends, {195, 395, 595, 800});
}

Word word(uint64_t index, const char *text) {
  Word result;
  result.index = index;
  result.text = text;
  return result;
}

/// Events as text: what they are, and their number or time.
class Record {
 public:
  void operator()(const Event &event) {
    if (const auto *heard = std::get_if<Word>(&event)) {
      lines.push_back(heard->text + " " + std::to_string(heard->index));
    } else if (const auto *end = std::get_if<WordEnd>(&event)) {
      lines.push_back("end " + std::to_string(end->index));
    } else if (const auto *progress = std::get_if<Progress>(&event)) {
      lines.push_back("until " + std::to_string(progress->position / frame_duration));
    } else {
      lines.emplace_back(std::holds_alternative<Failure>(event) ? "failure" : "other");
    }
  }
  std::vector<std::string> lines;
};

TEST(events_of_pieces_come_in_the_order_of_the_pieces) {
  Record record;
  EventOrder order(std::ref(record));
  const size_t first = order.begin_piece();
  const size_t second = order.begin_piece();
  const size_t third = order.begin_piece();
  order.add(third, word(0, "three"));
  order.add(third, WordEnd{0, {}});
  order.add(first, word(0, "one"));
  order.add(third, Drained{});
  order.add(second, Progress{frame_duration * 8});
  order.add(second, word(0, "two"));
  assert_equal(record.lines, {"one 0"});
  order.add(first, WordEnd{0, {}});
  order.add(first, Progress{frame_duration * 9});
  order.add(first, Drained{});
  assert_equal(record.lines, {"one 0", "end 0", "until 9", "until 9", "two 1"});
  order.add(second, WordEnd{0, {}});
  ck_assert(!order.has_ended());
  order.add(second, Drained{});
  assert_equal(record.lines,
               {"one 0", "end 0", "until 9", "until 9", "two 1", "end 1", "three 2", "end 2"});
  ck_assert(order.has_ended());
}

TEST(nothing_follows_the_failure_of_a_piece) {
  Record record;
  EventOrder order(std::ref(record));
  const size_t first = order.begin_piece();
  const size_t second = order.begin_piece();
  const size_t third = order.begin_piece();
  order.add(third, word(0, "three"));
  order.add(third, Drained{});
  order.add(second, word(0, "two"));
  order.add(second, Failure{Status::corrupt("broken")});
  ck_assert(!order.has_ended());
  order.add(first, word(0, "one"));
  order.add(first, Drained{});
  assert_equal(record.lines, {"one 0", "two 1", "failure"});
  ck_assert(order.has_ended());
}

}  // namespace
