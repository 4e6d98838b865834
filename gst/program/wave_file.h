// SPDX-License-Identifier: LGPL-2.1-or-later
/// WAV files whose headers do not describe their contents.
#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace kyutaistt::program {

/// Reads such a file as if it had a plain header, with all of the audio: where the header declares
/// less than the file holds, where the audio is in several chunks, and where it has an odd number
/// of bytes and something follows it, in which case GStreamer 1.22 reads nothing. Not thread-safe.
class WaveFile {
 public:
  /// Nothing if the file is not a WAV file, or can be read as it is.
  static std::optional<WaveFile> open(const std::string &path);

  /// The next bytes, at most so many; none at the end.
  std::vector<char> read(size_t max_bytes);
  /// Everything that `read` returns, the header included.
  uint64_t size() const;

 private:
  struct Range {
    uint64_t begin;
    uint64_t length;
  };

  WaveFile() = default;
  bool find_chunks();
  /// Whether a chunk begins there.
  bool has_chunk(uint64_t position);

  std::ifstream file_;
  uint64_t file_size_ = 0;
  std::string header_;
  uint64_t block_ = 1;
  std::vector<Range> ranges_;
  size_t next_ = 0;
  bool is_regular_ = true;
};

}  // namespace kyutaistt::program
