// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/latency.h"

#include <algorithm>
#include <utility>

#include "common/pointers.h"
#include "element/debug.h"

namespace kyutaistt::element {

namespace {

/// The time that a word needs beyond the model's delay: its frame, its pieces, and the computation.
constexpr Time processing_margin = std::chrono::milliseconds(580);

}  // namespace

void Latency::set_model_delay(std::optional<double> seconds) {
  model_delay_ = seconds.value_or(family_delay);
  model_is_known_ = seconds.has_value();
  measured_ = 0;
  const MutexLock lock(mutex_);
  warned_of_ = 0;
}

void Latency::count_cue_writer(int change) {
  cue_writers_ += change;
  update();
}

void Latency::update() {
  synchronised_ = settings_.copy().latency != not_synchronised;
  warn_of_too_little();
  {
    const MutexLock lock(mutex_);
    const GstClockTime now = own();
    if (promised_ == now) {
      return;
    }
    promised_ = now;
  }
  gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

GstClockTime Latency::own() const {
  const Settings settings = settings_.copy();
  if (settings.latency == not_synchronised) {
    return 0;
  }
  if (settings.latency > 0) {
    return settings.latency * GST_MSECOND;
  }
  // A stall is made up for: a live stream cannot stay further behind than its backlog.
  const GstClockTime least = needed(settings);
  return std::clamp(measured_.load(), least, least + settings.max_backlog * GST_MSECOND);
}

GstClockTime Latency::needed(const Settings &settings) const {
  Time latency = std::chrono::duration_cast<Time>(std::chrono::duration<double>(model_delay_));
  latency += processing_margin;
  if (settings.text_unit == TextUnit::Cue || cue_writers_ > 0) {
    latency += settings.cue_shape.maximum_duration + settings.cue_shape.gap;
  }
  return static_cast<GstClockTime>(latency.count());
}

void Latency::warn_of_too_little() {
  const Settings settings = settings_.copy();
  const GstClockTime least = needed(settings);
  const bool is_too_little = settings.latency > 0 && settings.latency * GST_MSECOND < least;
  if (!is_too_little || !model_is_known_ || !GST_CLOCK_TIME_IS_VALID(upstream_.load())) {
    return;
  }
  {
    const MutexLock lock(mutex_);
    if (std::exchange(warned_of_, settings.latency) == settings.latency) {
      return;
    }
  }
  GST_ELEMENT_WARNING(
      element_, LIBRARY, SETTINGS,
      ("With a latency of %u ms text comes late: it needs at least %" G_GUINT64_FORMAT " ms.",
       settings.latency, least / GST_MSECOND),
      (nullptr));
}

bool Latency::ask_upstream() {
  const QueryPointer query(gst_query_new_latency());
  gboolean live = FALSE;
  GstClockTime least = 0;
  if (gst_pad_peer_query(sink_, query.get())) {
    gst_query_parse_latency(query.get(), &live, &least, nullptr);
  }
  upstream_ = live != FALSE ? least : GST_CLOCK_TIME_NONE;
  warn_of_too_little();
  return live != FALSE;
}

bool Latency::answer(GstQuery *query) {
  const bool is_answered = gst_pad_peer_query(sink_, query) != FALSE;
  if (!synchronised_) {
    // Whatever the audio is: text is there when it is due.
    gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return true;
  }
  if (!is_answered) {
    return false;
  }
  gboolean live = FALSE;
  GstClockTime least = 0;
  GstClockTime most = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &least, &most);
  upstream_ = live != FALSE ? least : GST_CLOCK_TIME_NONE;
  if (live != FALSE) {
    const GstClockTime ours = own();
    least += ours;
    most = GST_CLOCK_TIME_IS_VALID(most) ? most + ours : most;
    GST_DEBUG_OBJECT(element_, "latency %" GST_TIME_FORMAT " of it ours: %" GST_TIME_FORMAT,
                     GST_TIME_ARGS(least), GST_TIME_ARGS(ours));
    gst_query_set_latency(query, live, least, most);
  }
  return true;
}

GstClockTime Latency::horizon() const {
  const GstClockTime upstream = upstream_;
  const GstClockTime now = gst_element_get_current_running_time(element_);
  if (!GST_CLOCK_TIME_IS_VALID(upstream) || !GST_CLOCK_TIME_IS_VALID(now)) {
    return GST_CLOCK_TIME_NONE;
  }
  return now > upstream ? now - upstream : 0;
}

void Latency::observe(GstClockTime own_time, GstClockTime recognised) {
  const GstClockTime upstream = upstream_;
  if (!GST_CLOCK_TIME_IS_VALID(upstream) || !GST_CLOCK_TIME_IS_VALID(own_time) ||
      !GST_CLOCK_TIME_IS_VALID(recognised) || recognised <= own_time + upstream) {
    return;
  }
  const GstClockTime delay = recognised - own_time - upstream;
  if (delay <= max_observed_delay_) {
    return;
  }
  max_observed_delay_ = delay;
  g_object_notify(G_OBJECT(element_), "max-observed-delay");
  GstClockTime promised = 0;
  {
    const MutexLock lock(mutex_);
    promised = promised_;
  }
  if (delay <= promised) {
    return;
  }
  warn(delay, promised);
  if (settings_.copy().latency > 0) {
    // The user's own promise.
    return;
  }
  // In steps, so that the pipeline does not change its latency with every word.
  constexpr GstClockTime step = 250 * GST_MSECOND;
  measured_ = (delay / step + 1) * step;
  update();
}

void Latency::warn(GstClockTime delay, GstClockTime promised) const {
  GstStructure *details = gst_structure_new("kyutaistt/excessive-delay", "new-observed-max-delay",
                                            G_TYPE_UINT64, delay, nullptr);
  gchar *text = g_strdup_printf("Text came %" G_GUINT64_FORMAT " ms late, %" G_GUINT64_FORMAT
                                " ms were promised.",
                                delay / GST_MSECOND, promised / GST_MSECOND);
  gst_element_message_full_with_details(element_, GST_MESSAGE_WARNING, GST_CORE_ERROR,
                                        GST_CORE_ERROR_CLOCK, text, nullptr, __FILE__, GST_FUNCTION,
                                        __LINE__, details);
}

}  // namespace kyutaistt::element
