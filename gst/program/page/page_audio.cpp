// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/page/page_audio.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <glib.h>

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;

/// What browsers play, by extension in lower case.
constexpr std::pair<std::string_view, std::string_view> types[] = {
    {".aac", "audio/aac"}, {".flac", "audio/flac"}, {".m4a", "audio/mp4"},   {".m4b", "audio/mp4"},
    {".m4v", "video/mp4"}, {".mov", "video/mp4"},   {".mp3", "audio/mpeg"},  {".mp4", "video/mp4"},
    {".oga", "audio/ogg"}, {".ogg", "audio/ogg"},   {".ogv", "video/ogg"},   {".opus", "audio/ogg"},
    {".wav", "audio/wav"}, {".weba", "audio/webm"}, {".webm", "video/webm"},
};

std::string type_of(const fs::path &path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  const auto *type = std::find_if(std::begin(types), std::end(types),
                                  [&](const auto &known) { return known.first == extension; });
  return type == std::end(types) ? "" : std::string(type->second);
}

/// The path of a file, also of one that a URI names.
fs::path path_of(const std::string &recording) {
  std::error_code error;
  if (recording.starts_with("file:") && !fs::exists(recording, error)) {
    gchar *path = g_filename_from_uri(recording.c_str(), nullptr, nullptr);
    fs::path result = path == nullptr ? "" : path;
    g_free(path);
    return result;
  }
  return recording;
}

std::string address_of(const fs::path &path, const std::string &page) {
  std::error_code error;
  const fs::path folder = fs::absolute(page.empty() ? "page" : page, error).parent_path();
  const fs::path relative =
      fs::absolute(path, error).lexically_normal().lexically_relative(folder.lexically_normal());
  gchar *escaped = g_uri_escape_string(relative.c_str(), "/", FALSE);
  std::string result = escaped;
  g_free(escaped);
  return result;
}

std::string content_of(const fs::path &path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  gchar *encoded = g_base64_encode(reinterpret_cast<const guchar *>(bytes.data()), bytes.size());
  std::string result = encoded;
  g_free(encoded);
  return result;
}

}  // namespace

PageAudio find_page_audio(const std::string &recording, const std::string &page) {
  const fs::path path = path_of(recording);
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return {};
  }
  PageAudio audio;
  audio.type = type_of(path);
  const uintmax_t size = fs::file_size(path, error);
  if (!audio.type.empty() && !error && size <= max_embedded_bytes) {
    audio.content = content_of(path);
  }
  if (audio.content.empty()) {
    audio.address = address_of(path, page);
  }
  return audio;
}

}  // namespace kyutaistt::program
