// SPDX-License-Identifier: LGPL-2.1-or-later
/// Between the recogniser's thread and the source pad: a queue, and the pad's task.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <variant>

#include <gst/gst.h>

#include <kyutaistt/events.h>

#include "common/pointers.h"
#include "element/text_writer.h"

namespace kyutaistt::element {

/// Hands recognised words and serialized events to the writer, in order: an event that must come
/// behind the text of the audio before it is held until that audio has been drained.
///
/// Threads: any, but for what says otherwise.
class TextOutput {
 public:
  TextOutput(GstElement *element, GstPad *sink, GstPad *src, OutputObserver &observer)
      : element_(element), pad_(src), observer_(observer), writer_(element, sink, src, observer) {}

  /// Never blocks: for the recogniser's worker.
  void put(const Event &event);
  /// How to write what is put from now on.
  void put(const Settings &settings);
  /// A serialized event, behind everything that was put or held before it.
  void put(EventPointer event);
  /// A serialized event that goes out once `Drained{marker}` was put.
  void hold(EventPointer event, uint64_t marker);

  /// Waits until downstream has taken enough. What the last push returned, or GST_FLOW_FLUSHING.
  GstFlowReturn wait_for_room();

  /// The pad's task function; `self` is a TextOutput.
  static void run(gpointer self);
  /// Starts and stops the pad's task, with the pad's activation.
  bool start();
  bool stop();
  /// Lets go of everything that waits; `wait_for_room` and the task return.
  void begin_flush();
  /// After a flush: forgets what waited and goes on. Sticky events that describe the stream stay,
  /// as the flush does not touch them. The pad's task must not run.
  void end_flush();

  TextWriter &writer() { return writer_; }
  const TextWriter &writer() const { return writer_; }

 private:
  using Item = std::variant<Event, EventPointer, Settings>;

  /// One turn of the task: waits for an item and writes it.
  void run_once();
  GstFlowReturn write(Item item);
  /// Downstream wants no more text: only events go on.
  GstFlowReturn pass_events(Item item);
  GstFlowReturn forward(EventPointer event);
  GstFlowReturn release_held(uint64_t marker);
  /// Downstream does not take more: tells whoever waits.
  void fail(GstFlowReturn flow);
  void clear();
  /// Forgets all but what a flush does not touch: settings, and events that describe the stream.
  void clear_flushed();

  GstElement *const element_;
  GstPad *const pad_;
  OutputObserver &observer_;
  /// Used by the task alone, or while it does not run.
  TextWriter writer_;

  /// Protects what follows. Nothing is called with it held.
  std::mutex mutex_;
  /// An item came, one was taken, or a flush began.
  std::condition_variable changed_;
  std::deque<Item> items_;
  struct Held {
    uint64_t marker;
    EventPointer event;
  };
  std::deque<Held> held_;
  /// What downstream said last. After GST_FLOW_EOS events go on; after another the task stands.
  GstFlowReturn flow_ = GST_FLOW_FLUSHING;
  /// Text found no next element; told once, because another may be linked in the meantime.
  bool was_unlinked_ = false;
  bool end_came_ = false;
};

}  // namespace kyutaistt::element
