// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/samples.h"

#include <cstring>
#include <fstream>

#include <gst/app/app.h>
#include <nlohmann/json.hpp>

#include "support/suite.h"

namespace kyutaistt::tests {

namespace {

void append_samples(GstSample *pulled, std::vector<float> &samples) {
  GstMapInfo map;
  GstBuffer *buffer = gst_sample_get_buffer(pulled);
  ck_assert(gst_buffer_map(buffer, &map, GST_MAP_READ));
  const size_t before = samples.size();
  samples.resize(before + map.size / sizeof(float));
  std::memcpy(samples.data() + before, map.data, map.size);
  gst_buffer_unmap(buffer, &map);
}

}  // namespace

std::string sample(const std::string &name) {
  return KYUTAISTT_EXAMPLES_FOLDER "/samples/" + name;
}

std::vector<float> read_sample(const std::string &name) {
  // The library's tests have no main function that does it.
  gst_init(nullptr, nullptr);
  GError *error = nullptr;
  GstElement *pipeline = gst_parse_launch(
      ("filesrc location=" + sample(name) + " ! decodebin ! audioconvert ! " +
       "audio/x-raw,format=F32LE,rate=24000,channels=1 ! appsink name=out sync=false")
          .c_str(),
      &error);
  g_assert_no_error(error);
  GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "out");
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  std::vector<float> samples;
  while (GstSample *pulled = gst_app_sink_pull_sample(GST_APP_SINK(sink))) {
    append_samples(pulled, samples);
    gst_sample_unref(pulled);
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  ck_assert_uint_gt(samples.size(), 0);
  return samples;
}

std::vector<Clip> read_clips() {
  std::ifstream file(sample("manifest.json"));
  const nlohmann::json manifest = nlohmann::json::parse(file);
  std::vector<Clip> clips;
  for (const auto &entry : manifest.at("clips")) {
    Clip clip;
    clip.file = entry.at("file").get<std::string>();
    clip.set = entry.at("set").get<std::string>();
    clip.samples = read_sample(clip.file);
    for (const auto &[domain, reference] : entry.at("reference").items()) {
      clip.references[domain] = {entry.at(domain == "asr_is_is" ? "is" : "en").get<std::string>(),
                                 reference.at("text").get<std::string>(),
                                 reference.at("tokens").get<std::vector<int32_t>>(),
                                 reference.at("errors").get<int>()};
    }
    clips.push_back(std::move(clip));
  }
  ck_assert_uint_ge(clips.size(), 16);
  return clips;
}

}  // namespace kyutaistt::tests
