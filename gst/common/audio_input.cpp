// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/audio_input.h"

#include <algorithm>
#include <utility>

#include "common/mapped_memory.h"

namespace kyutaistt {

namespace {

constexpr auto model_rate = static_cast<int>(sample_rate);
/// Longest stretch declared to be without audio that is replaced by silence.
constexpr Time max_gap = std::chrono::minutes(1);

Time duration_at(guint64 frames, int rate) {
  return Time(gst_util_uint64_scale(frames, GST_SECOND, static_cast<guint64>(rate)));
}

guint64 frames_in(Time duration, int rate) {
  return gst_util_uint64_scale(static_cast<guint64>(duration.count()), static_cast<guint64>(rate),
                               GST_SECOND);
}

}  // namespace

Time AudioInput::Audio::duration() const {
  return duration_of(static_cast<int64_t>(samples.size()));
}

Time AudioInput::duration(const Pieces &pieces) {
  Time sum{};
  for (const Audio &audio : pieces) {
    sum += audio.duration();
  }
  return sum;
}

AudioInput::AudioInput() {
  reset();
}

void AudioInput::reset() {
  gst_audio_info_init(&info_);
  converter_.reset();
  mixer_ = ChannelMixer();
  notes_.clear();
  has_told_positions_ = false;
  has_told_cancellation_ = false;
  clock_.set_rate(model_rate);
  flush();
}

void AudioInput::flush() {
  gst_segment_init(&segment_, GST_FORMAT_TIME);
  if (converter_ != nullptr) {
    gst_audio_converter_reset(converter_.get());
  }
  is_converting_ = false;
  clock_.reset();
  waiting_.clear();
  pending_timestamp_.reset();
}

Status AudioInput::set_caps(const GstCaps *caps) {
  const auto input = audio_info_of(caps);
  if (!input) {
    return Status::invalid_argument("audio of this kind cannot be converted");
  }
  auto weights = mix_weights(*input, choice_);
  if (!weights.ok()) {
    return weights.status();
  }
  GstAudioInfo from = *input;
  // Mono is converted as it is, so that nothing rounds it twice.
  if (input->channels > 1) {
    gst_audio_info_set_format(&from, GST_AUDIO_FORMAT_F32, input->rate, 1, nullptr);
  }
  GstAudioInfo output;
  gst_audio_info_set_format(&output, GST_AUDIO_FORMAT_F32, model_rate, 1, nullptr);
  std::unique_ptr<GstAudioConverter, FreeConverter> converter(
      gst_audio_converter_new(GST_AUDIO_CONVERTER_FLAG_NONE, &from, &output, nullptr));
  if (converter == nullptr) {
    return Status::invalid_argument("audio of this kind cannot be converted");
  }
  converter_ = std::move(converter);
  info_ = *input;
  is_converting_ = false;
  mixer_ = ChannelMixer(info_, std::move(weights).value());
  const bool is_mix = choice_.kind == ChannelChoice::Kind::Mix;
  clock_.set_rate(info_.rate);
  if (is_mix && info_.channels > 1 && GST_AUDIO_INFO_IS_UNPOSITIONED(&info_) &&
      !std::exchange(has_told_positions_, true)) {
    note(std::to_string(info_.channels) + " channels without positions are mixed equally");
  }
  return {};
}

void AudioInput::set_segment(const GstSegment &segment) {
  segment_ = segment;
  clock_.reset();
}

void AudioInput::note(const std::string &text) {
  notes_ += (notes_.empty() ? "" : "; ") + text;
}

std::string AudioInput::take_notes() {
  return std::exchange(notes_, {});
}

void AudioInput::look_at_mix(bool is_end) {
  if (choice_.kind == ChannelChoice::Kind::Mix && mixer_.has_cancelled(is_end) &&
      !std::exchange(has_told_cancellation_, true)) {
    note("the channels cancel each other out when they are mixed; choose one of them (channel)");
  }
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

void AudioInput::convert_now(GstBuffer *buffer, Pieces &pieces) {
  MappedAudioBuffer mapped(buffer, info_);
  if (!mapped.is_mapped()) {
    return;
  }
  Audio audio;
  if (info_.channels > 1) {
    gpointer mixed[] = {mixer_.mix(mapped.planes(), mapped.frames()).data()};
    audio.samples = run(mixed, mapped.frames());
    look_at_mix(false);
  } else {
    audio.samples = run(mapped.planes(), mapped.frames());
  }
  is_converting_ = true;
  // A resampler returns nothing for the first few samples.
  if (!audio.samples.empty()) {
    audio.timestamp = std::exchange(pending_timestamp_, std::nullopt);
    pieces.push_back(std::move(audio));
  }
}

void AudioInput::empty_converter(Pieces &pieces) {
  if (!std::exchange(is_converting_, false)) {
    return;
  }
  if (const gsize held = gst_audio_converter_get_max_latency(converter_.get()); held > 0) {
    Audio audio;
    audio.samples = run(nullptr, held);
    audio.timestamp = std::exchange(pending_timestamp_, std::nullopt);
    if (!audio.samples.empty()) {
      pieces.push_back(std::move(audio));
    }
  }
  gst_audio_converter_reset(converter_.get());
}

void AudioInput::add_silence(Time start, Time duration, Pieces &pieces) {
  Audio audio;
  audio.samples.resize(static_cast<size_t>(samples_in(duration)));
  audio.timestamp = start;
  if (!audio.samples.empty()) {
    pieces.push_back(std::move(audio));
  }
}

void AudioInput::join(const std::vector<AudioClock::Joint> &joints, Pieces &pieces) {
  for (const AudioClock::Joint &joint : joints) {
    const BufferPointer buffer = std::move(waiting_.front());
    waiting_.pop_front();
    if (joint.is_break) {
      empty_converter(pieces);
    }
    if (joint.silence > Time()) {
      add_silence(*joint.timestamp - joint.silence, joint.silence, pieces);
    }
    if (joint.timestamp) {
      // The samples left in the resampler come first.
      const gsize held = is_converting_ ? gst_audio_converter_get_max_latency(converter_.get()) : 0;
      pending_timestamp_ = *joint.timestamp - duration_at(held, info_.rate);
    }
    convert_now(buffer.get(), pieces);
  }
}

AudioInput::Pieces AudioInput::convert(BufferPointer buffer) {
  Pieces pieces;
  const bool has_position = GST_BUFFER_PTS_IS_VALID(buffer.get());
  if (!has_position) {
    buffer.reset(gst_buffer_make_writable(buffer.release()));
    const Time start = clock_.has_begun() ? clock_.now() : Time(segment_.start);
    GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(std::max(start, Time()).count());
  }
  BufferPointer clipped(gst_audio_buffer_clip(buffer.release(), &segment_, info_.rate, info_.bpf));
  if (clipped == nullptr) {
    return pieces;
  }
  const Time position(GST_BUFFER_PTS(clipped.get()));
  AudioClock::Piece piece;
  if (has_position || !clock_.has_begun()) {
    piece.position = position;
  }
  piece.frames = gst_buffer_get_size(clipped.get()) / static_cast<gsize>(info_.bpf);
  piece.is_marked = GST_BUFFER_IS_DISCONT(clipped.get()) != FALSE;
  waiting_.push_back(std::move(clipped));
  join(clock_.take(piece), pieces);
  return pieces;
}

AudioInput::Pieces AudioInput::drain() {
  Pieces pieces;
  join(clock_.release(), pieces);
  empty_converter(pieces);
  look_at_mix(true);
  return pieces;
}

AudioInput::Pieces AudioInput::gap(GstClockTime start, GstClockTime duration) {
  Pieces pieces = drain();
  const GstClockTime stop = start + std::min(duration, GST_CLOCK_TIME_NONE - 1 - start);
  guint64 first = 0;
  guint64 last = 0;
  if (!gst_segment_clip(&segment_, GST_FORMAT_TIME, start, stop, &first, &last)) {
    return pieces;
  }
  Time begin(first);
  const Time end(last);
  if (clock_.has_begun()) {
    // It does not apply to audio that has already arrived.
    const Time overlap = clock_.now() - begin;
    if (overlap > Time() && overlap < AudioClock::certainty) {
      begin = std::min(begin + overlap, end);
    }
  }
  const Time length = std::min(end - begin, max_gap);
  AudioClock::Piece piece;
  piece.position = begin;
  piece.frames = frames_in(length, has_caps() ? info_.rate : model_rate);
  piece.is_marked = true;
  if (piece.frames == 0) {
    return pieces;
  }
  for (const AudioClock::Joint &joint : clock_.take(piece)) {
    if (joint.silence > Time()) {
      add_silence(*joint.timestamp - joint.silence, joint.silence, pieces);
    }
    add_silence(begin, length, pieces);
  }
  return pieces;
}

}  // namespace kyutaistt
