// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/wave_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace kyutaistt::program {

namespace {

constexpr uint64_t chunk_header = 8;
constexpr uint64_t riff_header = 12;
/// Recorders that do not know the length yet write about the largest possible one.
constexpr uint32_t unknown_length = 0x7f000000;

uint32_t little_endian(const char *bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace

std::optional<WaveFile> WaveFile::open(const std::string &path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return std::nullopt;
  }
  WaveFile wave;
  wave.file_.open(path, std::ios::binary);
  wave.file_size_ = std::filesystem::file_size(path, error);
  if (error || !wave.file_ || !wave.find_chunks() || wave.is_regular_) {
    return std::nullopt;
  }
  return wave;
}

bool WaveFile::has_chunk(uint64_t position) {
  std::array<char, chunk_header> bytes{};
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(position));
  if (position + chunk_header > file_size_ || !file_.read(bytes.data(), bytes.size())) {
    return false;
  }
  const std::string_view id(bytes.data(), 4);
  constexpr std::array known = {"LIST", "data", "fact", "JUNK", "junk", "bext", "iXML", "id3 ",
                                "ID3 ", "cue ", "smpl", "inst", "PEAK", "cart", "axml", "_PMX",
                                "PAD ", "FLLR", "plst", "note", "ltxt", "labl", "fmt "};
  if (std::find(known.begin(), known.end(), id) != known.end()) {
    return true;
  }
  const bool is_name = std::all_of(id.begin(), id.end(), [](char letter) {
    return letter == ' ' || letter == '_' || (letter >= '0' && letter <= '9') ||
           (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
  });
  return is_name && position + chunk_header + little_endian(bytes.data() + 4) <= file_size_ + 1;
}

bool WaveFile::find_chunks() {
  std::array<char, riff_header> riff{};
  if (!file_.read(riff.data(), riff.size()) || std::memcmp(riff.data(), "RIFF", 4) != 0 ||
      std::memcmp(riff.data() + 8, "WAVE", 4) != 0) {
    return false;
  }
  uint64_t position = riff_header;
  while (position + chunk_header <= file_size_) {
    std::array<char, chunk_header> head{};
    file_.clear();
    file_.seekg(static_cast<std::streamoff>(position));
    if (!file_.read(head.data(), head.size())) {
      break;
    }
    const uint32_t length = little_endian(head.data() + 4);
    const uint64_t body = position + chunk_header;
    uint64_t end = std::min<uint64_t>(body + length, file_size_);
    if (std::memcmp(head.data(), "fmt ", 4) == 0) {
      constexpr uint32_t max_format = 4096;
      constexpr uint32_t min_format = 16;
      if (length < min_format || length > max_format) {
        return false;
      }
      std::vector<char> format(length);
      if (!file_.read(format.data(), length)) {
        return false;
      }
      constexpr size_t block_field = 12;
      const char low = format[block_field];
      const char high = format[block_field + 1];
      block_ =
          std::max<uint64_t>(1, static_cast<unsigned char>(low) |
                                    static_cast<unsigned>(static_cast<unsigned char>(high)) << 8);
      header_ = std::string("RIFF\xff\xff\xff\xffWAVE") + std::string(head.data(), head.size()) +
                std::string(format.data(), format.size()) + std::string("data\xff\xff\xff\xff");
    } else if (std::memcmp(head.data(), "data", 4) == 0) {
      if (length == 0 || length >= unknown_length) {
        end = file_size_;
      } else if (end < file_size_) {
        const uint64_t padded = end + length % 2;
        const bool is_tag = has_chunk(padded) || has_chunk(end);
        // Fewer bytes than a chunk's header are ignored; anything else is more audio.
        end = is_tag || end + chunk_header >= file_size_ ? end : file_size_;
        is_regular_ = false;
      }
      is_regular_ = is_regular_ && (end - body) % 2 == 0;
      ranges_.push_back({body, (end - body) / block_ * block_});
    }
    position = end + (end - body) % 2;
    if (position != end && !has_chunk(position) && has_chunk(end)) {
      // Written without its padding byte.
      position = end;
    }
  }
  return !header_.empty() && !ranges_.empty();
}

uint64_t WaveFile::size() const {
  uint64_t size = header_.size();
  for (const Range &range : ranges_) {
    size += range.length;
  }
  return size;
}

std::vector<char> WaveFile::read(size_t max_bytes) {
  if (!header_.empty()) {
    const std::string header = std::exchange(header_, {});
    return {header.begin(), header.end()};
  }
  while (next_ < ranges_.size() && ranges_[next_].length == 0) {
    ++next_;
  }
  if (next_ == ranges_.size()) {
    return {};
  }
  Range &range = ranges_[next_];
  std::vector<char> bytes(std::min<uint64_t>(max_bytes, range.length));
  file_.clear();
  file_.seekg(static_cast<std::streamoff>(range.begin));
  file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(std::max<std::streamsize>(file_.gcount(), 0)));
  range.begin += bytes.size();
  range.length = bytes.empty() ? 0 : range.length - bytes.size();
  return bytes;
}

}  // namespace kyutaistt::program
