// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_reader.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <gst/app/app.h>

#include "program/audio_tracks.h"

namespace kyutaistt::program {

namespace {

/// How long the pipeline may take to find out what a file holds.
constexpr GstClockTime opening_patience = 30 * GST_SECOND;
/// How often waiting code checks whether it should stop.
constexpr GstClockTime waiting_interval = 100 * GST_MSECOND;
/// Any bytes may look like a format that they are not.
const std::string raw_hint = " (samples without a container need --raw-format)";
/// Buffers of decoded audio that may wait to be read.
constexpr guint max_buffers = 16;

Status failure(const std::string &path, GError *error) {
  std::string text = path + ": " + (error == nullptr ? "cannot be decoded" : error->message);
  g_clear_error(&error);
  return Status::corrupt(std::move(text));
}

/// Stream time, which a player would show; valid a little outside of the segment too.
Time stream_time(const GstSegment &segment, Time time) {
  const Time begin(segment.start);
  const Time shown(GST_CLOCK_TIME_IS_VALID(segment.time) ? segment.time : 0);
  return time - begin + shown;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

}  // namespace

AudioReader::AudioReader(AudioSource source, const Reading &reading, const std::atomic<bool> &stop)
    : source_(std::move(source)), reading_(reading), stop_(stop) {
  input_.set_channel(reading.channel);
  input_.set_may_wait(true);
}

AudioReader::~AudioReader() {
  if (pipeline_ != nullptr) {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  }
}

Result<std::unique_ptr<AudioReader>> AudioReader::open(const std::string &path,
                                                       const Reading &reading,
                                                       const std::atomic<bool> &stop) {
  auto source = AudioSource::open(path);
  if (!source.ok()) {
    return source.status();
  }
  std::unique_ptr<AudioReader> reader(new AudioReader(std::move(source).value(), reading, stop));
  if (Status status = reader->begin(); !status.ok()) {
    return reading.conversion == Conversion::Refused && status.code() == StatusCode::Corrupt
               ? Status::corrupt(status.message() +
                                 " (without conversion only 24 kHz mono is read)")
               : status;
  }
  return reader;
}

AudioReader::Part AudioReader::make_part(GstPad *pad) {
  Part part;
  GstElement *sink = gst_element_factory_make("appsink", nullptr);
  // It ignores the pipeline's changes of state, so that it can be added at any time.
  g_object_set(sink, "sync", FALSE, "async", FALSE, "max-buffers", max_buffers, nullptr);
  const CapsPointer caps(gst_caps_new_empty_simple("audio/x-raw"));
  g_object_set(sink, "caps", caps.get(), nullptr);
  part.sink.reset(GST_ELEMENT(gst_object_ref_sink(sink)));
  gst_bin_add(GST_BIN(pipeline_.get()), sink);
  if (pad != nullptr) {
    const PadPointer input(gst_element_get_static_pad(sink, "sink"));
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, input.get());
    part.pad.reset(GST_PAD(gst_object_ref(pad)));
  }
  return part;
}

Status AudioReader::add_raw_source() {
  GError *error = nullptr;
  GstElement *source =
      gst_element_make_from_uri(GST_URI_SRC, source_.uri().c_str(), nullptr, &error);
  if (source == nullptr) {
    return failure(source_.name(), error);
  }
  GstElement *parser = gst_element_factory_make("rawaudioparse", nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), source);
  if (parser == nullptr) {
    return Status::unsupported(source_.name() + ": GStreamer lacks: rawaudioparse");
  }
  gst_util_set_object_arg(G_OBJECT(parser), "format", "pcm");
  gst_util_set_object_arg(G_OBJECT(parser), "pcm-format",
                          lower_case(reading_.raw_format->sample_format).c_str());
  g_object_set(parser, "sample-rate", reading_.raw_format->rate, "num-channels",
               reading_.raw_format->channels, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), parser);
  Part part = make_part(nullptr);
  const bool is_linked = gst_element_link_many(source, parser, part.sink.get(), nullptr) != FALSE;
  parts_.push_back(std::move(part));
  return is_linked ? Status()
                   : Status::unsupported(source_.name() + ": cannot be read as raw samples");
}

void AudioReader::add_decoder() {
  GstElement *decoder = gst_element_factory_make("uridecodebin", nullptr);
  // Only audio is decoded: pictures would cost time and be discarded.
  const CapsPointer caps(gst_caps_from_string("audio/x-raw(ANY)"));
  g_object_set(decoder, "expose-all-streams", FALSE, "caps", caps.get(), nullptr);
  wave_ = WaveFile::open(source_.name());
  if (wave_) {
    g_signal_connect(decoder, "source-setup", G_CALLBACK(source_was_made), this);
  }
  g_object_set(decoder, "uri", wave_ ? "appsrc://" : source_.uri().c_str(), nullptr);
  g_signal_connect(decoder, "pad-added", G_CALLBACK(pad_was_added), this);
  g_signal_connect(decoder, "pad-removed", G_CALLBACK(pad_was_removed), this);
  g_signal_connect(decoder, "no-more-pads", G_CALLBACK(pads_are_complete), this);
  gst_bin_add(GST_BIN(pipeline_.get()), decoder);
}

