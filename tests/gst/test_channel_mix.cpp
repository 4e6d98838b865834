// SPDX-License-Identifier: LGPL-2.1-or-later
/// Every layout of channels: speech is as loud where it is as in stereo.
#include <cmath>
#include <string>
#include <vector>

#include "common/audio_input.h"
#include "support/suite.h"

namespace {

using kyutaistt::audio_info_of;
using kyutaistt::AudioInput;
using kyutaistt::BufferPointer;
using kyutaistt::CapsPointer;
using kyutaistt::ChannelChoice;
using kyutaistt::mix_weights;
using kyutaistt::tests::assert_differs;
using kyutaistt::tests::assert_equal;

CapsPointer caps_of(int channels, const char *mask, const char *layout = "interleaved") {
  std::string text = "audio/x-raw, format=F32LE, rate=24000, layout=" + std::string(layout) +
                     ", channels=" + std::to_string(channels);
  if (mask != nullptr) {
    text += ", channel-mask=(bitmask)" + std::string(mask);
  }
  return CapsPointer(gst_caps_from_string(text.c_str()));
}

struct Layout {
  const char *name;
  int channels;
  const char *mask;
  /// Of each channel, in the order of the mask's bits.
  std::vector<float> weights;
};

TEST(every_layout) {
  const Layout layouts[] = {
      {"mono", 1, nullptr, {1}},
      {"stereo", 2, "0x3", {0.5, 0.5}},
      {"stereo that does not say so", 2, nullptr, {0.5, 0.5}},
      {"2.1", 3, "0xb", {0.5, 0.5, 0}},
      {"3.0", 3, "0x7", {0.5, 0.5, 1}},
      {"3.1", 4, "0xf", {0.5, 0.5, 1, 0}},
      {"4.0", 4, "0x107", {0.5, 0.5, 1, 0.25}},
      {"quad", 4, "0x33", {0.5, 0.5, 0.25, 0.25}},
      {"5.0", 5, "0x37", {0.5, 0.5, 1, 0.25, 0.25}},
      {"5.1", 6, "0x3f", {0.5, 0.5, 1, 0, 0.25, 0.25}},
      {"5.1, sides", 6, "0xc0f", {0.5, 0.5, 1, 0, 0.25, 0.25}},
      {"6.1", 7, "0xd0f", {0.5, 0.5, 1, 0, 0.25, 0.25, 0.25}},
      {"7.1", 8, "0xc3f", {0.5, 0.5, 1, 0, 0.25, 0.25, 0.25, 0.25}},
      {"7.1, front", 8, "0xff", {0.5, 0.5, 1, 0, 0.25, 0.25, 0.5, 0.5}},
      {"left and effects", 2, "0x9", {1, 0}},
      {"sides", 2, "0xc00", {0.5, 0.5}},
      {"rear", 2, "0x30", {0.5, 0.5}},
      {"effects", 2, "0x208", {0.5, 0.5}},
      {"2 without positions", 2, "0x0", {0.5, 0.5}},
      {"4 without positions", 4, "0x0", {0.25, 0.25, 0.25, 0.25}},
      {"4 that do not say so", 4, nullptr, {0.25, 0.25, 0.25, 0.25}},
  };
  for (const Layout &layout : layouts) {
    for (const char *planes : {"interleaved", "non-interleaved"}) {
      const CapsPointer caps = caps_of(layout.channels, layout.mask, planes);
      const auto info = audio_info_of(caps.get());
      ck_assert_msg(info.has_value(), "%s", layout.name);
      const auto weights = mix_weights(*info, {});
      ck_assert_msg(weights.ok() && weights.value() == layout.weights, "%s", layout.name);
      // And so it is heard, each channel alone.
      for (int channel = 0; channel < layout.channels; ++channel) {
        AudioInput input;
        assert_ok(input.set_caps(caps.get()));
        constexpr size_t frames = 2400;
        std::vector<float> samples(frames * static_cast<size_t>(layout.channels));
        const bool is_planar = planes[0] == 'n';
        for (size_t i = 0; i < frames; ++i) {
          const auto at = static_cast<size_t>(channel);
          samples[is_planar ? at * frames + i : i * static_cast<size_t>(layout.channels) + at] =
              0.5F;
        }
        BufferPointer buffer(gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float)));
        GST_BUFFER_PTS(buffer.get()) = 0;
        if (is_planar) {
          gst_buffer_add_audio_meta(buffer.get(), &*info, frames, nullptr);
        }
        const auto pieces = input.convert(std::move(buffer));
        ck_assert_uint_eq(pieces.size(), 1);
        ck_assert_uint_eq(pieces[0].samples.size(), frames);
        const float expected = 0.5F * layout.weights[static_cast<size_t>(channel)];
        ck_assert_msg(std::abs(pieces[0].samples[frames / 2] - expected) < 1e-6F,
                      "%s: channel %d: %g, expected %g", layout.name, channel,
                      pieces[0].samples[frames / 2], expected);
      }
    }
  }
}

