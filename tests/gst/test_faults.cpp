// SPDX-License-Identifier: LGPL-2.1-or-later
/// Nothing hangs and nothing is lost that was recognised, when the model, the next element or the
/// user does something wrong.
#include <cstring>
#include <string>
#include <vector>

#include "gst/harness.h"
#include "support/suite.h"

namespace {

using kyutaistt::tests::assert_contains;
using kyutaistt::tests::assert_text;
using kyutaistt::tests::Element;
using kyutaistt::tests::model_folder;
using kyutaistt::tests::run_pipeline;
using kyutaistt::tests::sample;
using kyutaistt::tests::Text;

TEST(the_next_element_has_had_enough) {
  const std::string start = "filesrc location=" + sample("forecast-01.flac") +
                            " ! decodebin ! kyutaistt model=" + model_folder +
                            " domain=asr_is_is ! text/x-raw ! ";
  // EOS still comes to the end of the pipeline.
  const std::vector<Text> words = run_pipeline(start + "identity eos-after=3 ! appsink name=out");
  ck_assert_uint_le(words.size(), 3);
}

TEST(loading_is_told) {
  Element element;
  element.harness();
  for (const GstProgressType expected : {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE}) {
    GstProgressType found = GST_PROGRESS_TYPE_CONTINUE;
    while (found == GST_PROGRESS_TYPE_CONTINUE) {
      GstMessage *message = element.wait_for(GST_MESSAGE_PROGRESS);
      gchar *code = nullptr;
      gchar *text = nullptr;
      gst_message_parse_progress(message, &found, &code, &text);
      assert_text(code, "model-loading");
      assert_contains(text, model_folder.c_str());
      g_free(code);
      g_free(text);
      gst_message_unref(message);
    }
    ck_assert_int_eq(found, expected);
  }
}

TEST(the_model_stays_while_it_is_in_use) {
  Element element("text/x-raw, format=utf8", "domain=asr_is_is");
  element.start_audio();
  g_object_set(element.element(), "model", "/nowhere", "max-streams", 1, nullptr);
  gchar *model = nullptr;
  guint most = 0;
  g_object_get(element.element(), "model", &model, "max-streams", &most, nullptr);
  assert_text(model, model_folder);
  ck_assert_uint_eq(most, 64);
  g_free(model);
  gst_element_set_state(element.element(), GST_STATE_READY);
  g_object_set(element.element(), "model", "/nowhere", nullptr);
  g_object_get(element.element(), "model", &model, nullptr);
  assert_text(model, "/nowhere");
  g_free(model);
}

}  // namespace
