// SPDX-License-Identifier: LGPL-2.1-or-later
/// Streams that go on in fresh contexts.
#include <algorithm>
#include <chrono>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "engine/model_state.h"
#include "metrics/text_errors.h"
#include "support/bulletin.h"
#include "support/golden.h"
#include "support/recognise.h"
#include "support/refusal.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

constexpr auto frame_size = static_cast<size_t>(samples_per_frame);

TEST(positions_at_once_leave_the_state_of_one_after_the_other) {
  const auto model = load_model(golden("hf-f32"));
  const lm::LanguageModel &language_model = *model->state().language_model;
  const LanguageModelInfo &info = model->info().language_model;
  const auto single = language_model.make_state();
  const auto several = language_model.make_state();
  std::vector<std::vector<int32_t>> codes;
  for (int32_t row = 0; row < 12; ++row) {
    auto &added = codes.emplace_back();
    for (int64_t book = 0; book < info.codebooks; ++book) {
      added.push_back(static_cast<int32_t>((row * 7 + book * 3) % info.codebook_size));
    }
  }
  std::vector<lm::StepInput> rows;
  for (int32_t row = 0; row < 12; ++row) {
    const auto &heard = codes[static_cast<size_t>(row)];
    rows.push_back({several.get(), 5 + row, row == 0 ? std::span<const int32_t>() : heard});
    const lm::StepInput input[] = {{single.get(), 5 + row, rows.back().codes}};
    language_model.step(input, lm::LanguageModel::Output::None);
  }
  language_model.step(rows, lm::LanguageModel::Output::None);
  assert_equal(several->position, single->position);
  for (int32_t row = 0; row < 8; ++row) {
    const lm::StepInput a[] = {{single.get(), 20 + row, codes[static_cast<size_t>(row)]}};
    const lm::StepInput b[] = {{several.get(), 20 + row, codes[static_cast<size_t>(row)]}};
    const auto expected = language_model.step(a);
    const auto found = language_model.step(b);
    assert_equal(found[0].token, expected[0].token);
    ck_assert_float_eq(found[0].probability, expected[0].probability);
  }
}

StreamOptions options_of(const std::string &domain, bool relay) {
  StreamOptions options = for_domain(domain);
  options.report_steps = false;
  options.relay = relay;
  return options;
}

struct Heard {
  std::string text;
  uint64_t relays = 0;
};

Heard recognise(Engine &engine, const std::string &domain, bool relay,
                const std::vector<float> &samples) {
  Transcript transcript;
  const auto stream = open_stream(engine, options_of(domain, relay), transcript);
  assert_ok(stream->push(samples));
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
  for (size_t i = 1; i < transcript.words.size(); ++i) {
    assert_at_least(transcript.words[i].start, transcript.words[i - 1].start);
  }
  return {transcript.text(), stream->stats().relays};
}

TEST(the_text_stays_right_when_the_window_is_full) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  for (const std::string language : {"is", "en"}) {
    const Heard with = recognise(*engine, "asr_is_" + language, true, bulletin.samples);
    const Heard without = recognise(*engine, "asr_is_" + language, false, bulletin.samples);
    assert_at_least(with.relays, uint64_t{3}, language);
    assert_equal(without.relays, uint64_t{0}, language);
    assert_at_most(bulletin.errors(language, with.text), 5, language + ": " + with.text);
    assert_at_least(bulletin.errors(language, without.text), 10, language + ": " + without.text);
  }
}

TEST(the_last_minutes_are_as_good_as_the_first) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  Transcript transcript;
  const auto stream = open_stream(*engine, options_of("asr_is_is", true), transcript);
  constexpr size_t minutes = 12;
  for (size_t minute = 0; minute < minutes; ++minute) {
    assert_ok(stream->push(bulletin.samples));
  }
  assert_ok(stream->drain(1));
  transcript.wait();
  assert_ok(transcript.failure);
  assert_at_least(stream->stats().relays, uint64_t{5 * minutes});
  const auto length = static_cast<double>(bulletin.samples.size()) / sample_rate;
  std::vector<std::string> texts(minutes);
  for (const Word &word : transcript.words) {
    const double start = std::chrono::duration<double>(word.start).count();
    texts[std::min(minutes - 1, static_cast<size_t>(start / length))] += word.text + " ";
  }
  for (size_t minute = 0; minute < minutes; ++minute) {
    assert_at_most(bulletin.errors("is", texts[minute]), 8, texts[minute]);
  }
}

Prompt prompt_of(const std::string &domain) {
  Prompt prompt;
  prompt.domain = domain;
  return prompt;
}

