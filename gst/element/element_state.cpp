// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/element_state.h"

#include <algorithm>
#include <utility>

#include "element/debug.h"

using kyutaistt::AudioInput;
using kyutaistt::BufferPointer;
using kyutaistt::EventPointer;
using kyutaistt::Overflow;
using kyutaistt::Status;
using kyutaistt::Stream;
using kyutaistt::StreamOptions;
using kyutaistt::StringPointer;
using kyutaistt::Time;
using kyutaistt::element::DomainChange;
using kyutaistt::element::Settings;
using kyutaistt::element::TextUnit;

namespace {

/// Delay of the family's models while none is known.
constexpr double family_delay_seconds = 5.0;
/// What a word needs beyond the model's delay: its frame, its pieces, and the computing.
constexpr Time processing_margin = std::chrono::milliseconds(580);
/// Audio that may wait for the model when it is not live: enough to keep it busy.
constexpr Time file_backlog = std::chrono::milliseconds(800);
/// Audio that begins so much before the end of what came before has a clock that began anew; less
/// are packets that overlap.
constexpr Time longest_overlap = std::chrono::seconds(1);
/// A live source without audio for so long, in microseconds, has stopped.
constexpr gint64 stopped_after = G_TIME_SPAN_SECOND;

/// The property says how recognised words are written.
bool shapes_text(guint property) {
  using namespace kyutaistt::element;  // NOLINT(google-build-using-namespace): the property numbers
  switch (property) {
    case PROP_TEXT_UNIT:
    case PROP_LATENESS:
    case PROP_POST_WORDS:
    case PROP_POST_PAUSES:
    case PROP_CUE_PRESET:
    case PROP_CUE_COLUMNS:
    case PROP_CUE_LINES:
    case PROP_CUE_MIN_DURATION:
    case PROP_CUE_MAX_DURATION:
    case PROP_CUE_GAP:
    case PROP_CUE_WORD_DURATION:
      return true;
    default:
      return false;
  }
}

/// The property says what the stream is to write.
bool chooses_prompt(guint property) {
  using namespace kyutaistt::element;  // NOLINT(google-build-using-namespace): the property numbers
  return property == PROP_DOMAIN || property == PROP_PROMPT_TOKENS || property == PROP_PAD_STEPS;
}

}  // namespace

Settings GstKyutaiSttState::copy_settings() const {
  const std::lock_guard lock(settings_mutex_);
  return settings_;
}

bool GstKyutaiSttState::set_property(guint property, const GValue *value) {
  using namespace kyutaistt::element;  // NOLINT(google-build-using-namespace): the property numbers
  Settings after;
  Status status;
  {
    const std::lock_guard lock(settings_mutex_);
    after = settings_;
    if (!after.set(property, value)) {
      return false;
    }
    if (chooses_prompt(property)) {
      status = check_prompt(after);
    }
    if (status.ok()) {
      settings_ = after;
    }
  }
  if (!status.ok()) {
    GST_ELEMENT_WARNING(element_, LIBRARY, SETTINGS, ("%s", status.message().c_str()),
                        ("the prompt stays as it was"));
    return true;
  }
  if (chooses_prompt(property)) {
    change_prompt(after.domain_change);
  } else if (property == PROP_LANGUAGE_CODE) {
    tell_language();
  } else if (shapes_text(property)) {
    output.put(after);
  }
  tell_latency();
  return true;
}

