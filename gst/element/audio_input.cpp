// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/audio_input.h"

#include <algorithm>
#include <utility>

namespace kyutaistt::element {

namespace {

constexpr int model_rate = 24000;
/// A buffer that is no further off than half a frame follows the one before: capture clocks jitter.
constexpr Time tolerance = std::chrono::milliseconds(40);
/// Missing audio up to this long is heard as silence, so that speech keeps its rhythm over a lost
/// packet; over more, only the clock moves.
constexpr Time longest_filled = std::chrono::seconds(1);
/// Longest announced stretch without audio that is heard as silence.
constexpr Time longest_gap = std::chrono::minutes(1);

Time duration_of(guint64 frames, int rate) {
  return Time(gst_util_uint64_scale(frames, GST_SECOND, static_cast<guint64>(rate)));
}

}  // namespace

AudioInput::AudioInput() {
  reset();
}

Time AudioInput::Audio::duration() const {
  return duration_of(samples.size(), model_rate);
}

void AudioInput::reset() {
  gst_audio_info_init(&info_);
  converter_.reset();
  flush();
}

void AudioInput::flush() {
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  if (converter_ != nullptr) {
    gst_audio_converter_reset(converter_.get());
  }
  anchor_.reset();
  frames_since_anchor_ = 0;
  pending_timestamp_.reset();
}

bool AudioInput::set_caps(const GstCaps *caps) {
  GstAudioInfo input;
  if (!gst_audio_info_from_caps(&input, caps)) {
    return false;
  }
  GstAudioInfo output;
  gst_audio_info_set_format(&output, GST_AUDIO_FORMAT_F32, model_rate, 1, nullptr);
  std::unique_ptr<GstAudioConverter, FreeConverter> converter(
      gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &input, &output, nullptr));
  if (converter == nullptr) {
    return false;
  }
  converter_ = std::move(converter);
  info_ = input;
  return true;
}

void AudioInput::set_segment(const GstSegment &segment) {
  segment_ = segment;
  anchor_.reset();
}

bool AudioInput::is_discontinuous(GstBuffer *buffer) const {
  return !anchor_ || GST_BUFFER_IS_DISCONT(buffer) ||
         std::chrono::abs(Time(GST_BUFFER_PTS(buffer)) - expected()) > tolerance;
}

Time AudioInput::expected() const {
  if (!anchor_) {
    return Time(segment_.start);
  }
  return *anchor_ + duration_of(frames_since_anchor_, GST_AUDIO_INFO_RATE(&info_));
}

std::vector<float> AudioInput::run(gpointer *planes, gsize frames) {
  const gsize count = gst_audio_converter_get_out_frames(converter_.get(), frames);
  std::vector<float> samples(count);
  gpointer output[] = {samples.data()};
  if (!gst_audio_converter_samples(converter_.get(), GST_AUDIO_CONVERTER_FLAG_NONE, planes, frames,
                                   output, count)) {
    samples.clear();
  }
  return samples;
}

std::vector<AudioInput::Audio> AudioInput::convert(GstBuffer *buffer) {
  std::vector<Audio> result;
  if (!GST_BUFFER_PTS_IS_VALID(buffer)) {
    buffer = gst_buffer_make_writable(buffer);
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(expected().count());
  }
  GstBuffer *clipped = gst_audio_buffer_clip(buffer, &segment_, GST_AUDIO_INFO_RATE(&info_),
                                             GST_AUDIO_INFO_BPF(&info_));
  if (clipped == nullptr) {
    return result;
  }
  if (is_discontinuous(clipped)) {
    const Time start(GST_BUFFER_PTS(clipped));
    const Time missing = anchor_ ? start - expected() : Time();
    if (Audio held = drain(); !held.samples.empty()) {
      result.push_back(std::move(held));
    }
    if (missing > Time() && missing <= longest_filled) {
      result.push_back(silence(start - missing, missing));
    }
    anchor_ = start;
    pending_timestamp_ = start;
  }
  GstAudioBuffer mapped;
  if (gst_audio_buffer_map(&mapped, &info_, clipped, GST_MAP_READ)) {
    Audio audio;
    audio.samples = run(mapped.planes, GST_AUDIO_BUFFER_N_SAMPLES(&mapped));
    frames_since_anchor_ += GST_AUDIO_BUFFER_N_SAMPLES(&mapped);
    gst_audio_buffer_unmap(&mapped);
    // A resampler gives nothing for the first few samples.
    if (!audio.samples.empty()) {
      audio.timestamp = std::exchange(pending_timestamp_, std::nullopt);
      result.push_back(std::move(audio));
    }
  }
  gst_buffer_unref(clipped);
  return result;
}

AudioInput::Audio AudioInput::drain() {
  Audio audio;
  if (frames_since_anchor_ == 0) {
    return audio;
  }
  if (const gsize held = gst_audio_converter_get_max_latency(converter_.get()); held > 0) {
    audio.samples = run(nullptr, held);
    audio.timestamp = std::exchange(pending_timestamp_, std::nullopt);
  }
  gst_audio_converter_reset(converter_.get());
  anchor_ = expected();
  frames_since_anchor_ = 0;
  return audio;
}

AudioInput::Audio AudioInput::gap(GstClockTime start, GstClockTime duration) {
  const GstClockTime stop = start + std::min(duration, GST_CLOCK_TIME_NONE - 1 - start);
  guint64 first = 0;
  guint64 last = 0;
  if (!gst_segment_clip(&segment_, GST_FORMAT_TIME, start, stop, &first, &last)) {
    return {};
  }
  return silence(Time(first), std::min(Time(last - first), longest_gap));
}

AudioInput::Audio AudioInput::silence(Time start, Time duration) {
  Audio audio;
  const auto samples =
      gst_util_uint64_scale(static_cast<guint64>(duration.count()), model_rate, GST_SECOND);
  audio.samples.resize(samples);
  audio.timestamp = start;
  anchor_ = start + duration;
  frames_since_anchor_ = 0;
  return audio;
}

}  // namespace kyutaistt::element
