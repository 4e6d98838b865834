// SPDX-License-Identifier: LGPL-2.1-or-later
/// NIST's segment time marks, which sclite reads: in each line a file, its channel, a speaker, a
/// start, an end, labels in angle brackets if there are any, and what was said.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

#include "program/evaluation/references.h"
#include "program/inputs.h"
#include "program/manifest.h"

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;

struct Line {
  std::string file;
  std::string channel;
  ReferenceSegment segment;
};

bool read_number(const std::string &text, Time &time) {
  double number = 0;
  const char *end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  constexpr double limit = 1e9;
  time = seconds(std::clamp(number, 0.0, limit));
  return parsed.ec == std::errc() && parsed.ptr == end && number >= 0 && number <= limit;
}

Result<Line> read_line(const std::string &text, const ReferenceKeys &keys,
                       const std::string &where) {
  std::istringstream fields(text);
  Line line;
  std::string speaker;
  std::string start;
  std::string end;
  fields >> line.file >> line.channel >> speaker >> start >> end;
  ReferenceSegment &segment = line.segment;
  if (!read_number(start, segment.start) || !read_number(end, segment.end) ||
      segment.end < segment.start) {
    return Status::corrupt(where + ": found " + text +
                           ", expected a file, a channel, a speaker, a start, an end and a text");
  }
  fields >> std::ws;
  if (fields.peek() == '<') {
    std::string labels;
    std::getline(fields, labels, '>');
  }
  std::getline(fields >> std::ws, segment.text);
  constexpr const char *ignored = "ignore_time_segment_in_scoring";
  std::string lower = segment.text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  segment.is_ignored = lower.starts_with(ignored);
  segment.group = keys.group == "speaker" ? speaker : "";
  segment.name = segment_name(line.file, segment.start, segment.end);
  return line;
}

/// The recording that an STM means by a name, with or without its extension.
Result<std::string> find_recording(const std::string &stm, const std::string &name) {
  const fs::path exact = path_beside(stm, name);
  std::error_code error;
  if (fs::is_regular_file(exact, error)) {
    return exact.string();
  }
  std::vector<std::string> found;
  const fs::path folder = exact.has_parent_path() ? exact.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path &path = entry->path();
    if (path.stem() == exact.filename() && is_recording(path)) {
      found.push_back((exact.parent_path() / path.filename()).string());
    }
  }
  if (found.size() != 1) {
    return Status::not_found(stm + ": found " + std::to_string(found.size()) +
                             " recordings with the name " + name + " beside it, expected one");
  }
  return found.front();
}

}  // namespace

Result<std::vector<Reference>> read_stm(const std::string &path, const ReferenceKeys &keys) {
  const auto text = read_text_file(path);
  if (!text.ok()) {
    return text.status();
  }
  std::vector<Reference> references;
  std::map<std::string, std::pair<size_t, std::string>> known;
  std::istringstream lines(text.value());
  size_t number = 0;
  for (std::string written; std::getline(lines, written);) {
    ++number;
    if (written.starts_with(";;") || written.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    written.erase(written.find_last_not_of(" \t\r") + 1);
    const std::string where = path + ":" + std::to_string(number);
    auto line = read_line(written, keys, where);
    if (!line.ok()) {
      return line.status();
    }
    const auto [at, is_new] =
        known.emplace(line.value().file, std::pair(references.size(), line.value().channel));
    if (is_new) {
      auto audio = find_recording(path, line.value().file);
      if (!audio.ok()) {
        return audio.status();
      }
      references.emplace_back().audio = std::move(audio).value();
      references.back().has_times = true;
    } else if (at->second.second != line.value().channel) {
      return Status::corrupt(where + ": found channel " + line.value().channel +
                             " beside channel " + at->second.second +
                             ", expected one of each recording");
    }
    references[at->second.first].segments.push_back(std::move(line).value().segment);
  }
  if (references.empty()) {
    return Status::corrupt(path + ": found no segment, expected one in each line");
  }
  for (Reference &reference : references) {
    std::stable_sort(
        reference.segments.begin(), reference.segments.end(),
        [](const auto &first, const auto &second) { return first.start < second.start; });
  }
  return references;
}

}  // namespace kyutaistt::program