void GstKyutaiSttState::tell_latency() {
  const GstClockTime now = latency();
  if (told_latency_.exchange(now) == now) {
    return;
  }
  output.writer().promise(now);
  gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

Status GstKyutaiSttState::check_prompt(const Settings &settings) const {
  const auto info = recognition.model_info();
  if (!info) {
    return {};
  }
  const auto prompt = settings.prompt();
  return prompt.ok() ? kyutaistt::check_prompt(*info, prompt.value()) : prompt.status();
}

void GstKyutaiSttState::change_prompt(DomainChange when) {
  const auto stream = recognition.stream();
  if (stream == nullptr) {
    // It gets the prompt when it opens; its language may have been told already.
    tell_language();
    return;
  }
  if (when == DomainChange::Pause) {
    // Noted first: a pause that begins now either is seen here or finds the note.
    prompt_waits_ = true;
    if ((undrained_ && !output.writer().in_pause()) || !prompt_waits_.exchange(false)) {
      GST_INFO_OBJECT(element_, "the next prompt waits for a pause");
      return;
    }
  }
  apply_prompt(*stream);
}

void GstKyutaiSttState::apply_prompt(Stream &stream) {
  const std::lock_guard lock(prompt_mutex_);
  const Settings settings = copy_settings();
  const auto prompt = settings.prompt();
  GST_INFO_OBJECT(element_, "what follows has the prompt of domain %s",
                  settings.domain.empty() ? "(default)" : settings.domain.c_str());
  const uint64_t marker = next_marker_++;
  if (EventPointer tag = language_tag(settings)) {
    output.hold(std::move(tag), marker);
  }
  const Status status = prompt.ok() ? stream.set_prompt(prompt.value(), marker) : prompt.status();
  if (!status.ok()) {
    // The settings were checked: it is the stream that has failed. A flush mends it.
    GST_DEBUG_OBJECT(element_, "the prompt was not taken: %s", status.message().c_str());
  }
}

void GstKyutaiSttState::tell_language() {
  const std::lock_guard lock(prompt_mutex_);
  if (EventPointer tag = language_tag(copy_settings())) {
    output.put(std::move(tag));
  }
}

EventPointer GstKyutaiSttState::language_tag(const Settings &settings) const {
  const std::string code = language(settings);
  if (code.empty()) {
    return nullptr;
  }
  GstTagList *tags = gst_tag_list_new(GST_TAG_LANGUAGE_CODE, code.c_str(), nullptr);
  gst_tag_list_set_scope(tags, GST_TAG_SCOPE_STREAM);
  return EventPointer(gst_event_new_tag(tags));
}

void GstKyutaiSttState::pause_began() {
  const auto stream = recognition.stream();
  if (stream != nullptr && prompt_waits_.exchange(false)) {
    apply_prompt(*stream);
  }
}

void GstKyutaiSttState::text_came_late(GstClockTime delay) {
  if (copy_settings().latency > 0) {
    // The user's own promise.
    return;
  }
  // In steps, so that the pipeline does not change its latency with every word.
  constexpr GstClockTime step = 250 * GST_MSECOND;
  measured_latency_ = (delay / step + 1) * step;
  tell_latency();
}

void GstKyutaiSttState::unit_changed() {
  tell_latency();
}

void GstKyutaiSttState::nothing_came() {
  if (!live_ || g_get_monotonic_time() - last_audio_ < stopped_after) {
    return;
  }
  // The model keeps words for its delay: silence brings them out, as nobody knows for how long.
  const auto stream = recognition.stream();
  if (stream == nullptr || !undrained_.exchange(false)) {
    return;
  }
  GST_INFO_OBJECT(element_, "no audio comes any more: asking for the words so far");
  if (!stream->drain(next_marker_++).ok()) {
    GST_DEBUG_OBJECT(element_, "the stream has failed: nothing to drain");
  }
}

bool GstKyutaiSttState::ask_upstream() {
  GstQuery *query = gst_query_new_latency();
  gboolean live = FALSE;
  GstClockTime least = 0;
  if (gst_pad_peer_query(sink_, query)) {
    gst_query_parse_latency(query, &live, &least, nullptr);
  }
  gst_query_unref(query);
  output.writer().set_upstream_latency(live != FALSE ? least : GST_CLOCK_TIME_NONE);
  return live != FALSE;
}

GstClockTime GstKyutaiSttState::latency() const {
  const Settings settings = copy_settings();
  if (settings.latency > 0) {
    return settings.latency * GST_MSECOND;
  }
  const auto info = recognition.model_info();
  const double delay = info ? info->delay_seconds : family_delay_seconds;
  Time latency = std::chrono::duration_cast<Time>(std::chrono::duration<double>(delay));
  latency += processing_margin;
  if (settings.text_unit == TextUnit::Cue || output.writer().writes_cues()) {
    latency += settings.cue_shape.maximum_duration + settings.cue_shape.gap;
  }
  // What a stall has cost passes: a live stream cannot stay further behind than its backlog.
  const auto own = static_cast<GstClockTime>(latency.count());
  return std::clamp(measured_latency_.load(), own, own + settings.max_backlog * GST_MSECOND);
}

std::string GstKyutaiSttState::language(const Settings &settings) const {
  if (!settings.language_code.empty()) {
    return settings.language_code;
  }
  const auto info = recognition.model_info();
  if (!info) {
    return {};
  }
  const std::string &name = settings.domain.empty() ? info->default_domain : settings.domain;
  const auto domain =
      std::find_if(info->domains.begin(), info->domains.end(),
                   [&](const kyutaistt::Domain &candidate) { return candidate.name == name; });
  return domain == info->domains.end() ? std::string() : domain->language;
}

GstStructure *GstKyutaiSttState::stats() const {
  kyutaistt::StreamStats stream_stats;
  if (const auto stream = recognition.stream()) {
    stream_stats = stream->stats();
  }
  const auto engine = recognition.engine_stats().value_or(kyutaistt::EngineStats());
  const auto info = recognition.model_info();
  return gst_structure_new(
      "application/x-kyutaistt-stats",                                             //
      "frames", G_TYPE_UINT64, stream_stats.frames,                                //
      "dropped-frames", G_TYPE_UINT64, stream_stats.dropped_frames,                //
      "words", G_TYPE_UINT64, stream_stats.words,                                  //
      "queued", G_TYPE_UINT64, static_cast<guint64>(stream_stats.queued.count()),  //
      "streams", G_TYPE_INT, engine.open_streams,                                  //
      "steps", G_TYPE_UINT64, engine.steps,                                        //
      "memory-per-stream", G_TYPE_UINT64, info ? info->memory_per_stream_bytes : 0, nullptr);
}

bool GstKyutaiSttState::start() {
  Status status = recognition.prepare(copy_settings());
  // What is set from here on is checked when it is set: the model is known.
  const Settings settings = copy_settings();
  if (status.ok()) {
    status = check_prompt(settings);
  }
  if (!status.ok()) {
    kyutaistt::element::post_error(element_, "Recognition cannot start", status);
    recognition.stop();
    return false;
  }
  input_.reset();
  pushed_until_.reset();
  was_heard_ = false;
  undrained_ = false;
  prompt_waits_ = false;
  measured_latency_ = 0;
  output.writer().configure(settings);
  output.writer().set_language(language(settings));
  recognition.start();
  tell_latency();
  return true;
}

void GstKyutaiSttState::stop() {
  recognition.stop();
  input_.reset();
  undrained_ = false;
}

std::shared_ptr<Stream> GstKyutaiSttState::acquire_stream(GstFlowReturn &flow) {
  if (auto stream = recognition.stream()) {
    return stream;
  }
  const Settings settings = copy_settings();
  const bool live = ask_upstream();
  live_ = live;
  input_.set_may_wait(!live);
  StreamOptions options;
  options.overflow = live ? Overflow::Drop : Overflow::Block;
  options.queue_capacity =
      live ? Time(std::chrono::milliseconds(settings.max_backlog)) : file_backlog;
  GST_INFO_OBJECT(element_, "opening a %s stream", live ? "live" : "non-live");
  auto stream = recognition.acquire_stream(
      options, static_cast<int>(settings.max_streams),
      [this](const kyutaistt::Event &event) { output.put(event); }, flow);
  if (stream != nullptr) {
    // Only now: loading takes seconds, and the prompt may have been set meanwhile.
    apply_prompt(*stream);
  }
  return stream;
}

GstFlowReturn GstKyutaiSttState::push_audio(const AudioInput::Audio &audio) {
  if (audio.samples.empty()) {
    return GST_FLOW_OK;
  }
  GstFlowReturn flow = output.wait_for_room();
  if (flow != GST_FLOW_OK) {
    return flow;
  }
  const auto stream = acquire_stream(flow);
  if (stream == nullptr) {
    return flow;
  }
  follow_time(audio);
  last_audio_ = g_get_monotonic_time();
  const Status status = stream->push(audio.samples, audio.timestamp);
  undrained_ = true;
  was_heard_ = true;
  if (status.code() == kyutaistt::StatusCode::Cancelled) {
    return GST_FLOW_FLUSHING;
  }
  // A failed stream has told its listener, which posts the ERROR.
  return status.ok() ? GST_FLOW_OK : GST_FLOW_ERROR;
}

GstFlowReturn GstKyutaiSttState::push_audio(const AudioInput::Pieces &pieces) {
  for (const AudioInput::Audio &audio : pieces) {
    if (const GstFlowReturn flow = push_audio(audio); flow != GST_FLOW_OK) {
      return flow;
    }
  }
  return GST_FLOW_OK;
}

void GstKyutaiSttState::post_notes() {
  if (const std::string notes = input_.take_notes(); !notes.empty()) {
    GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("About the audio: %s.", notes.c_str()),
                        (nullptr));
  }
}

