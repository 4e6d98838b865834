// SPDX-License-Identifier: LGPL-2.1-or-later
/// Audio files, through GStreamer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// How a file's samples become the model's.
enum class Conversion {
  /// Whatever the file holds is mixed to mono and resampled to 24 kHz.
  Allowed,
  /// The file must hold 24 kHz mono; integer samples are divided by their full scale, which is
  /// exact. For parity with the reference.
  Refused,
};

/// Decodes the first audio stream of a file. Not thread-safe.
class AudioReader {
 public:
  static Result<std::unique_ptr<AudioReader>> open(const std::string &path, Conversion conversion);

  AudioReader(const AudioReader &) = delete;
  AudioReader &operator=(const AudioReader &) = delete;
  ~AudioReader();

  /// The next samples, mono at 24 kHz; none at the end of the file.
  Result<std::vector<float>> read();
  /// The file's length, if the container tells.
  std::optional<Time> duration() const;

 private:
  AudioReader(std::string path, GstElement *pipeline, GstElement *sink);

  /// What went wrong in the pipeline, if something did.
  Status pipeline_status() const;

  const std::string path_;
  GstElement *const pipeline_;
  GstElement *const sink_;
};

}  // namespace kyutaistt::program
