// SPDX-License-Identifier: LGPL-2.1-or-later
/// Many channels to the one that is recognised.
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

/// What of each channel is heard, for recognition rather than for the ear: the centre, where films
/// have their speech, in full; left and right as in stereo, by half each; surrounds less, effects
/// not at all. Floats need no scaling against clipping. Channels without positions are heard
/// equally. Fails if the audio does not have the channel that is wanted.
Result<std::vector<float>> mix_weights(const GstAudioInfo &info, const ChannelChoice &choice);

/// Raw audio by its caps, also of several channels that have no positions and do not say so.
std::optional<GstAudioInfo> audio_info_of(const GstCaps *caps);

/// Mixes channels to one and notices where they cancel each other out.
///
/// Our own loop and not GstAudioConverter's, which takes fewer than 64 channels, and whose channels
/// could not be compared with the mix.
///
/// A plain value without thread rules.
class ChannelMixer {
 public:
  ChannelMixer() = default;
  ChannelMixer(const GstAudioInfo &info, std::vector<float> weights);

  /// The mix of the next frames; full scale is 1. Valid until the next call.
  std::vector<float> &mix(gpointer *planes, gsize frames);
  /// True, once, if the mix of what was taken is much softer than its loudest channel. It looks
  /// every few seconds; `is_end`: at what there is now.
  bool has_cancelled(bool is_end);

 private:
  GstAudioInfo info_{};
  std::vector<float> weights_;
  /// Sums of squares since the last look.
  std::vector<double> channel_energy_;
  double mix_energy_ = 0;
  guint64 frames_ = 0;
  bool has_told_ = false;
  std::vector<double> unpacked_;
  std::vector<double> sums_;
  std::vector<float> mixed_;
};

}  // namespace kyutaistt
