// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/transcriber.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "element/debug.h"
#include "element/languages.h"

namespace kyutaistt::element {

namespace {

/// Audio that may wait for the model when it is not live: enough to keep it busy.
constexpr Time file_backlog = std::chrono::milliseconds(800);
/// If audio begins this much before the end of the audio before it, its clock has restarted; less
/// is overlapping packets.
constexpr Time longest_overlap = std::chrono::seconds(1);
/// In a live pipeline, a longer stretch without audio is not replaced by silence.
constexpr Time max_heard_silence = std::chrono::seconds(1);

/// Lets go of a pad's stream lock.
class StreamLock {
 public:
  /// The lock is held.
  explicit StreamLock(GstPad *pad) : pad_(pad) {}
  StreamLock(const StreamLock &) = delete;
  StreamLock &operator=(const StreamLock &) = delete;
  ~StreamLock() { GST_PAD_STREAM_UNLOCK(pad_); }

 private:
  GstPad *const pad_;
};

}  // namespace

void Transcriber::set_property(const Property &property, const GValue *value) {
  const Status status = settings_.change([&](Settings &settings) -> Status {
    property.value.set(settings, value);
    return property.effect == Effect::Prompt ? prompting_.check(settings) : Status();
  });
  if (!status.ok()) {
    GST_ELEMENT_WARNING(element_, LIBRARY, SETTINGS, ("%s", status.message().c_str()),
                        ("the prompt stays as it was"));
    return;
  }
  switch (property.effect) {
    case Effect::None:
      break;
    case Effect::Prompt:
      prompting_.change(undrained_);
      pads_changed_ = true;
      break;
    case Effect::Language:
      prompting_.change_language();
      break;
    case Effect::Writing: {
      const MutexLock lock(writing_mutex_);
      tracks_.put(settings_.copy());
      break;
    }
  }
  latency_.update();
}

bool Transcriber::nothing_came() {
  pass_early_input();
  const auto now = running_time();
  if (!live_ || !now || !rhythm_.has_stopped(*now)) {
    return false;
  }
  // The model keeps words for its delay: silence flushes them out, since nobody knows how long the
  // source will be silent.
  const auto stream = recognition_.stream();
  if (stream == nullptr) {
    return false;
  }
  if (!undrained_.exchange(false)) {
    // Streams that wait for text, such as a video, go on.
    return true;
  }
  GST_INFO_OBJECT(element_, "no audio comes any more: asking for the words so far");
  if (!stream->drain(tracks_.next_marker()).ok()) {
    GST_DEBUG_OBJECT(element_, "the stream has failed: nothing to drain");
  }
  return false;
}

void Transcriber::recognition_failed(const Status &status) {
  // Every text reports it.
  if (!failed_.exchange(true)) {
    GST_ELEMENT_ERROR(element_, STREAM, FAILED,
                      ("Recognition failed: %s", status.message().c_str()), (nullptr));
  }
}

void Transcriber::lost_after_end(GstFlowReturn flow) {
  // Nothing has to be linked to a pad as long as something is to another.
  if (flow != GST_FLOW_NOT_LINKED || !tracks_.is_any_linked()) {
    GST_ELEMENT_FLOW_ERROR(element_, flow);
  }
}

std::string Transcriber::pad_language(const TextTrack &track) const {
  return prompting_.language(settings_.copy(), track);
}

void Transcriber::set_choice(TextTrack &track, const Choice &choice) {
  if (const Status status = prompting_.check_choice(track.pad(), choice); !status.ok()) {
    post_error(element_, "A translation is not possible", status);
    return;
  }
  track.set_choice(choice);
  pads_changed_ = true;
}

TextTrack *Transcriber::add_translation(GstPad *pad) {
  const auto track = tracks_.add(pad);
  track->output.writer().configure(settings_.copy());
  pads_changed_ = true;
  return track.get();
}

void Transcriber::remove_translation(const GstPad *pad) {
  if (const auto track = tracks_.remove(pad)) {
    prompting_.leave(*track);
    track->output.writer().leave();
  }
}

void Transcriber::follow_pads() {
  if (!pads_changed_.exchange(false)) {
    return;
  }
  for (const auto &track : tracks_.all()) {
    if (track->role == TextRole::Transcript || std::exchange(track->joined, true)) {
      continue;
    }
    for (const GstEventType type : {GST_EVENT_STREAM_START, GST_EVENT_SEGMENT}) {
      if (EventPointer event{gst_pad_get_sticky_event(sink_, type, 0)}) {
        track->output.put(std::move(event));
      }
    }
  }
  if (const auto stream = recognition_.stream()) {
    prompting_.follow_pads(*stream);
  }
}

std::optional<Time> Transcriber::running_time() const {
  if (GST_STATE(element_) != GST_STATE_PLAYING) {
    return std::nullopt;
  }
  const GstClockTime now = gst_element_get_current_running_time(element_);
  return GST_CLOCK_TIME_IS_VALID(now) ? std::optional(Time(now)) : std::nullopt;
}

void Transcriber::pass_early_input() {
  // If it is taken, somebody brings audio, and passes on what came before it.
  if (GST_PAD_STREAM_TRYLOCK(sink_) == FALSE) {
    return;
  }
  const StreamLock lock(sink_);
  if (!early_.is_empty()) {
    open_stream(Recognition::WhileLoading::Return);
  }
}

GstStructure *Transcriber::stats() const {
  StreamStats stream_stats;
  if (const auto stream = recognition_.stream()) {
    stream_stats = stream->stats();
  }
  const auto engine = recognition_.engine_stats().value_or(EngineStats());
  const auto info = recognition_.model_info();
  const guint64 dropped = stream_stats.dropped_frames + early_.dropped_frames();
  const Time queued = stream_stats.queued + early_.queued();
  const auto busy = static_cast<guint64>(engine.busy.count());
  return gst_structure_new("application/x-kyutaistt-stats",                                //
                           "frames", G_TYPE_UINT64, stream_stats.frames,                   //
                           "dropped-frames", G_TYPE_UINT64, dropped,                       //
                           "words", G_TYPE_UINT64, stream_stats.words,                     //
                           "relays", G_TYPE_UINT64, stream_stats.relays,                   //
                           "renewals", G_TYPE_UINT64, stream_stats.renewals,               //
                           "queued", G_TYPE_UINT64, static_cast<guint64>(queued.count()),  //
                           "streams", G_TYPE_INT, engine.open_streams,                     //
                           "steps", G_TYPE_UINT64, engine.steps,                           //
                           "busy", G_TYPE_UINT64, busy,                                    //
                           "memory-per-stream", G_TYPE_UINT64,
                           info ? info->memory_per_stream_bytes : 0, nullptr);
}

bool Transcriber::start() {
  Status status = recognition_.prepare(settings_.copy());
  // Later changes are checked when they are set, since the model is known.
  const Settings settings = settings_.copy();
  if (status.ok()) {
    status = prompting_.check_all(settings);
  }
  const auto channel = ChannelChoice::parse(settings.channel, "property channel");
  if (status.ok()) {
    status = channel.status();
  }
  if (!status.ok()) {
    post_error(element_, "Recognition cannot start", status);
    recognition_.stop();
    return false;
  }
  input_.reset();
  input_.set_channel(channel.value());
  early_.reset(std::chrono::milliseconds(settings.max_backlog));
  pushed_until_.reset();
  was_heard_ = false;
  undrained_ = false;
  rhythm_.reset();
  prompting_.reset();
  failed_ = false;
  pads_changed_ = true;
  for (const auto &track : tracks_.all()) {
    if (track->role == TextRole::Translation) {
      track->joined = false;
      track->set_text(std::nullopt);
    }
    track->output.writer().configure(settings);
    track->output.writer().set_language(prompting_.language(settings, *track));
  }
  const auto info = recognition_.model_info();
  latency_.set_model_delay(info ? std::optional(info->delay_seconds) : std::nullopt);
  recognition_.start();
  latency_.update();
  return true;
}

void Transcriber::stop() {
  recognition_.stop();
  latency_.set_model_delay(std::nullopt);
  input_.reset();
  early_.clear();
  undrained_ = false;
}

bool Transcriber::is_live() {
  if (recognition_.stream() == nullptr && early_.is_empty()) {
    live_ = latency_.ask_upstream();
    input_.set_may_wait(!live_);
  }
  return live_;
}

GstFlowReturn Transcriber::open_stream(Recognition::WhileLoading while_loading) {
  if (recognition_.stream() != nullptr) {
    return GST_FLOW_OK;
  }
  const Settings settings = settings_.copy();
  StreamOptions options;
  options.relay = settings.relay;
  options.watchdog = settings.relay;
  options.flush_on_pause = std::chrono::milliseconds(settings.flush_on_pause);
  options.voice_gate = std::chrono::milliseconds(settings.voice_gate);
  options.overflow = live_ ? Overflow::Drop : Overflow::Block;
  options.queue_capacity =
      live_ ? Time(std::chrono::milliseconds(settings.max_backlog)) : file_backlog;
  GstFlowReturn flow = GST_FLOW_OK;
  const auto stream = recognition_.acquire_stream(
      options, static_cast<int>(settings.max_streams),
      [this](const Event &event) { tracks_.transcript().output.put(event); }, while_loading, flow);
  if (stream == nullptr) {
    return flow;
  }
  GST_INFO_OBJECT(element_, "opened a %s stream", live_ ? "live" : "non-live");
  // Only now: loading takes seconds, and the prompt may have been set meanwhile.
  prompting_.apply(*stream);
  prompting_.follow_pads(*stream);
  warn_of_silent_pads();
  while (auto item = early_.take()) {
    if (auto *event = std::get_if<EventPointer>(&*item)) {
      send_after_pushed(std::move(*event));
    } else if (const auto *dropped = std::get_if<Dropped>(&*item)) {
      tracks_.put(Event(*dropped));
    } else if (flow == GST_FLOW_OK) {
      flow = push_audio(std::get<AudioInput::Audio>(*item));
    }
  }
  return flow;
}

void Transcriber::warn_of_silent_pads() {
  const auto info = recognition_.model_info();
  for (const auto &track : tracks_.all()) {
    if (track->role == TextRole::Translation && track->choice().is_empty() && info) {
      const StringPointer name(gst_pad_get_name(track->pad()));
      GST_ELEMENT_WARNING(element_, LIBRARY, SETTINGS,
                          ("Nothing is written to %s: its language-code is not set; the model "
                           "writes %s.",
                           name.get(), known_languages(*info).c_str()),
                          (nullptr));
    }
  }
}

GstFlowReturn Transcriber::take_audio(AudioInput::Audio audio) {
  if (audio.samples.empty()) {
    return GST_FLOW_OK;
  }
  using WhileLoading = Recognition::WhileLoading;
  const GstFlowReturn flow = open_stream(is_live() ? WhileLoading::Return : WhileLoading::Wait);
  if (flow != GST_FLOW_OK) {
    return flow;
  }
  follow_time(audio);
  was_heard_ = true;
  if (recognition_.stream() == nullptr) {
    early_.put(std::move(audio));
    return GST_FLOW_OK;
  }
  return push_audio(audio);
}

GstFlowReturn Transcriber::take_audio(AudioInput::Pieces pieces) {
  for (AudioInput::Audio &audio : pieces) {
    if (const GstFlowReturn flow = take_audio(std::move(audio)); flow != GST_FLOW_OK) {
      return flow;
    }
  }
  return GST_FLOW_OK;
}

GstFlowReturn Transcriber::push_audio(const AudioInput::Audio &audio) {
  const auto stream = recognition_.stream();
  if (stream == nullptr) {
    return GST_FLOW_FLUSHING;
  }
  // What may wait for the model is pushed in pieces that a stream takes which has just been reset:
  // a flush may come at any time, and only the next piece sees it.
  const auto piece_length = static_cast<size_t>(samples_in(file_backlog));
  std::optional<Time> timestamp = audio.timestamp;
  for (std::span<const float> left(audio.samples); !left.empty(); timestamp.reset()) {
    // Live audio never waits: text that waits for its time takes little memory.
    const GstFlowReturn flow = live_ ? tracks_.flow() : tracks_.wait_for_room();
    if (flow != GST_FLOW_OK) {
      return flow;
    }
    const size_t count = live_ ? left.size() : std::min(left.size(), piece_length);
    const Status status = stream->push(left.first(count), timestamp);
    undrained_ = true;
    if (status.code() == StatusCode::Cancelled) {
      return GST_FLOW_FLUSHING;
    }
    if (!status.ok()) {
      // The stream's listener was notified and posts the ERROR.
      return GST_FLOW_ERROR;
    }
    left = left.subspan(count);
  }
  return GST_FLOW_OK;
}

void Transcriber::post_notes() {
  if (const std::string notes = input_.take_notes(); !notes.empty()) {
    GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("About the audio: %s.", notes.c_str()),
                        (nullptr));
  }
}

