// SPDX-License-Identifier: LGPL-2.1-or-later
/// How a page plays its recording.
#pragma once

#include <cstdint>
#include <string>

namespace kyutaistt::program {

/// Files of up to this size become part of the page: an hour of speech at 32 kbit/s.
inline constexpr uintmax_t max_embedded_bytes = 16 << 20;

struct PageAudio {
  /// Media type; empty if browsers do not play files of this name.
  std::string type;
  /// The whole recording in Base64; empty if it is not part of the page.
  std::string content;
  /// The recording's address from the page; empty if it is part of the page, or no file.
  std::string address;
};

/// `recording` is a path, `-` or a URI; `page` the path of the page, empty for standard output,
/// which is taken for a file in the current folder.
PageAudio find_page_audio(const std::string &recording, const std::string &page);

}  // namespace kyutaistt::program