void GstKyutaiSttState::follow_time(const AudioInput::Audio &audio) {
  if (audio.timestamp && pushed_until_ && *audio.timestamp < *pushed_until_ - longest_overlap) {
    GST_INFO_OBJECT(element_, "time goes back to %" GST_TIME_FORMAT,
                    GST_TIME_ARGS(static_cast<GstClockTime>(audio.timestamp->count())));
    // A pipeline that is at fault may have sent none.
    if (EventPointer segment{gst_pad_get_sticky_event(sink_, GST_EVENT_SEGMENT, 0)}) {
      send_after_pushed(std::move(segment));
    }
  }
  const Time begin = audio.timestamp.value_or(pushed_until_.value_or(Time()));
  pushed_until_ = begin + audio.duration();
}

GstFlowReturn GstKyutaiSttState::take_buffer(BufferPointer buffer) {
  if (!input_.has_caps()) {
    GST_ELEMENT_ERROR(element_, CORE, NEGOTIATION, ("Audio came without a format."), (nullptr));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GST_LOG_OBJECT(element_, "taking %" GST_PTR_FORMAT, buffer.get());
  const GstFlowReturn flow = push_audio(input_.convert(std::move(buffer)));
  post_notes();
  return flow;
}

void GstKyutaiSttState::send_after_text(EventPointer event) {
  push_audio(input_.drain());
  send_after_pushed(std::move(event));
}

void GstKyutaiSttState::send_after_pushed(EventPointer event) {
  const auto stream = recognition.stream();
  if (stream == nullptr) {
    output.put(std::move(event));
    return;
  }
  // Also where nothing was pushed since the last drain: its words may still be under way. To drain
  // an empty context costs nothing.
  undrained_ = false;
  const uint64_t marker = next_marker_++;
  output.hold(std::move(event), marker);
  if (!stream->drain(marker).ok()) {
    GST_DEBUG_OBJECT(element_, "the stream has failed: nothing to drain");
  }
}

EventPointer GstKyutaiSttState::own_stream_start(GstEvent *upstream) const {
  const gchar *audio_id = nullptr;
  gst_event_parse_stream_start(upstream, &audio_id);
  // Two elements may hear the same audio.
  const StringPointer name(gst_element_get_name(element_));
  const std::string id = std::string(audio_id) + "/" + name.get() + "/text";
  EventPointer event(gst_event_new_stream_start(id.c_str()));
  guint group = 0;
  if (gst_event_parse_group_id(upstream, &group)) {
    gst_event_set_group_id(event.get(), group);
  }
  gst_event_set_stream_flags(event.get(), GST_STREAM_FLAG_SPARSE);
  gst_event_set_seqnum(event.get(), gst_event_get_seqnum(upstream));
  return event;
}

bool GstKyutaiSttState::take_segment(EventPointer event) {
  GstSegment segment;
  gst_event_copy_segment(event.get(), &segment);
  if (segment.format != GST_FORMAT_TIME) {
    GST_ELEMENT_ERROR(
        element_, STREAM, FORMAT,
        ("Audio must come in a segment of time, not of %s.", gst_format_get_name(segment.format)),
        ("a parser or a decoder before this element makes one"));
    return false;
  }
  send_after_text(std::move(event));
  input_.set_segment(segment);
  pushed_until_.reset();
  return true;
}

bool GstKyutaiSttState::take_caps(GstEvent *event) {
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  // The recognition goes on; only what the resampler holds belongs to the old caps.
  push_audio(input_.drain());
  if (const Status status = input_.set_caps(caps); !status.ok()) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("%s", status.message().c_str()),
                      ("%" GST_PTR_FORMAT, caps));
    return false;
  }
  post_notes();
  GST_DEBUG_OBJECT(element_, "taking %" GST_PTR_FORMAT, caps);
  return true;
}

