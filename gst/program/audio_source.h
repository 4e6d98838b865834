// SPDX-License-Identifier: LGPL-2.1-or-later
/// Where a recording is read from.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// Whether a name is a URI: `scheme://...` or `file:...`.
bool is_uri(std::string_view name);

/// A file, standard input (`-`), a pipe, or what a URI names. Owns what it has opened.
class AudioSource {
 public:
  /// Fails with the reason if it cannot be read; a URI is not opened, since that may take long. An
  /// existing file takes precedence over a URI of the same name.
  static Result<AudioSource> open(const std::string &name);

  AudioSource(AudioSource &&other) noexcept;
  AudioSource &operator=(AudioSource &&other) = delete;
  ~AudioSource();

  /// Its name in messages.
  const std::string &name() const { return name_; }
  const std::string &uri() const { return uri_; }
  /// Audio may begin to arrive at any time.
  bool is_awaited() const { return is_remote_ || pipe_ >= 0; }
  /// It is neither a file nor a pipe of this computer.
  bool is_remote() const { return is_remote_; }

 private:
  explicit AudioSource(std::string name) : name_(std::move(name)) {}

  std::string name_;
  std::string uri_;
  bool is_remote_ = false;
  /// Where a pipe is read; negative for anything else.
  int pipe_ = -1;
};

}  // namespace kyutaistt::program
