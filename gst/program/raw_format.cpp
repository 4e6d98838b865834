// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/raw_format.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <gst/audio/audio.h>

namespace kyutaistt::program {

namespace {

constexpr int max_rate = 768000;
constexpr int max_channels = 64;

/// All of the text, as a number from 1 to `most`.
std::optional<int> parse_number(const std::string &text, int most) {
  int number = 0;
  const char *end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  const bool is_number = parsed.ec == std::errc() && parsed.ptr == end;
  return is_number && number >= 1 && number <= most ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<RawFormat> RawFormat::parse(const std::string &text) {
  const size_t first = std::min(text.find(':'), text.size());
  const size_t second = std::min(text.find(':', first + 1), text.size());
  RawFormat format;
  format.sample_format = text.substr(0, first);
  std::transform(format.sample_format.begin(), format.sample_format.end(),
                 format.sample_format.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  const GstAudioFormat known = gst_audio_format_from_string(format.sample_format.c_str());
  const auto rate =
      parse_number(text.substr(std::min(first + 1, text.size()), second - first - 1), max_rate);
  const auto channels = parse_number(text.substr(std::min(second + 1, text.size())), max_channels);
  if (known == GST_AUDIO_FORMAT_UNKNOWN || known == GST_AUDIO_FORMAT_ENCODED || !rate ||
      !channels) {
    return Status::invalid_argument("option --raw-format: found " + text +
                                    ", expected FORMAT:RATE:CHANNELS such as s16le:16000:1");
  }
  format.rate = *rate;
  format.channels = *channels;
  return format;
}

}  // namespace kyutaistt::program