TEST(many_channels_without_positions) {
  for (const int channels : {3, 5, 9, 10, 16, 32, 64}) {
    const CapsPointer caps = caps_of(channels, "0x0");
    AudioInput input;
    assert_ok(input.set_caps(caps.get()));
    assert_differs(input.take_notes(), "");
    // Said once.
    assert_ok(input.set_caps(caps.get()));
    assert_equal(input.take_notes(), "");
  }
}

TEST(one_channel_is_chosen) {
  struct {
    int channels;
    const char *mask;
    const char *choice;
    /// From 0 on; negative where it is refused.
    int channel;
  } const cases[] = {
      {2, "0x3", "left", 0},    {2, "0x3", "right", 1},   {2, "0x3", "2", 1},
      {2, "0x3", "3", -1},      {6, "0x3f", "right", 1},  {6, "0x3f", "3", 2},
      {1, nullptr, "left", 0},  {1, nullptr, "right", 0}, {1, nullptr, "2", -1},
      {8, "0x0", "right", 1},   {8, "0x0", "8", 7},       {2, "0xc00", "right", 1},
      {2, "0x104", "left", -1},
  };
  for (const auto &one : cases) {
    const auto info = audio_info_of(caps_of(one.channels, one.mask).get());
    const auto choice = ChannelChoice::parse(one.choice, "option --channel");
    assert_ok(choice.status());
    const auto weights = mix_weights(*info, choice.value());
    ck_assert_msg(weights.ok() == (one.channel >= 0), "%s of %d", one.choice, one.channels);
    for (int i = 0; weights.ok() && i < one.channels; ++i) {
      assert_equal(weights.value()[static_cast<size_t>(i)], (i == one.channel ? 1.0F : 0.0F));
    }
  }
  for (const char *wrong : {"0", "-1", "middle", "1.5", "left ", "99999999999"}) {
    ck_assert(!ChannelChoice::parse(wrong, "option --channel").ok());
  }
}

/// Whether audio whose channels have these factors of one tone is reported to cancel itself out.
bool is_told(const std::vector<float> &factors, const char *mask, double seconds,
             const char *choice = "mix") {
  const auto channels = static_cast<int>(factors.size());
  AudioInput input;
  input.set_channel(ChannelChoice::parse(choice, "").value());
  assert_ok(input.set_caps(caps_of(channels, mask).get()));
  input.take_notes();
  const auto frames = static_cast<size_t>(seconds * 24000);
  std::vector<float> samples;
  for (size_t i = 0; i < frames; ++i) {
    for (const float factor : factors) {
      samples.push_back(factor * 0.3F * std::sin(0.1F * static_cast<float>(i)));
    }
  }
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    BufferPointer buffer(gst_buffer_new_memdup(samples.data(), samples.size() * sizeof(float)));
    input.convert(std::move(buffer));
    told += input.take_notes().empty() ? 0 : 1;
  }
  input.drain();
  told += input.take_notes().empty() ? 0 : 1;
  ck_assert_int_le(told, 1);
  return told == 1;
}

TEST(channels_that_cancel_each_other_out) {
  for (const double seconds : {0.3, 2.0, 5.0}) {
    ck_assert(is_told({1, -1}, "0x3", seconds));
    ck_assert(is_told({1, -1, 1, -1}, "0x0", seconds));
    ck_assert(!is_told({1, -1}, "0x3", seconds, "left"));
    ck_assert(!is_told({1, 1}, "0x3", seconds));
    ck_assert(!is_told({1, 0}, "0x3", seconds));
    ck_assert(!is_told({1, -0.7F}, "0x3", seconds));
    ck_assert(!is_told({0, 0}, "0x3", seconds));
    // Effects are not speech.
    ck_assert(!is_told({0, 0, 0, 1, 0, 0}, "0x3f", seconds));
  }
}

}  // namespace
