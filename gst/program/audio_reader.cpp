// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_reader.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include <gst/app/app.h>

namespace kyutaistt::program {

namespace {

/// How long the pipeline may take to find out what a file holds.
constexpr GstClockTime opening_patience = 30 * GST_SECOND;
/// How often something that waits asks whether it is to stop.
constexpr GstClockTime waiting_interval = 100 * GST_MSECOND;

/// Any bytes may look like something that they are not.
const std::string raw_hint = " (samples without a container need --raw-format)";

/// Only audio is decoded, for pictures would cost time and be thrown away. The converters are left
/// out where no conversion may happen; audioconvert turns integers into floats in either case,
/// without dither or noise shaping.
std::string description(const Reading &reading) {
  const std::string converters =
      reading.conversion == Conversion::Allowed
          ? "audioconvert ! audioresample ! "
            "audio/x-raw,format=F32LE,rate=24000,channels=1,layout=interleaved ! "
          : "audio/x-raw,rate=24000,channels=1 ! "
            "audioconvert dithering=none noise-shaping=none ! "
            "audio/x-raw,format=F32LE,layout=interleaved ! ";
  std::string decoder =
      "uridecodebin name=source expose-all-streams=false caps=audio/x-raw(ANY) ! ";
  if (const auto &raw = reading.raw_format) {
    std::string format = raw->sample_format;
    std::transform(format.begin(), format.end(), format.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    decoder = "rawaudioparse name=parser format=pcm pcm-format=" + format +
              " sample-rate=" + std::to_string(raw->rate) +
              " num-channels=" + std::to_string(raw->channels) + " ! ";
  }
  return decoder + converters + "appsink name=sink sync=false max-buffers=16";
}

Status failure(const std::string &path, GError *error) {
  std::string text = path + ": " + (error == nullptr ? "cannot be decoded" : error->message);
  g_clear_error(&error);
  return Status::corrupt(std::move(text));
}

/// For samples without a container, the source and how it is read in place of the decoder.
Status add_raw_source(GstElement *pipeline, const AudioSource &source) {
  GError *error = nullptr;
  GstElement *element =
      gst_element_make_from_uri(GST_URI_SRC, source.uri().c_str(), nullptr, &error);
  if (element == nullptr) {
    return failure(source.name(), error);
  }
  gst_bin_add(GST_BIN(pipeline), element);
  GstElement *parser = gst_bin_get_by_name(GST_BIN(pipeline), "parser");
  const bool linked = gst_element_link(element, parser) != FALSE;
  gst_object_unref(parser);
  return linked ? Status() : Status::unsupported(source.name() + ": cannot be read as raw samples");
}

std::vector<float> samples_of(GstSample *sample) {
  std::vector<float> samples;
  GstMapInfo map;
  GstBuffer *buffer = gst_sample_get_buffer(sample);
  if (buffer != nullptr && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    samples.resize(map.size / sizeof(float));
    if (!samples.empty()) {
      std::memcpy(samples.data(), map.data, samples.size() * sizeof(float));
    }
    gst_buffer_unmap(buffer, &map);
  }
  return samples;
}

/// Stream time: what a player would show.
std::optional<Time> position_of(GstSample *sample) {
  GstBuffer *buffer = gst_sample_get_buffer(sample);
  const GstSegment *segment = gst_sample_get_segment(sample);
  if (buffer == nullptr || segment == nullptr || segment->format != GST_FORMAT_TIME ||
      !GST_BUFFER_PTS_IS_VALID(buffer)) {
    return std::nullopt;
  }
  const guint64 position =
      gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  return GST_CLOCK_TIME_IS_VALID(position) ? std::optional(Time(position)) : std::nullopt;
}

}  // namespace

AudioReader::AudioReader(AudioSource source, GstElement *pipeline, const std::atomic<bool> &stop)
    : source_(std::move(source)),
      pipeline_(pipeline),
      sink_(gst_bin_get_by_name(GST_BIN(pipeline), "sink")),
      stop_(stop) {}

AudioReader::~AudioReader() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
  gst_object_unref(sink_);
  gst_object_unref(pipeline_);
}

Result<std::unique_ptr<AudioReader>> AudioReader::open(const std::string &path,
                                                       const Reading &reading,
                                                       const std::atomic<bool> &stop) {
  auto source = AudioSource::open(path);
  if (!source.ok()) {
    return source.status();
  }
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(description(reading).c_str(), &error);
  if (error != nullptr) {
    if (pipeline != nullptr) {
      gst_object_unref(pipeline);
    }
    return failure(path, error);
  }
  std::unique_ptr<AudioReader> reader(new AudioReader(std::move(source).value(), pipeline, stop));
  if (Status status = reader->begin(reading); !status.ok()) {
    return reading.conversion == Conversion::Refused && status.code() == StatusCode::Corrupt
               ? Status::corrupt(status.message() +
                                 " (without conversion only 24 kHz mono is read)")
               : status;
  }
  return reader;
}

Status AudioReader::begin(const Reading &reading) {
  if (reading.raw_format) {
    if (Status status = add_raw_source(pipeline_, source_); !status.ok()) {
      return status;
    }
  } else {
    GstElement *decoder = gst_bin_get_by_name(GST_BIN(pipeline_), "source");
    g_object_set(decoder, "uri", source_.uri().c_str(), nullptr);
    gst_object_unref(decoder);
  }
  gst_element_set_state(pipeline_, GST_STATE_PAUSED);
  if (Status status = wait_until_open(); !status.ok()) {
    // What GStreamer says of an address that does not answer may be of an internal error only.
    return source_.is_remote() && status.code() == StatusCode::Corrupt
               ? Status::corrupt(status.message() + " (the URI cannot be read)")
               : status;
  }
  gst_element_set_state(pipeline_, GST_STATE_PLAYING);
  return {};
}

Status AudioReader::wait_until_open() {
  for (GstClockTime waited = 0; source_.is_awaited() || waited < opening_patience;
       waited += waiting_interval) {
    const auto state = gst_element_get_state(pipeline_, nullptr, nullptr, waiting_interval);
    if (state != GST_STATE_CHANGE_FAILURE && state != GST_STATE_CHANGE_ASYNC) {
      return {};
    }
    if (Status status = pipeline_status(); !status.ok()) {
      return status;
    }
    if (state == GST_STATE_CHANGE_FAILURE) {
      break;
    }
    if (stop_) {
      return Status::cancelled(source_.name() + ": interrupted");
    }
  }
  return no_audio();
}

Status AudioReader::no_audio() const {
  return Status::corrupt(source_.name() + ": no audio was found in it" +
                         (missing_.empty() ? raw_hint : "; GStreamer lacks: " + missing_));
}

Status AudioReader::pipeline_status() {
  constexpr auto wanted = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
  Status status;
  GstBus *bus = gst_element_get_bus(pipeline_);
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
      // What the decoder says where it found no stream that it was to decode.
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

Result<FileAudio> AudioReader::read() {
  while (!stop_) {
    GstSample *sample = gst_app_sink_try_pull_sample(GST_APP_SINK(sink_), waiting_interval);
    if (sample != nullptr) {
      FileAudio audio{samples_of(sample), position_of(sample)};
      gst_sample_unref(sample);
      // A packet may hold none: that is not the end.
      if (!audio.samples.empty()) {
        return audio;
      }
      continue;
    }
    if (Status status = pipeline_status(); !status.ok()) {
      return status;
    }
    if (gst_app_sink_is_eos(GST_APP_SINK(sink_))) {
      return FileAudio();
    }
  }
  return Status::cancelled(source_.name() + ": interrupted");
}

std::optional<Time> AudioReader::duration() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) || duration <= 0) {
    return std::nullopt;
  }
  return Time(duration);
}

}  // namespace kyutaistt::program
