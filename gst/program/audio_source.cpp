// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/audio_source.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <gst/gst.h>

namespace kyutaistt::program {

namespace {

std::string uri_of_file(const std::string &path) {
  gchar *uri = gst_filename_to_uri(path.c_str(), nullptr);
  std::string result = uri == nullptr ? "" : uri;
  g_free(uri);
  return result;
}

std::optional<std::string> file_of_uri(const std::string &uri) {
  gchar *path = g_filename_from_uri(uri.c_str(), nullptr, nullptr);
  auto result = path == nullptr ? std::nullopt : std::optional<std::string>(path);
  g_free(path);
  return result;
}

/// Opens anything but a regular file, without waiting for the other end.
int open_pipe(const std::string &path) {
  // Names of what is open already, as shells give them. Opened again, a pipe whose writer has gone
  // would wait for another.
  int open_already = path == "-" || path == "/dev/stdin" ? STDIN_FILENO : -1;
  for (const std::string_view descriptors : {"/dev/fd/", "/proc/self/fd/"}) {
    if (path.starts_with(descriptors)) {
      std::from_chars(path.data() + descriptors.size(), path.data() + path.size(), open_already);
    }
  }
  return open_already >= 0 ? fcntl(open_already, F_DUPFD_CLOEXEC, 0)
                           : open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

Status cannot_read(const std::string &name, int error) {
  return Status::not_found(name + (error == ENOENT
                                       ? ": there is no such file"
                                       : std::string(": cannot be read: ") + g_strerror(error)));
}

}  // namespace

bool is_uri(std::string_view name) {
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos || colon < 2) {
    return false;
  }
  const std::string_view scheme = name.substr(0, colon);
  const bool is_scheme = std::all_of(scheme.begin(), scheme.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '+' || letter == '-' || letter == '.';
  });
  return is_scheme && (name.substr(colon).starts_with("://") || scheme == "file");
}

AudioSource::AudioSource(AudioSource &&other) noexcept
    : name_(std::move(other.name_)),
      uri_(std::move(other.uri_)),
      is_remote_(other.is_remote_),
      pipe_(std::exchange(other.pipe_, -1)) {}

AudioSource::~AudioSource() {
  if (pipe_ >= 0) {
    close(pipe_);
  }
}

Result<AudioSource> AudioSource::open(const std::string &name) {
  AudioSource source(name == "-" ? "standard input" : name);
  std::string path = name;
  struct stat found {};
  const bool is_there = name == "-" || stat(path.c_str(), &found) == 0;
  if (!is_there && is_uri(name)) {
    const auto file = file_of_uri(name);
    if (!file) {
      if (name.starts_with("file:") || gst_uri_is_valid(name.c_str()) == FALSE) {
        return Status::invalid_argument(name + ": is not a valid URI");
      }
      source.uri_ = name;
      source.is_remote_ = true;
      return source;
    }
    path = *file;
  }
  if (name != "-" && stat(path.c_str(), &found) != 0) {
    return cannot_read(name, errno);
  }
  if (S_ISDIR(found.st_mode)) {
    return Status::invalid_argument(name + ": is a folder, expected an audio file");
  }
  // A file is opened here too: nothing else reports why that fails.
  const int file = open_pipe(path);
  if (file < 0) {
    return cannot_read(source.name_, errno);
  }
  if (name != "-" && S_ISREG(found.st_mode)) {
    close(file);
    source.uri_ = uri_of_file(path);
    return source;
  }
  source.pipe_ = file;
  source.uri_ = "fd://" + std::to_string(file);
  return source;
}

}  // namespace kyutaistt::program
