// SPDX-License-Identifier: LGPL-2.1-or-later
/// Mixes all channels to the one that is recognised.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gst/audio/audio.h>

#include <kyutaistt/status.h>

namespace kyutaistt {

/// Which of the channels are heard.
struct ChannelChoice {
  enum class Kind { Mix, Left, Right, Number };

  Kind kind = Kind::Mix;
  /// From 1 on.
  int number = 0;

  /// "mix" (or nothing), "left", "right", or a number from 1 on; `what` names the option or
  /// property in a message.
  static Result<ChannelChoice> parse(const std::string &text, const std::string &what);
};

/// The weight of each channel, for recognition rather than for the ear: the centre, which carries
/// the speech of films, in full; left and right by half each, as in stereo; surrounds less; effects
/// not at all. Floats need no scaling against clipping. Channels without positions count equally.
/// Fails if the audio does not have the requested channel.
Result<std::vector<float>> mix_weights(const GstAudioInfo &info, const ChannelChoice &choice);

/// Raw audio as its caps describe it, even if several channels have neither positions nor a channel
/// mask.
std::optional<GstAudioInfo> audio_info_of(const GstCaps *caps);

/// Mixes channels to one and notices where they cancel each other out.
///
/// A loop of our own because GstAudioConverter takes fewer than 64 channels, and its single
/// channels could not be compared with the mix.
///
/// A plain value without thread rules.
class ChannelMixer {
 public:
  ChannelMixer() = default;
  ChannelMixer(const GstAudioInfo &info, std::vector<float> weights);

  /// The mix of the next frames; full scale is 1. Valid until the next call.
  std::vector<float> &mix(gpointer *planes, gsize frames);
  /// True, once, if the mix so far is much softer than its loudest channel. It is checked every few
  /// seconds; with `is_end`, now.
  bool has_cancelled(bool is_end);

 private:
  GstAudioInfo info_{};
  std::vector<float> weights_;
  /// Sums of squares since the last check.
  std::vector<double> channel_energy_;
  double mix_energy_ = 0;
  guint64 frames_ = 0;
  bool has_told_ = false;
  std::vector<double> unpacked_;
  std::vector<double> sums_;
  std::vector<float> mixed_;
};

}  // namespace kyutaistt
