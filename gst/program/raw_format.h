// SPDX-License-Identifier: LGPL-2.1-or-later
/// Samples without a container.
#pragma once

#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// What a container would say about the samples.
struct RawFormat {
  /// As GStreamer names it, in capitals: S16LE, F32LE...
  std::string sample_format;
  int rate = 0;
  int channels = 0;

  /// From FORMAT:RATE:CHANNELS, for example s16le:16000:1.
  static Result<RawFormat> parse(const std::string &text);
};

}  // namespace kyutaistt::program