TEST(two_texts_of_one_stream_are_those_of_two_streams) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  const Heard icelandic = recognise(*engine, "asr_is_is", true, bulletin.samples);
  const Heard english = recognise(*engine, "asr_is_en", true, bulletin.samples);
  Transcript first;
  Transcript second;
  auto stream = engine->open_stream(options_of("asr_is_is", true), first.listener(), 64,
                                    {{prompt_of("asr_is_en"), second.listener()}});
  assert_ok(stream.status());
  assert_ok(stream.value()->push(bulletin.samples));
  // From here on the other way round, and nothing of what follows is lost to the change.
  assert_ok(stream.value()->set_prompt(prompt_of("asr_is_is"), 1, 1));
  assert_ok(stream.value()->set_prompt(prompt_of("asr_is_en"), 2, 0));
  assert_ok(stream.value()->push(bulletin.samples));
  assert_ok(stream.value()->drain(3));
  first.wait(3);
  second.wait(3);
  assert_equal(first.text(), icelandic.text + " " + english.text);
  assert_equal(second.text(), english.text + " " + icelandic.text);
  assert_equal(stream.value()->stats().relays, 2 * icelandic.relays);
  for (const Transcript *transcript : {&first, &second}) {
    assert_equal(transcript->drained, std::vector<uint64_t>{1, 2, 3});
    for (size_t i = 0; i < transcript->words.size(); ++i) {
      assert_equal(transcript->words[i].index, static_cast<uint64_t>(i));
    }
  }
}

TEST(a_text_that_does_not_exist_has_no_prompt) {
  const auto engine = make_engine(load_model(example("model")));
  Transcript transcript;
  const auto stream = open_stream(*engine, options_of("asr_is_is", true), transcript);
  const Status status = stream->set_prompt(prompt_of("asr_is_en"), std::nullopt, 1);
  assert_equal(status.code(), StatusCode::InvalidArgument);
  assert_equal(status.message(), std::string("text: found 1, which is none of the stream's"));
  const Status unknown = engine
                             ->open_stream(options_of("asr_is_is", true), transcript.listener(), 64,
                                           {{prompt_of("asr_is_fo"), transcript.listener()}})
                             .status();
  assert_equal(unknown.code(), StatusCode::NotFound);
}

TEST(a_text_may_come_and_go) {
  const Bulletin bulletin;
  const std::vector<float> speech(bulletin.samples.begin(),
                                  bulletin.samples.begin() + 14 * sample_rate);
  const auto engine = make_engine(load_model(example("model")));
  const Heard icelandic = recognise(*engine, "asr_is_is", true, speech);
  const Heard english = recognise(*engine, "asr_is_en", true, speech);
  Transcript first;
  const auto stream = open_stream(*engine, options_of("asr_is_is", true), first);
  // Before there is any audio too.
  Transcript early;
  const auto unheard = stream->add_text({prompt_of("asr_is_en"), early.listener()});
  assert_ok(unheard.status());
  assert_ok(stream->push(speech));
  assert_ok(stream->drain(0));
  early.wait();
  assert_equal(early.text(), english.text);
  stream->remove_text(unheard.value());
  Transcript second;
  const auto added = stream->add_text({prompt_of("asr_is_en"), second.listener()});
  assert_ok(added.status());
  assert_equal(added.value(), size_t{2});
  assert_ok(stream->push(speech));
  stream->remove_text(added.value());
  assert_refused(stream->set_prompt(prompt_of("asr_is_is"), std::nullopt, 2),
                 StatusCode::InvalidArgument, "text: found 2");
  Transcript third;
  const auto again = stream->add_text({prompt_of("asr_is_en"), third.listener()});
  assert_ok(again.status());
  // Numbers do not come again.
  assert_equal(again.value(), size_t{3});
  assert_ok(stream->push(speech));
  assert_ok(stream->drain(1));
  first.wait(2);
  third.wait();
  assert_equal(first.text(), icelandic.text + " " + icelandic.text + " " + icelandic.text);
  // It was gone before its words were recognised, or some of them.
  assert_equal(second.drained.size(), size_t{0});
  assert_equal(english.text.substr(0, second.text().size()), second.text());
  assert_equal(third.text(), english.text);
  assert_equal(third.words.front().index, uint64_t{0});
  // The first one lasts as long as the stream, and others are not there.
  stream->remove_text(0);
  stream->remove_text(7);
  assert_ok(stream->set_prompt(prompt_of("asr_is_en"), 2, 0));
  first.wait(3);
}