bool GstKyutaiSttState::take_gap(GstEvent *event) {
  GstClockTime start = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event, &start, &duration);
  if (!GST_CLOCK_TIME_IS_VALID(start) || !GST_CLOCK_TIME_IS_VALID(duration)) {
    return true;
  }
  // Heard as silence, so that words which wait for the model's delay come out.
  return push_audio(input_.gap(start, duration)) == GST_FLOW_OK;
}

bool GstKyutaiSttState::take_event(EventPointer event) {
  GST_DEBUG_OBJECT(element_, "taking %" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      send_after_text(own_stream_start(event.get()));
      return true;
    case GST_EVENT_CAPS:
      return take_caps(event.get());
    case GST_EVENT_SEGMENT:
      return take_segment(std::move(event));
    case GST_EVENT_GAP:
      return take_gap(event.get());
    case GST_EVENT_EOS:
      push_audio(input_.drain());
      post_notes();
      if (!was_heard_) {
        GST_ELEMENT_WARNING(element_, STREAM, DECODE, ("No audio came: there is nothing to write."),
                            (nullptr));
      }
      send_after_text(std::move(event));
      return true;
    case GST_EVENT_SEGMENT_DONE:
      send_after_text(std::move(event));
      return true;
    case GST_EVENT_TAG:
      // It describes the audio; the text has a tag of its own.
      return true;
    default:
      output.put(std::move(event));
      return true;
  }
}

void GstKyutaiSttState::begin_flush() {
  output.begin_flush();
  recognition.begin_flush();
}

void GstKyutaiSttState::end_flush() {
  gst_pad_pause_task(src_);
  recognition.end_flush();
  input_.flush();
  pushed_until_.reset();
  undrained_ = false;
  output.end_flush();
  if (const auto stream = recognition.stream()) {
    // It may have been set in the flush, or when the stream had failed.
    prompt_waits_ = false;
    apply_prompt(*stream);
  }
}
