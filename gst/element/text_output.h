// SPDX-License-Identifier: LGPL-2.1-or-later
/// Between the recogniser's thread and a source pad: a queue, and the pad's task.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <variant>

#include <gst/gst.h>

#include <kyutaistt/events.h>

#include "base/mutex.h"
#include "common/pointers.h"
#include "element/text_writer.h"

namespace kyutaistt::element {

/// The language of the text that follows; empty if it is unknown.
struct Language {
  std::string code;
};

/// Hands recognised words and serialized events to the writer, in order: an event that must follow
/// the text of the audio before it waits until that audio has been drained.
///
/// Threads: any, unless a function says otherwise.
class TextOutput {
 public:
  TextOutput(GstElement *element, GstPad *sink, GstPad *src, Latency &latency,
             OutputObserver &observer, TextRole role)
      : element_(element),
        pad_(src),
        observer_(observer),
        writer_(element, sink, src, latency, observer, role) {}

  /// Never blocks: for the recogniser's worker.
  void put(const Event &event);
  /// How to write what is put from now on.
  void put(const Settings &settings);
  /// An item that goes out after everything that was put or held before it.
  void put(EventPointer event) { put_after_held(std::move(event)); }
  void put(Language language) { put_after_held(std::move(language)); }
  /// An item that goes out once `Drained` has been put with this marker, or a later one.
  void hold(uint64_t marker, EventPointer event) { hold_item(marker, std::move(event)); }
  void hold(uint64_t marker, Language language) { hold_item(marker, std::move(language)); }

  /// The result of the last push, or GST_FLOW_FLUSHING. GST_FLOW_NOT_LINKED once text has found no
  /// next element, until one takes it.
  GstFlowReturn flow();
  /// The same once there is room.
  GstFlowReturn wait_for_room();
  /// Upstream has been notified that nothing is linked: something may be by now.
  void forget_unlinked();

  /// The pad's task function; `self` is a TextOutput.
  static void run(gpointer self);
  /// Starts and stops the pad's task, with the pad's activation.
  bool start();
  bool stop();
  /// Discards all waiting items; `wait_for_room` and the task return.
  void begin_flush();
  /// After a flush: discards waiting items and goes on. Sticky events that describe the stream are
  /// kept, as a flush does not affect them. The pad's task is stopped from here until `resume`.
  void end_flush();
  /// The pad's task goes on after a flush, unless the pad is inactive by now.
  void resume();

  TextWriter &writer() { return writer_; }
  const TextWriter &writer() const { return writer_; }

 private:
  using Item = std::variant<Event, EventPointer, Language, Settings>;

  static bool is_end(const Item &item);
  /// Whether a flush keeps it: settings, the language, events that describe the stream.
  static bool outlives_flush(const Item &item);
  GstFlowReturn last_flow() const KYUTAISTT_REQUIRES(mutex_);
  void put_after_held(Item item);
  void hold_item(uint64_t marker, Item item);
  bool stands() const KYUTAISTT_REQUIRES(mutex_) {
    return flow_ != GST_FLOW_OK && flow_ != GST_FLOW_EOS;
  }
  /// One turn of the task: waits for an item and writes it.
  void run_once();
  /// None came for a while.
  void wait_on(std::chrono::steady_clock::time_point now);
  GstFlowReturn write(Item item);
  /// Downstream wants no more text: only events are passed on.
  GstFlowReturn pass_events(Item item);
  /// Whatever is not an `Event` of the recognition is passed on in any case.
  GstFlowReturn write_other(Item item);
  GstFlowReturn forward(EventPointer event);
  GstFlowReturn release_held(uint64_t marker);
  /// Downstream does not take more: wakes whoever waits.
  void fail(GstFlowReturn flow);
  void clear() KYUTAISTT_REQUIRES(mutex_);
  /// Discards everything that a flush does not keep.
  void clear_flushed() KYUTAISTT_REQUIRES(mutex_);

  GstElement *const element_;
  GstPad *const pad_;
  OutputObserver &observer_;
  /// Used by the task alone, or while it does not run.
  TextWriter writer_;

  /// Held while the task is started or stopped, which a flush and a change of state may do at the
  /// same time. Comes before `mutex_`; the task never takes it.
  Mutex task_mutex_;
  /// The pad is active.
  bool active_ KYUTAISTT_GUARDED_BY(task_mutex_) = false;

  /// When the last item came; of the task.
  std::chrono::steady_clock::time_point last_item_;

  /// Protects the members below. Nothing is called with it held.
  Mutex mutex_;
  /// An item was added or taken, or a flush began.
  Condition changed_;
  struct Queued {
    Item item;
    /// Running time when an `Event` came; NONE without a clock.
    GstClockTime came = GST_CLOCK_TIME_NONE;
  };
  std::deque<Queued> items_ KYUTAISTT_GUARDED_BY(mutex_);
  struct Held {
    uint64_t marker;
    Item item;
  };
  std::deque<Held> held_ KYUTAISTT_GUARDED_BY(mutex_);
  /// The last result from downstream. After GST_FLOW_EOS events are passed on; after another
  /// failure the task is stopped.
  GstFlowReturn flow_ KYUTAISTT_GUARDED_BY(mutex_) = GST_FLOW_FLUSHING;
  /// Text found no next element.
  bool was_unlinked_ KYUTAISTT_GUARDED_BY(mutex_) = false;
  bool end_came_ KYUTAISTT_GUARDED_BY(mutex_) = false;
};

}  // namespace kyutaistt::element
