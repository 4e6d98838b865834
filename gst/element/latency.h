// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element adds to a live pipeline's latency: reported, and observed.
#pragma once

#include <atomic>
#include <optional>

#include <gst/gst.h>

#include "base/mutex.h"
#include "element/settings_store.h"

namespace kyutaistt::element {

/// Promises a latency to the pipeline, answers its query, and raises the promise where text comes
/// later than it.
///
/// Threads: any. Messages, queries and notifications without a lock held.
class Latency {
 public:
  Latency(GstElement *element, GstPad *sink, const SettingsStore &settings)
      : element_(element), sink_(sink), settings_(settings), promised_(own()) {}

  /// Time between a word's start in the audio and its first token; unset while no model is known.
  /// What was observed with another model is forgotten.
  void set_model_delay(std::optional<double> seconds);
  /// So many outputs more or fewer write cues, which wait for their end.
  void count_cue_writer(int change);
  /// A setting has changed, or something else that the latency depends on: notifies the pipeline if
  /// the latency is not what was promised last.
  void update();

  /// What the element adds.
  GstClockTime own() const;
  /// False if text has the running time of its arrival, and not of its audio.
  bool is_synchronised() const { return synchronised_; }
  /// Answers the pipeline's query with upstream's latency and our own.
  bool answer(GstQuery *query);
  /// Asks upstream. Whether it is live.
  bool ask_upstream();

  /// Text with this running time was recognised at that one.
  void observe(GstClockTime own_time, GstClockTime recognised);
  /// Longest time between a text's own time and its recognition in a live pipeline, without
  /// upstream's share.
  GstClockTime max_observed_delay() const { return max_observed_delay_; }
  void forget_observed() { max_observed_delay_ = 0; }
  /// Running time of audio that arrives now; NONE if the pipeline is not live.
  GstClockTime horizon() const;

 private:
  void warn(GstClockTime delay, GstClockTime promised) const;
  /// What text takes, by what is known beforehand.
  GstClockTime needed(const Settings &settings) const;
  /// Posts a WARNING if the user's own promise cannot be kept.
  void warn_of_too_little();

  GstElement *const element_;
  GstPad *const sink_;
  const SettingsStore &settings_;

  std::atomic<double> model_delay_ = family_delay;
  std::atomic<bool> model_is_known_ = false;
  std::atomic<bool> synchronised_ = true;
  /// Outputs that write cues.
  std::atomic<int> cue_writers_ = 0;
  /// The latency of the pipeline up to this element; NONE if it is not live.
  std::atomic<GstClockTime> upstream_ = GST_CLOCK_TIME_NONE;
  std::atomic<GstClockTime> max_observed_delay_ = 0;
  /// The longest delay beyond what had been promised; `own` believes it up to a bound.
  std::atomic<GstClockTime> measured_ = 0;

  /// Held while the latency is worked out and noted, so that the newest is noted last. Comes before
  /// the settings' lock.
  mutable Mutex mutex_;
  GstClockTime promised_ KYUTAISTT_GUARDED_BY(mutex_);
  /// The user's promise that there was a WARNING about.
  guint warned_of_ KYUTAISTT_GUARDED_BY(mutex_) = 0;

  /// Seconds, of the family's models while none is known.
  static constexpr double family_delay = 5.0;
};

}  // namespace kyutaistt::element
