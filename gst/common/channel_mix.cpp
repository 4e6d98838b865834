// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/channel_mix.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/pointers.h"

namespace kyutaistt {

namespace {

constexpr float centre_weight = 1.0F;
/// Speech that is equally loud in left and right is as loud in their mean.
constexpr float main_weight = 0.5F;
constexpr float surround_weight = 0.25F;

/// A mix softer than its loudest channel by this factor, 20 dB, has lost it.
constexpr double lost_energy = 0.01;
/// Mean square of what can be heard: -60 dB of full scale.
constexpr double audible = 1e-6;
/// How much audio is compared at a time.
constexpr guint64 judged_seconds = 3;

float weight_of(GstAudioChannelPosition position) {
  switch (position) {
    case GST_AUDIO_CHANNEL_POSITION_MONO:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_CENTER:
      return centre_weight;
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER:
    case GST_AUDIO_CHANNEL_POSITION_WIDE_LEFT:
    case GST_AUDIO_CHANNEL_POSITION_WIDE_RIGHT:
      return main_weight;
    case GST_AUDIO_CHANNEL_POSITION_LFE1:
    case GST_AUDIO_CHANNEL_POSITION_LFE2:
      return 0;
    default:
      return surround_weight;
  }
}

std::vector<float> positioned_weights(const GstAudioInfo &info) {
  std::vector<float> weights(static_cast<size_t>(info.channels));
  std::transform(info.position, info.position + info.channels, weights.begin(), weight_of);
  const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
  if (sum < 1) {
    // There are no front channels: the others replace them.
    for (float &weight : weights) {
      weight = sum > 0 ? weight / sum : 1 / static_cast<float>(info.channels);
    }
  }
  return weights;
}

/// The first channel of a side, its front if there is one; negative if there is none.
int channel_of(const GstAudioInfo &info, ChannelChoice::Kind side) {
  const bool left = side == ChannelChoice::Kind::Left;
  if (info.channels == 1) {
    return 0;
  }
  if (GST_AUDIO_INFO_IS_UNPOSITIONED(&info)) {
    return left ? 0 : 1;
  }
  using Position = GstAudioChannelPosition;
  const std::pair<Position, Position> pairs[] = {
      {GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT, GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT},
      {GST_AUDIO_CHANNEL_POSITION_FRONT_LEFT_OF_CENTER,
       GST_AUDIO_CHANNEL_POSITION_FRONT_RIGHT_OF_CENTER},
      {GST_AUDIO_CHANNEL_POSITION_WIDE_LEFT, GST_AUDIO_CHANNEL_POSITION_WIDE_RIGHT},
      {GST_AUDIO_CHANNEL_POSITION_SIDE_LEFT, GST_AUDIO_CHANNEL_POSITION_SIDE_RIGHT},
      {GST_AUDIO_CHANNEL_POSITION_REAR_LEFT, GST_AUDIO_CHANNEL_POSITION_REAR_RIGHT},
      {GST_AUDIO_CHANNEL_POSITION_TOP_FRONT_LEFT, GST_AUDIO_CHANNEL_POSITION_TOP_FRONT_RIGHT},
  };
  const Position *end = info.position + info.channels;
  for (const auto &pair : pairs) {
    const Position *found = std::find(info.position, end, left ? pair.first : pair.second);
    if (found != end) {
      return static_cast<int>(found - info.position);
    }
  }
  return -1;
}

}  // namespace

Result<ChannelChoice> ChannelChoice::parse(const std::string &text, const std::string &what) {
  if (text.empty() || text == "mix") {
    return ChannelChoice{};
  }
  if (text == "left") {
    return ChannelChoice{Kind::Left, 0};
  }
  if (text == "right") {
    return ChannelChoice{Kind::Right, 0};
  }
  int number = 0;
  const char *end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc() && parsed.ptr == end && number >= 1) {
    return ChannelChoice{Kind::Number, number};
  }
  return Status::invalid_argument(what + ": found " + text +
                                  ", expected mix, left, right, or a number from 1 on");
}