void AudioReader::source_was_made(GstElement * /*decoder*/, GstElement *source, gpointer reader) {
  g_object_set(source, "max-bytes", G_GUINT64_CONSTANT(1 << 20), nullptr);
  g_signal_connect(source, "need-data", G_CALLBACK(wave_is_wanted), reader);
}

void AudioReader::wave_is_wanted(GstElement *source, guint /*length*/, gpointer reader) {
  constexpr size_t piece = 65536;
  const std::vector<char> bytes = static_cast<AudioReader *>(reader)->wave_->read(piece);
  if (bytes.empty()) {
    gst_app_src_end_of_stream(GST_APP_SRC(source));
  } else {
    gst_app_src_push_buffer(GST_APP_SRC(source), gst_buffer_new_memdup(bytes.data(), bytes.size()));
  }
}

void AudioReader::pad_was_added(GstElement * /*decoder*/, GstPad *pad, gpointer reader) {
  auto *self = static_cast<AudioReader *>(reader);
  const std::lock_guard lock(self->mutex_);
  self->new_pads_.emplace_back(GST_PAD(gst_object_ref(pad)));
}

void AudioReader::pad_was_removed(GstElement * /*decoder*/, GstPad *pad, gpointer reader) {
  auto *self = static_cast<AudioReader *>(reader);
  const std::lock_guard lock(self->mutex_);
  for (Part &part : self->parts_) {
    // No EOS comes where another part follows.
    part.has_ended = part.has_ended || part.pad.get() == pad;
  }
}

void AudioReader::pads_are_complete(GstElement * /*decoder*/, gpointer reader) {
  static_cast<AudioReader *>(reader)->choose_pad();
}

void AudioReader::choose_pad() {
  std::vector<PadPointer> pads;
  {
    const std::lock_guard lock(mutex_);
    pads = std::exchange(new_pads_, {});
  }
  if (pads.empty()) {
    return;
  }
  std::vector<AudioTrack> tracks;
  std::transform(pads.begin(), pads.end(), std::back_inserter(tracks),
                 [](const PadPointer &pad) { return track_of(pad.get()); });
  const auto chosen = choose_track(tracks, reading_.track);
  std::optional<Part> part;
  if (chosen.ok()) {
    part = make_part(pads[chosen.value()].get());
  }
  const std::lock_guard lock(mutex_);
  if (!part) {
    choice_ = Status::not_found(source_.name() + ": " + chosen.status().message());
    return;
  }
  if (tracks.size() > 1 && parts_.empty() && reading_.track.empty()) {
    notes_ += (notes_.empty() ? "" : "; ") + describe_tracks(tracks, chosen.value());
  }
  parts_.push_back(std::move(*part));
}

Status AudioReader::begin() {
  pipeline_.reset(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  if (reading_.raw_format) {
    if (Status status = add_raw_source(); !status.ok()) {
      return status;
    }
  } else {
    add_decoder();
  }
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  if (Status status = wait_until_open(); !status.ok()) {
    // For an address that does not answer, GStreamer may only report an internal error.
    return source_.is_remote() && status.code() == StatusCode::Corrupt
               ? Status::corrupt(status.message() + " (the URI cannot be read)")
               : status;
  }
  return {};
}

Status AudioReader::wait_until_open() {
  for (GstClockTime waited = 0; source_.is_awaited() || waited < opening_patience;) {
    bool has_ended = false;
    if (const auto sink = current_part(has_ended)) {
      // The first audio shows whether it can be decoded at all.
      GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(*sink), waiting_interval);
      if (sample != nullptr) {
        return take(sample);
      }
      has_ended = has_ended || gst_app_sink_is_eos(GST_APP_SINK(*sink)) != FALSE;
    } else {
      g_usleep(5000);
    }
    waited += waiting_interval / (has_ended ? 1 : 20);
    if (Status status = pipeline_status(); !status.ok()) {
      return status;
    }
    if (has_ended && !leave_part()) {
      return Status::corrupt(source_.name() + ": not one sample of audio was found in it");
    }
    if (stop_) {
      return Status::cancelled(source_.name() + ": interrupted");
    }
  }
  return no_audio();
}

std::optional<GstElement *> AudioReader::current_part(bool &has_ended) {
  const std::lock_guard lock(mutex_);
  if (parts_.empty()) {
    return std::nullopt;
  }
  has_ended = parts_.front().has_ended;
  return parts_.front().sink.get();
}

bool AudioReader::leave_part() {
  const std::lock_guard lock(mutex_);
  if (parts_.size() < 2) {
    return false;
  }
  parts_.pop_front();
  return true;
}

Status AudioReader::no_audio() const {
  return Status::corrupt(source_.name() + ": no audio was found in it" +
                         (missing_.empty() ? raw_hint : "; GStreamer lacks: " + missing_));
}

