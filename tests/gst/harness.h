// SPDX-License-Identifier: LGPL-2.1-or-later
/// Runs the element in a GstHarness, and whole pipelines.
#pragma once

#include <cstdlib>
#include <functional>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

// After the standard library: macros of Check have names that its headers use.
#include <gst/check/check.h>
#include <gst/check/gstharness.h>

#include "support/samples.h"

namespace kyutaistt::tests {

/// The bundled model, or a variant of it that the environment names.
inline const std::string model_folder = [] {
  const char *variant = std::getenv("KYUTAISTT_TESTS_MODEL");
  return std::string(variant == nullptr ? KYUTAISTT_EXAMPLES_FOLDER "/model" : variant);
}();

/// One buffer that came out.
struct Text {
  std::string text;
  GstClockTime pts = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  bool discont = false;
};

/// An element with a model and a bus, which goes into a harness, and so plays, when it is used.
class Element {
 public:
  /// `sink_caps` is what downstream takes. Properties are set from a string such as "domain=x".
  explicit Element(const char *sink_caps = "text/x-raw, format=utf8",
                   const std::string &properties = "", const std::string &model = model_folder);
  Element(const Element &) = delete;
  Element &operator=(const Element &) = delete;
  ~Element();

  /// Not live, unless that is changed before audio comes.
  GstHarness *harness();
  GstElement *element() { return element_; }

  /// Stream start, caps and a TIME segment.
  void start_audio(const char *caps =
                       "audio/x-raw, format=F32LE, rate=24000, channels=1, "
                       "layout=interleaved");
  /// Pushes samples from `pts` on in buffers of `chunk` samples.
  GstFlowReturn push(const std::vector<float> &samples, GstClockTime pts = 0, size_t chunk = 2400);
  void push_event(GstEvent *event);
  /// Sends EOS and waits until it has come through.
  void finish();
  /// Everything that came out since the last call.
  std::vector<Text> take();
  /// The same, joined with spaces.
  std::string take_text();
  /// Downstream events since the last call, by what they are: the language of a TAG, the name of a
  /// custom event.
  std::vector<std::string> take_event_names();
  /// Waits for a message; fails the test if it does not come at all.
  GstMessage *wait_for(GstMessageType type);
  /// Waits until the model has been loaded, for which live audio does not wait.
  void wait_for_model();
  /// Messages of a type that are on the bus now.
  int count(GstMessageType type);

 private:
  GstElement *element_;
  GstBus *bus_;
  const std::string sink_caps_;
  GstHarness *harness_ = nullptr;
};

/// What is linked to a further source pad of an element: it keeps what comes, in order.
class TextPad {
 public:
  /// Takes these caps, and answers a buffer with the flow.
  explicit TextPad(const char *caps = "text/x-raw, format=utf8", GstFlowReturn flow = GST_FLOW_OK);
  TextPad(const TextPad &) = delete;
  TextPad &operator=(const TextPad &) = delete;
  ~TextPad();

  /// Requests a pad for a language and links it. Empty: none is set.
  void request_from(Element &element, const char *language);
  /// Unlinks and releases it.
  void release();
  void link();
  /// Of the element.
  GstPad *source() { return source_; }
  GstPad *pad() { return pad_; }

  /// What `Element` has for its own pad.
  std::vector<Text> take();
  std::string take_text();
  bool has_ended();
  void wait_for_end();
  /// GAPs so far.
  int gaps();
  /// The language of the last tag; empty if none came.
  std::string language();

 private:
  static GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer);
  static gboolean take_event(GstPad *pad, GstObject *parent, GstEvent *event);

  const GstFlowReturn flow_;
  GstPad *pad_;
  GstElement *element_ = nullptr;
  GstPad *source_ = nullptr;
  std::mutex mutex_;
  std::vector<Text> texts_;
  int gaps_ = 0;
};

/// Waits until something has come about; fails the test if it does not at all.
void wait_until(const std::function<bool()> &condition, const char *file = __builtin_FILE(),
                int line = __builtin_LINE());

/// One of the numbers of the property `stats`.
guint64 stat(Element &element, const char *field);

/// Joins texts with spaces.
std::string join(const std::vector<Text> &texts);

/// Runs a pipeline to its end; fails the test on an ERROR. The text of the appsink named "out".
std::vector<Text> run_pipeline(const std::string &description);

}  // namespace kyutaistt::tests