Result<std::vector<float>> mix_weights(const GstAudioInfo &info, const ChannelChoice &choice) {
  const auto count = static_cast<size_t>(info.channels);
  if (choice.kind == ChannelChoice::Kind::Mix) {
    if (info.channels == 1) {
      return std::vector<float>{1};
    }
    return GST_AUDIO_INFO_IS_UNPOSITIONED(&info)
               ? std::vector<float>(count, 1 / static_cast<float>(count))
               : positioned_weights(info);
  }
  const bool is_number = choice.kind == ChannelChoice::Kind::Number;
  const int channel = is_number ? choice.number - 1 : channel_of(info, choice.kind);
  if (channel < 0 || channel >= info.channels) {
    const std::string wanted =
        is_number ? "channel " + std::to_string(choice.number)
                  : std::string(choice.kind == ChannelChoice::Kind::Left ? "left" : "right");
    return Status::invalid_argument("the audio has " + std::to_string(info.channels) +
                                    (info.channels == 1 ? " channel" : " channels") + ", and " +
                                    wanted + " is not among them");
  }
  std::vector<float> weights(count);
  weights[static_cast<size_t>(channel)] = 1;
  return weights;
}

std::optional<GstAudioInfo> audio_info_of(const GstCaps *caps) {
  GstAudioInfo info;
  if (gst_audio_info_from_caps(&info, caps)) {
    return info;
  }
  const GstStructure *structure = gst_caps_get_structure(caps, 0);
  int channels = 0;
  if (gst_structure_get_int(structure, "channels", &channels) && channels > 2 &&
      !gst_structure_has_field(structure, "channel-mask")) {
    const CapsPointer unpositioned(gst_caps_copy(caps));
    gst_caps_set_simple(unpositioned.get(), "channel-mask", GST_TYPE_BITMASK, G_GUINT64_CONSTANT(0),
                        nullptr);
    if (gst_audio_info_from_caps(&info, unpositioned.get())) {
      return info;
    }
  }
  return std::nullopt;
}

ChannelMixer::ChannelMixer(const GstAudioInfo &info, std::vector<float> weights)
    : info_(info), weights_(std::move(weights)), channel_energy_(weights_.size()) {}

std::vector<float> &ChannelMixer::mix(gpointer *planes, gsize frames) {
  const size_t channels = weights_.size();
  const bool is_planar = info_.layout == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
  const gsize run = is_planar ? frames : frames * channels;
  const auto *unpacked_format = gst_audio_format_get_info(info_.finfo->unpack_format);
  const bool is_float = GST_AUDIO_FORMAT_INFO_IS_FLOAT(unpacked_format);
  constexpr double full_scale = 2147483648.0;
  // Doubles or 32-bit integers come out.
  unpacked_.resize(run);
  sums_.assign(frames, 0);
  for (size_t plane = 0; plane < (is_planar ? channels : 1); ++plane) {
    info_.finfo->unpack_func(info_.finfo, GST_AUDIO_PACK_FLAG_NONE, unpacked_.data(), planes[plane],
                             static_cast<gint>(run));
    const auto *integers = reinterpret_cast<const gint32 *>(unpacked_.data());
    for (gsize i = 0; i < run; ++i) {
      const double sample = is_float ? unpacked_[i] : integers[i] / full_scale;
      const size_t channel = is_planar ? plane : i % channels;
      channel_energy_[channel] += std::isfinite(sample) ? sample * sample : 0;
      if (weights_[channel] != 0) {
        sums_[is_planar ? i : i / channels] += static_cast<double>(weights_[channel]) * sample;
      }
    }
  }
  for (const double sum : sums_) {
    mix_energy_ += std::isfinite(sum) ? sum * sum : 0;
  }
  frames_ += frames;
  mixed_.assign(sums_.begin(), sums_.end());
  return mixed_;
}

bool ChannelMixer::has_cancelled(bool is_end) {
  const auto enough = is_end ? 1 : judged_seconds * static_cast<guint64>(info_.rate);
  if (has_told_ || frames_ < enough) {
    return false;
  }
  // Effects are left out on purpose.
  double loudest = 0;
  for (size_t channel = 0; channel < channel_energy_.size(); ++channel) {
    loudest = std::max(loudest, weights_[channel] > 0 ? channel_energy_[channel] : 0);
  }
  has_told_ =
      loudest > audible * static_cast<double>(frames_) && mix_energy_ < lost_energy * loudest;
  std::fill(channel_energy_.begin(), channel_energy_.end(), 0);
  mix_energy_ = 0;
  frames_ = 0;
  return has_told_;
}

}  // namespace kyutaistt