TEST(a_text_that_comes_in_a_reset_stream_is_written_after_it) {
  const Bulletin bulletin;
  const std::vector<float> speech(bulletin.samples.begin(),
                                  bulletin.samples.begin() + 14 * sample_rate);
  const auto engine = make_engine(load_model(example("model")));
  const Heard english = recognise(*engine, "asr_is_en", true, speech);
  Transcript first;
  const auto stream = open_stream(*engine, options_of("asr_is_is", true), first);
  assert_ok(stream->push(std::vector<float>(sample_rate)));
  Transcript second;
  assert_ok(stream->add_text({prompt_of("asr_is_en"), second.listener()}).status());
  stream->reset();
  assert_ok(stream->push(speech));
  assert_ok(stream->drain(1));
  second.wait();
  assert_equal(second.text(), english.text);
  assert_refused(stream->add_text({prompt_of("asr_is_fo"), first.listener()}).status(),
                 StatusCode::NotFound, "asr_is_en");
  assert_refused(stream->add_text({prompt_of("asr_is_en"), nullptr}).status(),
                 StatusCode::InvalidArgument, "listener");
}

TEST(silence_does_not_age_a_stream) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  const std::vector<float> speech(bulletin.samples.begin(),
                                  bulletin.samples.begin() + 14 * sample_rate);
  StreamOptions options = options_of("asr_is_is", true);
  options.watchdog = false;
  for (const int64_t silence : {5, 20, 47, 120}) {
    std::vector<float> samples(static_cast<size_t>(silence * sample_rate));
    samples.insert(samples.end(), speech.begin(), speech.end());
    const Heard alone = recognise(*engine, "asr_is_is", true, speech);
    Transcript transcript;
    const auto stream = open_stream(*engine, options, transcript);
    assert_ok(stream->push(samples));
    assert_ok(stream->drain(1));
    transcript.wait();
    const metrics::Edits edits = metrics::count_word_edits(alone.text, transcript.text());
    assert_at_most(edits.errors(), 2, std::to_string(silence) + " s: " + transcript.text());
  }
}

TEST(after_a_hundred_hours_as_at_the_start) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  std::list<Transcript> transcripts;
  for (const Time start : {Time::zero(), Time(std::chrono::hours(100))}) {
    Transcript &transcript = transcripts.emplace_back();
    const auto stream = open_stream(*engine, options_of("asr_is_is", true), transcript);
    assert_ok(stream->push(bulletin.samples, start));
    assert_ok(stream->drain(1));
    transcript.wait();
    assert_at_least(stream->stats().relays, uint64_t{3});
  }
  const Transcript &early = transcripts.front();
  const Transcript &late = transcripts.back();
  assert_equal(late.words.size(), early.words.size());
  for (size_t i = 0; i < early.words.size(); ++i) {
    assert_equal(late.words[i].text, early.words[i].text);
    assert_equal(late.words[i].start, early.words[i].start + std::chrono::hours(100));
    assert_equal(late.ends[i], early.ends[i] + std::chrono::hours(100));
  }
}

TEST(in_company_as_alone) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  const Heard alone = recognise(*engine, "asr_is_is", true, bulletin.samples);
  std::list<Heard> found;
  std::list<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    Heard &heard = found.emplace_back();
    threads.emplace_back([&] { heard = recognise(*engine, "asr_is_is", true, bulletin.samples); });
  }
  for (std::thread &thread : threads) {
    thread.join();
  }
  for (const Heard &heard : found) {
    // Relays take turns, so that they do not fall at the same frames as alone.
    assert_at_least(heard.relays, uint64_t{3});
    assert_at_most(metrics::count_word_edits(alone.text, heard.text).errors(), 6, heard.text);
  }
}

TEST(a_drain_in_the_middle_of_a_relay_starts_afresh) {
  const Bulletin bulletin;
  const auto engine = make_engine(load_model(example("model")));
  Transcript transcript;
  const auto stream = open_stream(*engine, options_of("asr_is_is", true), transcript);
  // Everywhere around the first handover.
  for (size_t round = 0; round < 6; ++round) {
    const size_t frames = 120 + 13 * round;
    assert_ok(stream->push(std::span(bulletin.samples).first(frames * frame_size)));
    assert_ok(stream->drain(round));
  }
  transcript.wait(6);
  assert_ok(transcript.failure);
  const size_t before = transcript.words.size();
  assert_ok(stream->push(std::span(bulletin.samples).first(60 * frame_size)));
  assert_ok(stream->drain(7));
  transcript.wait(7);
  Transcript alone;
  const auto other = open_stream(*engine, options_of("asr_is_is", true), alone);
  assert_ok(other->push(std::span(bulletin.samples).first(60 * frame_size)));
  assert_ok(other->drain(1));
  alone.wait();
  assert_equal(transcript.words.size() - before, alone.words.size());
  for (size_t i = 0; i < alone.words.size(); ++i) {
    assert_equal(transcript.words[before + i].text, alone.words[i].text);
  }
}

}  // namespace
