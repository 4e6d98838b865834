// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/manifest.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "program/audio_source.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char *audio_key = "audio_filepath";

/// A number of seconds, if the key is there.
Result<std::optional<double>> read_seconds(const OrderedJson &keys, const char *name,
                                           const std::string &where) {
  const auto found = keys.find(name);
  if (found == keys.end() || found->is_null()) {
    return std::optional<double>();
  }
  if (!found->is_number() || found->get<double>() < 0 || !std::isfinite(found->get<double>())) {
    return Status::corrupt(where + ": " + name + ": found " + found->dump() +
                           ", expected a number of seconds");
  }
  return std::optional<double>(found->get<double>());
}

Result<ManifestEntry> read_object(const std::string &line, const std::string &where) {
  ManifestEntry entry;
  entry.where = where;
  entry.keys = OrderedJson::parse(line, nullptr, false);
  if (!entry.keys.is_object()) {
    return Status::corrupt(where + ": found a line that is no JSON, expected an object or a path");
  }
  const auto audio = entry.keys.find(audio_key);
  if (audio == entry.keys.end() || !audio->is_string() || audio->get<std::string>().empty()) {
    return Status::corrupt(where + ": found no " + audio_key + ", expected a path");
  }
  entry.audio = audio->get<std::string>();
  auto duration = read_seconds(entry.keys, "duration", where);
  auto offset = read_seconds(entry.keys, "offset", where);
  for (const Status &status : {duration.status(), offset.status()}) {
    if (!status.ok()) {
      return status;
    }
  }
  entry.duration = duration.value();
  entry.offset = offset.value().value_or(0);
  return entry;
}

Result<ManifestEntry> read_line(const std::string &line, const std::string &where) {
  if (line.starts_with('{')) {
    return read_object(line, where);
  }
  if (line.starts_with('[')) {
    return Status::corrupt(where + ": found a JSON array, expected an object in each line");
  }
  ManifestEntry entry;
  entry.where = where;
  entry.audio = line;
  entry.keys = {{audio_key, line}};
  return entry;
}

/// Without the white space around it.
std::string trimmed(const std::string &line) {
  constexpr const char *spaces = " \t\r";
  const size_t begin = line.find_first_not_of(spaces);
  return begin == std::string::npos ? ""
                                    : line.substr(begin, line.find_last_not_of(spaces) - begin + 1);
}

}  // namespace

std::string path_beside(const std::string &file, const std::string &name) {
  return is_uri(name)
             ? name
             : (std::filesystem::path(file).parent_path() / name).lexically_normal().string();
}

Result<std::string> read_text_file(const std::string &path) {
  constexpr size_t block_size = 1 << 16;
  constexpr const char *byte_order_mark = "\xef\xbb\xbf";
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::vector<char> block(block_size);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block.data(), static_cast<size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return Status::not_found(path + ": cannot be read" +
                             (errno != 0 ? std::string(": ") + std::strerror(errno) : ""));
  }
  return text.starts_with(byte_order_mark) ? text.substr(std::strlen(byte_order_mark)) : text;
}

Result<std::vector<ManifestEntry>> read_manifest(const std::string &path) {
  const auto text = read_text_file(path);
  if (!text.ok()) {
    return text.status();
  }
  std::vector<ManifestEntry> entries;
  std::istringstream lines(text.value());
  size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty()) {
      continue;
    }
    auto entry = read_line(line, path + ":" + std::to_string(number));
    if (!entry.ok()) {
      return entry.status();
    }
    entries.push_back(std::move(entry).value());
    entries.back().audio = path_beside(path, entries.back().audio);
  }
  if (entries.empty()) {
    return Status::corrupt(path + ": found no recording, expected one in each line");
  }
  return entries;
}

}  // namespace kyutaistt::program