Status AudioReader::pipeline_status() {
  constexpr auto wanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
  Status status;
  {
    const std::lock_guard lock(mutex_);
    status = choice_;
  }
  GstBus *bus = gst_element_get_bus(pipeline_.get());
  while (status.ok()) {
    GstMessage *message = gst_bus_pop_filtered(bus, wanted);
    if (message == nullptr) {
      break;
    }
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT) {
      note_missing(message);
    } else {
      GError *error = nullptr;
      gst_message_parse_error(message, &error, nullptr);
      // The decoder's message if it found no stream to decode.
      if (g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN)) {
        g_error_free(error);
        status = no_audio();
      } else if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND)) {
        g_error_free(error);
        status = Status::corrupt(source_.name() +
                                 ": is of no known format (samples without a "
                                 "container need --raw-format)");
      } else {
        status = failure(source_.name(), error);
      }
    }
    gst_message_unref(message);
  }
  gst_object_unref(bus);
  return status;
}

void AudioReader::note_missing(GstMessage *message) {
  const GstStructure *found = gst_message_get_structure(message);
  const gchar *name = found != nullptr && gst_structure_has_name(found, "missing-plugin")
                          ? gst_structure_get_string(found, "name")
                          : nullptr;
  if (name != nullptr) {
    missing_ += (missing_.empty() ? "" : ", ") + std::string(name);
  }
}

Status AudioReader::take_caps(GstCaps *caps) {
  if (caps == nullptr || (caps_ != nullptr && gst_caps_is_equal(caps, caps_.get()))) {
    return {};
  }
  take(input_.drain());
  caps_.reset(gst_caps_ref(caps));
  const auto info = audio_info_of(caps);
  if (reading_.conversion == Conversion::Refused && info &&
      (info->rate != sample_rate || info->channels != 1)) {
    return Status::corrupt(source_.name() + ": found " + std::to_string(info->channels) +
                           " channels at " + std::to_string(info->rate) + " Hz");
  }
  const Status status = input_.set_caps(caps);
  return status.ok() ? status : Status::corrupt(source_.name() + ": " + status.message());
}

void AudioReader::take(AudioInput::Pieces pieces) {
  for (AudioInput::Audio &piece : pieces) {
    FileAudio audio;
    audio.samples = std::move(piece.samples);
    if (piece.timestamp && segment_) {
      audio.position = stream_time(*segment_, *piece.timestamp);
    }
    audio.begins_part = std::exchange(part_begins_, false);
    ready_.push_back(std::move(audio));
  }
}

Status AudioReader::take(GstSample *pulled) {
  const SamplePointer sample(pulled);
  if (Status status = take_caps(gst_sample_get_caps(sample.get())); !status.ok()) {
    return status;
  }
  const GstSegment *segment = gst_sample_get_segment(sample.get());
  if (segment->format == GST_FORMAT_TIME &&
      (!segment_ || segment_->start != segment->start || segment_->time != segment->time ||
       segment_->stop != segment->stop)) {
    take(input_.drain());
    segment_ = *segment;
    input_.set_segment(*segment);
    part_begins_ = true;
  }
  if (GstBuffer *buffer = gst_sample_get_buffer(sample.get())) {
    take(input_.convert(BufferPointer(gst_buffer_ref(buffer))));
  }
  return {};
}

Result<FileAudio> AudioReader::read() {
  while (!stop_) {
    if (!ready_.empty()) {
      FileAudio audio = std::move(ready_.front());
      ready_.pop_front();
      return audio;
    }
    if (is_drained_) {
      return FileAudio();
    }
    bool has_ended = false;
    const auto sink = current_part(has_ended);
    // Checked before pulling: samples that arrived until then are still in the sink.
    const bool is_at_end = has_ended || gst_app_sink_is_eos(GST_APP_SINK(*sink)) != FALSE;
    GstSample *sample =
        gst_app_sink_try_pull_sample(GST_APP_SINK(*sink), is_at_end ? 0 : waiting_interval);
    if (sample != nullptr) {
      if (Status status = take(sample); !status.ok()) {
        return status;
      }
      continue;
    }
    if (is_at_end && leave_part()) {
      // Its clock restarts.
      take(input_.drain());
      segment_.reset();
      continue;
    }
    Status status = pipeline_status();
    if (status.ok() && !(is_at_end && gst_app_sink_is_eos(GST_APP_SINK(*sink)))) {
      continue;
    }
    take(input_.drain());
    if (!status.ok() && ready_.empty()) {
      return status;
    }
    is_drained_ = status.ok();
  }
  return Status::cancelled(source_.name() + ": interrupted");
}

std::string AudioReader::take_notes() {
  std::string notes = input_.take_notes();
  const std::lock_guard lock(mutex_);
  if (!notes_.empty()) {
    notes = std::exchange(notes_, {}) + (notes.empty() ? "" : "; ") + notes;
  }
  return notes;
}

std::optional<Time> AudioReader::duration() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(pipeline_.get(), GST_FORMAT_TIME, &duration) || duration <= 0) {
    return std::nullopt;
  }
  return Time(duration);
}

}  // namespace kyutaistt::program
