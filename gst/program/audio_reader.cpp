// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_reader.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <gst/app/app.h>

namespace kyutaistt::program {

namespace {

/// How long the pipeline may take to find out what a file holds.
constexpr GstClockTime opening_patience = 30 * GST_SECOND;
/// How often something that waits asks whether it is to stop.
constexpr GstClockTime waiting_interval = 100 * GST_MSECOND;

/// Only audio is decoded, for pictures would cost time and be thrown away. The converters are left
/// out where no conversion may happen; audioconvert turns integers into floats in either case,
/// without dither or noise shaping.
std::string description(Conversion conversion) {
  const std::string decoder =
      "uridecodebin name=source expose-all-streams=false caps=audio/x-raw(ANY) ! ";
  const std::string converters =
      conversion == Conversion::Allowed
          ? "audioconvert ! audioresample ! "
            "audio/x-raw,format=F32LE,rate=24000,channels=1,layout=interleaved ! "
          : "audio/x-raw,rate=24000,channels=1 ! "
            "audioconvert dithering=none noise-shaping=none ! "
            "audio/x-raw,format=F32LE,layout=interleaved ! ";
  return decoder + converters + "appsink name=sink sync=false max-buffers=16";
}

Status failure(const std::string &path, GError *error) {
  std::string text = path + ": " + (error == nullptr ? "cannot be decoded" : error->message);
  g_clear_error(&error);
  return Status::corrupt(std::move(text));
}

/// Opens what is no regular file, such that no call waits for the other end.
int open_pipe(const std::string &path) {
  // Names of what is open already, as shells give them. Opened again, a pipe whose writer has gone
  // would wait for another.
  constexpr std::string_view descriptors = "/dev/fd/";
  int open_already = path == "/dev/stdin" ? STDIN_FILENO : -1;
  if (path.starts_with(descriptors)) {
    std::from_chars(path.data() + descriptors.size(), path.data() + path.size(), open_already);
  }
  return open_already >= 0 ? fcntl(open_already, F_DUPFD_CLOEXEC, 0)
                           : open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

std::string uri_of(const std::string &path, int pipe) {
  if (pipe >= 0) {
    return "fd://" + std::to_string(pipe);
  }
  gchar *uri = gst_filename_to_uri(path.c_str(), nullptr);
  std::string result = uri == nullptr ? "" : uri;
  g_free(uri);
  return result;
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

AudioReader::AudioReader(std::string path, int pipe, GstElement *pipeline,
                         const std::atomic<bool> &stop)
    : path_(std::move(path)),
      pipe_(pipe),
      pipeline_(pipeline),
      sink_(gst_bin_get_by_name(GST_BIN(pipeline), "sink")),
      stop_(stop) {}

AudioReader::~AudioReader() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
  gst_object_unref(sink_);
  gst_object_unref(pipeline_);
  if (pipe_ >= 0) {
    close(pipe_);
  }
}

Result<std::unique_ptr<AudioReader>> AudioReader::open(const std::string &path,
                                                       Conversion conversion,
                                                       const std::atomic<bool> &stop) {
  if (!g_file_test(path.c_str(), G_FILE_TEST_EXISTS)) {
    return Status::not_found(path + ": there is no such file");
  }
  if (g_file_test(path.c_str(), G_FILE_TEST_IS_DIR)) {
    return Status::invalid_argument(path + ": is a folder, expected an audio file");
  }
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(description(conversion).c_str(), &error);
  if (error != nullptr) {
    if (pipeline != nullptr) {
      gst_object_unref(pipeline);
    }
    return failure(path, error);
  }
  const bool is_file = g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR);
  const int pipe = is_file ? -1 : open_pipe(path);
  const int open_error = errno;
  std::unique_ptr<AudioReader> reader(new AudioReader(path, pipe, pipeline, stop));
  if (!is_file && pipe < 0) {
    return Status::not_found(path + ": cannot be opened: " + g_strerror(open_error));
  }
  GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  g_object_set(source, "uri", uri_of(path, pipe).c_str(), nullptr);
  gst_object_unref(source);
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  if (Status status = reader->wait_until_open(); !status.ok()) {
    return conversion == Conversion::Refused && status.code() == StatusCode::Corrupt
               ? Status::corrupt(status.message() +
                                 " (without conversion only 24 kHz mono is read)")
               : status;
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  return reader;
}

Status AudioReader::wait_until_open() {
  for (GstClockTime waited = 0; pipe_ >= 0 || waited < opening_patience;
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
      return Status::cancelled(path_ + ": interrupted");
    }
  }
  return no_audio();
}

Status AudioReader::no_audio() const {
  return Status::corrupt(path_ + ": no audio was found in it" +
                         (missing_.empty() ? "" : "; GStreamer lacks: " + missing_));
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
      } else {
        status = failure(path_, error);
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
  return Status::cancelled(path_ + ": interrupted");
}

std::optional<Time> AudioReader::duration() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) || duration <= 0) {
    return std::nullopt;
  }
  return Time(duration);
}

}  // namespace kyutaistt::program
