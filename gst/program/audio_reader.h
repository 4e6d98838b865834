// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio files, through GStreamer.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

#include "program/audio_source.h"
#include "program/raw_format.h"

namespace kyutaistt::program {

/// How a file's samples become the model's.
enum class Conversion {
  /// Whatever the file holds is mixed to mono and resampled to 24 kHz.
  Allowed,
  /// The file must hold 24 kHz mono; integer samples are divided by their full scale, which is
  /// exact. For parity with the reference.
  Refused,
};

/// What is to be read of a source.
struct Reading {
  Conversion conversion = Conversion::Allowed;
  /// For samples without a container.
  std::optional<RawFormat> raw_format;
};

/// A piece of a file's audio.
struct FileAudio {
  /// Mono at 24 kHz; none at the end of the file.
  std::vector<float> samples;
  /// Where the container says that the first of them belongs; unset where it does not say.
  std::optional<Time> position;
};

/// Decodes the first audio stream of a source. Not thread-safe.
class AudioReader {
 public:
  /// A pipe or URI is waited for as long as it takes. `stop` ends waiting, here and in `read`, with
  /// `Cancelled`; it must outlive the reader.
  static Result<std::unique_ptr<AudioReader>> open(const std::string &path, const Reading &reading,
                                                   const std::atomic<bool> &stop);

  AudioReader(const AudioReader &) = delete;
  AudioReader &operator=(const AudioReader &) = delete;
  ~AudioReader();

  Result<FileAudio> read();
  /// The file's length, if the container tells.
  std::optional<Time> duration() const;

 private:
  AudioReader(AudioSource source, GstElement *pipeline, const std::atomic<bool> &stop);

  /// Opens the source and has it play.
  Status begin(const Reading &reading);
  /// Until the pipeline knows what the file holds.
  Status wait_until_open();
  /// What went wrong in the pipeline, if something did.
  Status pipeline_status();
  Status no_audio() const;
  /// Remembers what a message tells of a plug-in that GStreamer lacks.
  void note_missing(GstMessage *message);

  const AudioSource source_;
  GstElement *const pipeline_;
  GstElement *const sink_;
  const std::atomic<bool> &stop_;
  /// Names of plug-ins that the file would need, separated by commas.
  std::string missing_;
};

}  // namespace kyutaistt::program
