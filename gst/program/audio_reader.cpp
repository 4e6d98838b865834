// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_reader.h"

#include <cstring>
#include <utility>

#include <gst/app/app.h>

namespace kyutaistt::program {

namespace {

/// How long the pipeline may take to find out what a file holds.
constexpr GstClockTime opening_patience = 30 * GST_SECOND;

/// The converters are left out where no conversion may happen; audioconvert turns integers into
/// floats in either case, without dither or noise shaping.
const char *description(Conversion conversion) {
  return conversion == Conversion::Allowed
             ? "uridecodebin name=source ! audioconvert ! audioresample ! "
               "audio/x-raw,format=F32LE,rate=24000,channels=1,layout=interleaved ! "
               "appsink name=sink sync=false max-buffers=16"
             : "uridecodebin name=source ! audio/x-raw,rate=24000,channels=1 ! "
               "audioconvert dithering=none noise-shaping=none ! "
               "audio/x-raw,format=F32LE,layout=interleaved ! "
               "appsink name=sink sync=false max-buffers=16";
}

Status failure(const std::string &path, GError *error) {
  std::string text = path + ": " + (error == nullptr ? "cannot be decoded" : error->message);
  g_clear_error(&error);
  return Status::corrupt(std::move(text));
}

}  // namespace

AudioReader::AudioReader(std::string path, GstElement *pipeline, GstElement *sink)
    : path_(std::move(path)), pipeline_(pipeline), sink_(sink) {}

AudioReader::~AudioReader() {
  gst_element_set_state(pipeline_, GST_STATE_NULL);
  gst_object_unref(sink_);
  gst_object_unref(pipeline_);
}

Result<std::unique_ptr<AudioReader>> AudioReader::open(const std::string &path,
                                                       Conversion conversion) {
  if (!g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR)) {
    return Status::not_found(path + ": there is no such file");
  }
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(description(conversion), &error);
  if (error != nullptr) {
    if (pipeline != nullptr) {
      gst_object_unref(pipeline);
    }
    return failure(path, error);
  }
  GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  gchar *uri = gst_filename_to_uri(path.c_str(), nullptr);
  g_object_set(source, "uri", uri, nullptr);
  g_free(uri);
  gst_object_unref(source);
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
  std::unique_ptr<AudioReader> reader(new AudioReader(path, pipeline, sink));
  gst_element_set_state(pipeline, GST_STATE_PAUSED);
  const auto state = gst_element_get_state(pipeline, nullptr, nullptr, opening_patience);
  if (state == GST_STATE_CHANGE_FAILURE || state == GST_STATE_CHANGE_ASYNC) {
    Status status = reader->pipeline_status();
    if (status.ok()) {
      status = Status::corrupt(path + ": no audio was found in it");
    } else if (conversion == Conversion::Refused) {
      status = Status::corrupt(status.message() + " (without conversion only 24 kHz mono is read)");
    }
    return status;
  }
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  return reader;
}

Status AudioReader::pipeline_status() const {
  GstBus *bus = gst_element_get_bus(pipeline_);
  GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  gst_object_unref(bus);
  if (message == nullptr) {
    return {};
  }
  GError *error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  gst_message_unref(message);
  return failure(path_, error);
}

Result<std::vector<float>> AudioReader::read() {
  GstSample *sample = gst_app_sink_pull_sample(GST_APP_SINK(sink_));
  if (sample == nullptr) {
    Status status = pipeline_status();
    return status.ok() ? Result<std::vector<float>>(std::vector<float>()) : status;
  }
  std::vector<float> samples;
  GstMapInfo map;
  GstBuffer *buffer = gst_sample_get_buffer(sample);
  if (buffer != nullptr && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
    samples.resize(map.size / sizeof(float));
    std::memcpy(samples.data(), map.data, samples.size() * sizeof(float));
    gst_buffer_unmap(buffer, &map);
  }
  gst_sample_unref(sample);
  return samples;
}

std::optional<Time> AudioReader::duration() const {
  gint64 duration = 0;
  if (!gst_element_query_duration(pipeline_, GST_FORMAT_TIME, &duration) || duration <= 0) {
    return std::nullopt;
  }
  return Time(duration);
}

}  // namespace kyutaistt::program
