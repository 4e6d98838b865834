// SPDX-License-Identifier: LGPL-2.1-or-later
/// What the element does: the way of audio, events and settings between its pads and the
/// recogniser.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <gst/gst.h>

#include "common/audio_input.h"
#include "common/pointers.h"
#include "element/output_observer.h"
#include "element/recognition.h"
#include "element/settings.h"
#include "element/text_output.h"

/// Everything of the element that has a destructor; made and destroyed with it.
struct GstKyutaiSttState final : private kyutaistt::element::OutputObserver {
  GstKyutaiSttState(GstElement *element, GstPad *sink, GstPad *src)
      : recognition(element),
        output(element, sink, src, *this),
        element_(element),
        sink_(sink),
        src_(src),
        told_latency_(latency()) {
    output.writer().promise(told_latency_);
  }

  // Any thread.

  kyutaistt::element::Settings copy_settings() const;
  /// Sets a property and does what its change means now. False if there is none of this number.
  bool set_property(guint property, const GValue *value);
  /// What the element adds to a live pipeline's latency.
  GstClockTime latency() const;
  /// A new structure for the property `stats`.
  GstStructure *stats() const;

  // State changes.

  /// Finds the model and begins to load it. Posts an ERROR and returns false if that fails.
  bool start();
  void stop();

  // The sink pad's streaming thread. Buffers and events are taken over.

  GstFlowReturn take_buffer(kyutaistt::BufferPointer buffer);
  bool take_event(kyutaistt::EventPointer event);

  // The thread that flushes, which may be any.

  void begin_flush();
  void end_flush();

  kyutaistt::element::Recognition recognition;
  kyutaistt::element::TextOutput output;

 private:
  // The source pad's task.

  void pause_began() override;
  void nothing_came() override;
  void unit_changed() override;
  void text_came_late(GstClockTime delay) override;

  /// Tells the pipeline if the latency is not what it was told last.
  void tell_latency();
  /// Upstream is live. Tells the writer what upstream says of its latency.
  bool ask_upstream();
  /// A tag with the text's language; null if it is unknown.
  kyutaistt::EventPointer language_tag(const kyutaistt::element::Settings &settings) const;
  std::string language(const kyutaistt::element::Settings &settings) const;
  /// The stream, opened if it is not; null if there is none, with the reason in `flow`.
  std::shared_ptr<kyutaistt::Stream> acquire_stream(GstFlowReturn &flow);
  GstFlowReturn push_audio(const kyutaistt::AudioInput::Audio &audio);
  GstFlowReturn push_audio(const kyutaistt::AudioInput::Pieces &pieces);
  /// Tells what the user should know about the audio.
  void post_notes();
  /// Notes where the audio has got to. If it has gone back, the segment is sent once more, so that
  /// downstream follows.
  void follow_time(const kyutaistt::AudioInput::Audio &audio);
  /// Sends a serialized event on behind the text of all audio before it.
  void send_after_text(kyutaistt::EventPointer event);
  /// The same, of all audio that was pushed: the resampler keeps what it holds.
  void send_after_pushed(kyutaistt::EventPointer event);
  bool take_segment(kyutaistt::EventPointer event);
  bool take_caps(GstEvent *event);
  bool take_gap(GstEvent *event);
  /// A stream of text of our own, in the group of the audio's.
  kyutaistt::EventPointer own_stream_start(GstEvent *upstream) const;
  /// Checks the prompt for the model, if there is one: `start` checks what was set before.
  kyutaistt::Status check_prompt(const kyutaistt::element::Settings &settings) const;
  /// The prompt was set: gives it to the stream, now or in a pause, which may have begun already.
  void change_prompt(kyutaistt::element::DomainChange when);
  /// Gives the stream the prompt that was set last, and its language behind the text before it.
  void apply_prompt(kyutaistt::Stream &stream);
  /// Sends a tag with the language of the text.
  void tell_language();

  GstElement *const element_;
  GstPad *const sink_;
  GstPad *const src_;

  /// Held while a prompt or a language is handed on, so that of two threads that do so the one with
  /// the newer settings comes last. Comes before every other lock, here and in the library; nothing
  /// is posted, pushed or asked with it held.
  std::mutex prompt_mutex_;
  /// Protects `settings_`. With it held only the model's facts are looked up.
  mutable std::mutex settings_mutex_;
  kyutaistt::element::Settings settings_;

  // Of the streaming thread.

  kyutaistt::AudioInput input_;
  /// Audio was pushed since the start.
  bool was_heard_ = false;
  /// Time behind the audio that was pushed last in this segment.
  std::optional<kyutaistt::Time> pushed_until_;

  // Any thread.

  /// Audio was pushed since the last drain, which may not be done yet. Set behind the push: a drain
  /// too many does no harm, one too few loses words.
  std::atomic<bool> undrained_ = false;
  /// The open stream's pipeline is live.
  std::atomic<bool> live_ = false;
  /// Monotonic time in microseconds when audio came last.
  std::atomic<gint64> last_audio_ = 0;

  std::atomic<uint64_t> next_marker_ = 1;
  /// A changed prompt waits for a pause.
  std::atomic<bool> prompt_waits_ = false;
  /// The longest delay that was seen in a live pipeline beyond what had been promised; `latency`
  /// believes it up to a bound.
  std::atomic<GstClockTime> measured_latency_ = 0;
  std::atomic<GstClockTime> told_latency_;
};
