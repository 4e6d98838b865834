// SPDX-License-Identifier: LGPL-2.1-or-later
/// The memory of a buffer for as long as an object lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <gst/audio/audio.h>
#include <gst/gst.h>

namespace kyutaistt {

/// A buffer's bytes for reading. The buffer is borrowed and must live as long.
class MappedBuffer {
 public:
  explicit MappedBuffer(GstBuffer *buffer)
      : buffer_(buffer), is_mapped_(gst_buffer_map(buffer, &map_, GST_MAP_READ) != FALSE) {}
  MappedBuffer(const MappedBuffer &) = delete;
  MappedBuffer &operator=(const MappedBuffer &) = delete;
  ~MappedBuffer() {
    if (is_mapped_) {
      gst_buffer_unmap(buffer_, &map_);
    }
  }

  /// Nothing else may be asked if this is false.
  bool is_mapped() const { return is_mapped_; }
  std::span<const uint8_t> bytes() const { return {map_.data, map_.size}; }

 private:
  GstBuffer *const buffer_;
  GstMapInfo map_{};
  const bool is_mapped_;
};

/// A buffer of raw audio for reading, one plane for each channel or one of all. The buffer is
/// borrowed and must live as long.
class MappedAudioBuffer {
 public:
  MappedAudioBuffer(GstBuffer *buffer, const GstAudioInfo &info)
      : is_mapped_(gst_audio_buffer_map(&map_, &info, buffer, GST_MAP_READ) != FALSE) {}
  MappedAudioBuffer(const MappedAudioBuffer &) = delete;
  MappedAudioBuffer &operator=(const MappedAudioBuffer &) = delete;
  ~MappedAudioBuffer() {
    if (is_mapped_) {
      gst_audio_buffer_unmap(&map_);
    }
  }

  /// Nothing else may be asked if this is false.
  bool is_mapped() const { return is_mapped_; }
  gpointer *planes() { return map_.planes; }
  size_t frames() const { return map_.n_samples; }

 private:
  GstAudioBuffer map_{};
  const bool is_mapped_;
};

}  // namespace kyutaistt
