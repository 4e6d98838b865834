// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio files, through GStreamer.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "common/audio_input.h"
#include "common/pointers.h"
#include "program/audio_source.h"
#include "program/raw_format.h"
#include "program/wave_file.h"

namespace kyutaistt::program {

/// How a file's samples are converted for the model.
enum class Conversion {
  /// Whatever the file holds is mixed to mono and resampled to 24 kHz.
  Allowed,
  /// The file must hold 24 kHz mono; integer samples are divided by their full scale, which is
  /// exact. For parity with the reference.
  Refused,
};

/// What to read from a source.
struct Reading {
  Conversion conversion = Conversion::Allowed;
  /// For samples without a container.
  std::optional<RawFormat> raw_format;
  ChannelChoice channel;
  /// Number or language of the track that is heard; empty: the container's default, or the first.
  std::string track;
};

/// A piece of a file's audio.
struct FileAudio {
  /// Mono at 24 kHz; none at the end of the file.
  std::vector<float> samples;
  /// The container's time of the first of them, where they do not follow.
  std::optional<Time> position;
  /// A new part of the file begins, with a clock of its own.
  bool begins_part = false;
};

/// Decodes one audio track of a source, also across changes of the stream. Not thread-safe.
class AudioReader {
 public:
  /// Waits for a pipe or URI without limit. `stop` ends the wait, here and in `read`, with
  /// `Cancelled`; it must outlive the reader.
  static Result<std::unique_ptr<AudioReader>> open(const std::string &path, const Reading &reading,
                                                   const std::atomic<bool> &stop);

  AudioReader(const AudioReader &) = delete;
  AudioReader &operator=(const AudioReader &) = delete;
  ~AudioReader();

  Result<FileAudio> read();
  /// See `AudioSource::is_awaited`.
  bool is_awaited() const { return source_.is_awaited(); }
  /// The file's length, if the container has it.
  std::optional<Time> duration() const;
  /// New notices for the user about the audio since the last call; usually empty.
  std::string take_notes();

 private:
  /// A part of the stream: from one change of its pads to the next.
  struct Part {
    ElementPointer sink;
    /// The pad that it is read from.
    PadPointer pad;
    bool has_ended = false;
  };

  AudioReader(AudioSource source, const Reading &reading, const std::atomic<bool> &stop);

  /// Makes the pipeline, opens the source and starts it.
  Status begin();
  Status add_raw_source();
  void add_decoder();
  /// Waits until there is something to read.
  Status wait_until_open();
  /// The pipeline's failure, if it has failed.
  Status pipeline_status();
  Status no_audio() const;
  /// Records the plug-in that a message reports as missing.
  void note_missing(GstMessage *message);

  // The decoder's threads.

  static void pad_was_added(GstElement *decoder, GstPad *pad, gpointer reader);
  static void pad_was_removed(GstElement *decoder, GstPad *pad, gpointer reader);
  static void pads_are_complete(GstElement *decoder, gpointer reader);
  static void source_was_made(GstElement *decoder, GstElement *source, gpointer reader);
  static void wave_is_wanted(GstElement *source, guint length, gpointer reader);
  /// Continues with one of the new pads.
  void choose_pad();
  /// A sink for the next part. The pipeline owns it too.
  Part make_part(GstPad *pad);

  /// The part that is read now, if there is one, and whether nothing more of it can come.
  std::optional<GstElement *> current_part(bool &has_ended);
  /// Moves to the next part; false if there is none.
  bool leave_part();
  /// Stores the samples that the input returned.
  void take(AudioInput::Pieces pieces);
  Status take(GstSample *sample);
  Status take_caps(GstCaps *caps);

  const AudioSource source_;
  const Reading reading_;
  const std::atomic<bool> &stop_;
  ElementPointer pipeline_;
  std::optional<WaveFile> wave_;
  /// Names of the missing plug-ins that the file needs, separated by commas.
  std::string missing_;

  AudioInput input_;
  CapsPointer caps_;
  std::optional<GstSegment> segment_;
  std::deque<FileAudio> ready_;
  bool part_begins_ = false;
  bool is_drained_ = false;

  /// Protects the members below, which the decoder's threads add to. No call that may wait in
  /// GStreamer is made with it held.
  std::mutex mutex_;
  std::vector<PadPointer> new_pads_;
  std::deque<Part> parts_;
  std::string notes_;
  Status choice_;
};

}  // namespace kyutaistt::program