void Transcriber::follow_time(const AudioInput::Audio &audio) {
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

GstFlowReturn Transcriber::take_buffer(BufferPointer buffer) {
  follow_pads();
  if (!input_.has_caps()) {
    GST_ELEMENT_ERROR(element_, CORE, NEGOTIATION, ("Audio came without a format."), (nullptr));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  GST_LOG_OBJECT(element_, "taking %" GST_PTR_FORMAT, buffer.get());
  AudioInput::Pieces pieces = input_.convert(std::move(buffer));
  rhythm_.note(running_time(), AudioInput::duration(pieces));
  const GstFlowReturn flow = take_audio(std::move(pieces));
  post_notes();
  return flow;
}

void Transcriber::send_after_text(EventPointer event) {
  take_audio(input_.drain());
  send_after_pushed(std::move(event));
}

void Transcriber::send_at_end(EventPointer event) {
  take_audio(input_.drain());
  if (!early_.is_empty() && open_stream(Recognition::WhileLoading::Wait) != GST_FLOW_OK) {
    early_.clear();
  }
  send_after_pushed(std::move(event));
}

void Transcriber::send_after_pushed(EventPointer event) {
  const auto stream = recognition_.stream();
  if (stream == nullptr) {
    if (early_.is_empty()) {
      tracks_.put(std::move(event));
    } else {
      early_.put(std::move(event));
    }
    return;
  }
  // Even if nothing was pushed since the last drain: its words may still be on their way. Draining
  // an empty context costs nothing.
  undrained_ = false;
  const uint64_t marker = tracks_.hold(std::move(event));
  if (!stream->drain(marker).ok()) {
    GST_DEBUG_OBJECT(element_, "the stream has failed: nothing to drain");
  }
}

bool Transcriber::take_segment(EventPointer event) {
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

bool Transcriber::take_caps(GstEvent *event) {
  GstCaps *caps = nullptr;
  gst_event_parse_caps(event, &caps);
  // Recognition goes on; only the samples in the resampler belong to the old caps.
  take_audio(input_.drain());
  if (const Status status = input_.set_caps(caps); !status.ok()) {
    GST_ELEMENT_ERROR(element_, STREAM, FORMAT, ("%s", status.message().c_str()),
                      ("%" GST_PTR_FORMAT, caps));
    return false;
  }
  post_notes();
  GST_DEBUG_OBJECT(element_, "taking %" GST_PTR_FORMAT, caps);
  return true;
}

bool Transcriber::take_gap(GstEvent *event) {
  GstClockTime start = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event, &start, &duration);
  if (!GST_CLOCK_TIME_IS_VALID(start) || !GST_CLOCK_TIME_IS_VALID(duration)) {
    return true;
  }
  rhythm_.note(running_time(), Time(duration));
  AudioInput::Pieces pieces = input_.gap(start, duration);
  if (!is_live() || pieces.empty() || pieces.back().duration() <= max_heard_silence) {
    // Replaced by silence, so that words which wait for the model's delay come out.
    return take_audio(std::move(pieces)) == GST_FLOW_OK;
  }
  // So much silence at once would count as backlog: the words so far come out, and only the clock
  // moves.
  const AudioInput::Audio silence = std::move(pieces.back());
  pieces.pop_back();
  if (take_audio(std::move(pieces)) != GST_FLOW_OK) {
    return false;
  }
  follow_time(silence);
  EventPointer rest(gst_event_new_gap(start, duration));
  gst_event_set_seqnum(rest.get(), gst_event_get_seqnum(event));
  send_after_pushed(std::move(rest));
  return true;
}

bool Transcriber::take_event(EventPointer event) {
  follow_pads();
  GST_DEBUG_OBJECT(element_, "taking %" GST_PTR_FORMAT, event.get());
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_STREAM_START:
      send_after_text(std::move(event));
      return true;
    case GST_EVENT_CAPS:
      return take_caps(event.get());
    case GST_EVENT_SEGMENT:
      return take_segment(std::move(event));
    case GST_EVENT_GAP:
      return take_gap(event.get());
    case GST_EVENT_EOS:
      take_audio(input_.drain());
      post_notes();
      if (!was_heard_) {
        GST_ELEMENT_WARNING(element_, STREAM, DECODE, ("No audio came: there is nothing to write."),
                            (nullptr));
      }
      send_at_end(std::move(event));
      return true;
    case GST_EVENT_SEGMENT_DONE:
      send_at_end(std::move(event));
      return true;
    case GST_EVENT_TAG:
      // It describes the audio; the text has a tag of its own.
      return true;
    default:
      tracks_.put(std::move(event));
      return true;
  }
}

void Transcriber::begin_flush() {
  tracks_.begin_flush();
  recognition_.begin_flush();
}

void Transcriber::end_flush() {
  recognition_.end_flush();
  input_.flush();
  early_.clear();
  rhythm_.reset();
  pushed_until_.reset();
  undrained_ = false;
  failed_ = false;
  tracks_.end_flush();
  if (const auto stream = recognition_.stream()) {
    // It may have been set in the flush, or when the stream had failed.
    prompting_.reset();
    prompting_.apply(*stream);
    prompting_.follow_pads(*stream);
  }
}

}  // namespace kyutaistt::element
