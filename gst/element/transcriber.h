// SPDX-License-Identifier: LGPL-2.1-or-later
/// The path of audio and events between the element's pads.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include <gst/gst.h>

#include "base/mutex.h"
#include "common/audio_input.h"
#include "common/pointers.h"
#include "element/early_input.h"
#include "element/latency.h"
#include "element/output_observer.h"
#include "element/prompting.h"
#include "element/property.h"
#include "element/recognition.h"
#include "element/settings_store.h"
#include "element/source_rhythm.h"
#include "element/text_tracks.h"

namespace kyutaistt::element {

/// All of the element's state that needs a destructor; created and destroyed with it.
class Transcriber final : private OutputObserver {
 public:
  Transcriber(GstElement *element, GstPad *sink, GstPad *src)
      : element_(element),
        sink_(sink),
        latency_(element, sink, settings_),
        recognition_(element),
        tracks_(element, sink, src, latency_, *this),
        prompting_(element, settings_, recognition_, tracks_) {}

  // Any thread.

  Settings settings() const { return settings_.copy(); }
  /// Sets a property that can be written, and applies the change.
  void set_property(const Property &property, const GValue *value);
  /// A new structure for the property `stats`.
  GstStructure *stats() const;
  GstClockTime max_observed_delay() const { return latency_.max_observed_delay(); }
  /// Answers the pipeline's query. False if upstream does not.
  bool answer_latency(GstQuery *query) { return latency_.answer(query); }

  /// The text of a source pad; null for another pad.
  std::shared_ptr<TextTrack> find_track(const GstPad *pad) const { return tracks_.find(pad); }
  /// The language of a source pad's text; empty if it is unknown.
  std::string pad_language(const TextTrack &track) const;
  /// The domain as it was set; empty if it was not.
  std::string pad_domain(const TextTrack &track) const {
    return track.role == TextRole::Transcript ? settings().domain : track.choice().domain;
  }
  /// For a translation. Posts an ERROR if the model is known and does not write it.
  void set_choice(TextTrack &track, const Choice &choice);
  /// A source pad for a translation was requested, and is not active yet.
  TextTrack *add_translation(GstPad *pad);
  /// It is being released, and is not active any more.
  void remove_translation(const GstPad *pad);

  // State changes.

  /// Finds the model and begins to load it. Posts an ERROR and returns false if that fails.
  bool start();
  void stop();

  // The sink pad's streaming thread.

  GstFlowReturn take_buffer(BufferPointer buffer);
  bool take_event(EventPointer event);

  // The thread that flushes, which may be any.

  void begin_flush();
  void end_flush();
  /// Text goes on after `end_flush`, once downstream has been notified of it.
  void resume_output() { tracks_.resume(); }

 private:
  // The source pads' tasks.

  void pause_began() override { prompting_.pause_began(); }
  bool nothing_came() override;
  void recognition_failed(const Status &status) override;
  void lost_after_end(GstFlowReturn flow) override;

  // The sink pad's streaming thread.

  /// New source pads get what downstream must know of the stream, and its text from here on.
  void follow_pads();
  /// To the stream, if the model is there by now, and no audio comes that would do it.
  void pass_early_input();
  /// By the pipeline's clock; unset while that stands, as it does in PAUSED: then nothing is due.
  std::optional<Time> running_time() const;

  /// Opens the stream if it is not open and the model is there, and passes on what came before.
  GstFlowReturn open_stream(Recognition::WhileLoading while_loading);
  /// Posts a WARNING for each translation that has no language.
  void warn_of_silent_pads();
  /// Whether upstream is live, which is settled when the stream opens.
  bool is_live();
  GstFlowReturn take_audio(AudioInput::Audio audio);
  GstFlowReturn take_audio(AudioInput::Pieces pieces);
  /// To the stream, which is open.
  GstFlowReturn push_audio(const AudioInput::Audio &audio);
  /// Posts what the user should know about the audio.
  void post_notes();
  /// Notes the position of the audio. If it has gone back, the segment is sent again, so that
  /// downstream follows.
  void follow_time(const AudioInput::Audio &audio);
  /// Forwards a serialized event after the text of all audio before it.
  void send_after_text(EventPointer event);
  /// The same of an event that nothing may follow for now, so that the model is waited for.
  void send_at_end(EventPointer event);
  /// The same, after all audio that was pushed to the stream: the resampler keeps its samples.
  void send_after_pushed(EventPointer event);
  bool take_segment(EventPointer event);
  bool take_caps(GstEvent *event);
  bool take_gap(GstEvent *event);

  GstElement *const element_;
  GstPad *const sink_;

  SettingsStore settings_;
  Latency latency_;
  Recognition recognition_;
  TextTracks tracks_;
  Prompting prompting_;
  /// Held while text settings are passed on, so that of two threads the one with the newer settings
  /// comes last. Comes before the locks of the settings and the output.
  Mutex writing_mutex_;

  // Under the sink pad's stream lock.

  AudioInput input_;
  /// Empty once the stream is open.
  EarlyInput early_;
  /// Audio was pushed since the start.
  bool was_heard_ = false;
  /// Where the last audio pushed in this segment ends.
  std::optional<Time> pushed_until_;

  // Any thread.

  /// Audio was pushed since the last drain, which may not be done yet. Set after the push: a drain
  /// too many does no harm, one too few loses words.
  std::atomic<bool> undrained_ = false;
  /// The open stream's pipeline is live.
  std::atomic<bool> live_ = false;
  /// Pads were requested, or their languages set, since the streaming thread looked.
  std::atomic<bool> pads_changed_ = false;
  /// An ERROR has been posted about the stream, which was not reset since.
  std::atomic<bool> failed_ = false;
  SourceRhythm rhythm_;
};

}  // namespace kyutaistt::element
