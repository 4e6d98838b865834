// SPDX-License-Identifier: LGPL-2.1-or-later
/// All texts of the element.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <gst/gst.h>

#include "base/mutex.h"
#include "common/pointers.h"
#include "element/text_track.h"

namespace kyutaistt::element {

/// The transcript, and the translations that pads were requested for. What concerns the audio goes
/// to all of them, each of which has a queue and a task of its own: one that downstream does not
/// take holds up no other.
///
/// Threads: any.
class TextTracks {
 public:
  using List = std::vector<std::shared_ptr<TextTrack>>;

  TextTracks(GstElement *element, GstPad *sink, GstPad *src, Latency &latency,
             OutputObserver &observer);

  TextTrack &transcript() { return *transcript_; }
  const TextTrack &transcript() const { return *transcript_; }
  /// The transcript first.
  List all() const;

  /// A translation for a pad.
  std::shared_ptr<TextTrack> add(GstPad *pad);
  /// Null if the pad has none.
  std::shared_ptr<TextTrack> remove(const GstPad *pad);
  std::shared_ptr<TextTrack> find(const GstPad *pad) const;

  /// As the functions of `TextOutput`, for all of them.
  void put(const Event &event);
  void put(const Settings &settings);
  void put(EventPointer event);
  /// A marker for `Stream::drain`. The event goes out where the stream's text up to there is out.
  uint64_t hold(EventPointer event);
  uint64_t next_marker() { return ++last_marker_; }

  /// What upstream is to know: the result of those that do best, except where downstream has failed
  /// altogether.
  GstFlowReturn flow();
  /// The same, once all that can take text have room for it.
  GstFlowReturn wait_for_room();

  void begin_flush();
  void end_flush();
  void resume();

  bool is_any_linked() const;

 private:
  GstFlowReturn combine(const List &tracks, const std::vector<GstFlowReturn> &flows);

  GstElement *const element_;
  GstPad *const sink_;
  Latency &latency_;
  OutputObserver &observer_;
  const std::shared_ptr<TextTrack> transcript_;
  std::atomic<uint64_t> last_marker_ = 0;

  /// Protects the list. Nothing is called with it held.
  mutable Mutex mutex_;
  List translations_ KYUTAISTT_GUARDED_BY(mutex_);
};

}  // namespace kyutaistt::element
