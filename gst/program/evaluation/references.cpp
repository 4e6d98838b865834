// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/evaluation/references.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "program/manifest.h"

namespace kyutaistt::program {

namespace {

using OrderedJson = nlohmann::ordered_json;

Result<std::string> read_text(const OrderedJson &json, const std::string &key,
                              const std::string &where) {
  const auto text = json.find(key);
  if (text == json.end() || !text->is_string()) {
    return Status::corrupt(where + ": found no " + key + ", expected the text that was said");
  }
  return text->get<std::string>();
}

std::string group_of(const OrderedJson &json, const std::string &key) {
  const auto group = json.find(key);
  if (key.empty() || group == json.end()) {
    return {};
  }
  return group->is_string() ? group->get<std::string>() : group->dump();
}

Result<ReferenceSegment> read_segment(const OrderedJson &json, const ManifestEntry &entry,
                                      const ReferenceKeys &keys) {
  if (!json.is_object()) {
    return Status::corrupt(entry.where + ": segments: found " + json.dump() + ", expected objects");
  }
  auto text = read_text(json, keys.text, entry.where);
  if (!text.ok()) {
    return text.status();
  }
  const auto start = json.find("start");
  const auto end = json.find("end");
  if (start == json.end() || end == json.end() || !start->is_number() || !end->is_number() ||
      start->get<double>() < 0 || end->get<double>() < start->get<double>()) {
    return Status::corrupt(entry.where + ": segments: found " + json.dump() +
                           ", expected a start and an end after it, in seconds");
  }
  ReferenceSegment segment;
  segment.text = std::move(text).value();
  segment.group = group_of(json.contains(keys.group) ? json : entry.keys, keys.group);
  segment.start = seconds(start->get<double>());
  segment.end = seconds(end->get<double>());
  return segment;
}

/// Adds what a line of a manifest says of its recording.
Status add_entry(const ManifestEntry &entry, const ReferenceKeys &keys, Reference &reference) {
  const bool is_new = reference.segments.empty();
  const bool is_part = entry.keys.contains("offset");
  if (const auto segments = entry.keys.find("segments"); segments != entry.keys.end()) {
    if (!is_new || !segments->is_array() || segments->empty()) {
      return Status::corrupt(entry.where + ": segments: expected an array with all of a recording");
    }
    for (const OrderedJson &json : *segments) {
      auto segment = read_segment(json, entry, keys);
      if (!segment.ok()) {
        return segment.status();
      }
      reference.segments.push_back(std::move(segment).value());
    }
    reference.has_times = true;
    return {};
  }
  if (!is_new && !(is_part && reference.has_times)) {
    return Status::corrupt(entry.where + ": found " + reference.audio +
                           " again, expected each recording once or its parts by their offset");
  }
  auto text = read_text(entry.keys, keys.text, entry.where);
  if (!text.ok()) {
    return text.status();
  }
  if (is_part && !entry.duration) {
    return Status::corrupt(entry.where + ": found an offset alone, expected a duration too");
  }
  ReferenceSegment segment;
  segment.text = std::move(text).value();
  segment.group = group_of(entry.keys, keys.group);
  segment.start = seconds(entry.offset);
  segment.end = seconds(entry.offset + entry.duration.value_or(0));
  reference.segments.push_back(std::move(segment));
  reference.has_times = is_part;
  return {};
}

void name_segments(Reference &reference, const std::string &name) {
  std::stable_sort(
      reference.segments.begin(), reference.segments.end(),
      [](const auto &first, const auto &second) { return first.start < second.start; });
  for (ReferenceSegment &segment : reference.segments) {
    segment.name = reference.has_times ? segment_name(name, segment.start, segment.end) : name;
  }
}

}  // namespace

std::string segment_name(const std::string &recording, Time start, Time end) {
  constexpr size_t size = 64;
  char times[size];
  std::snprintf(times, size, " %.2f-%.2f s", in_seconds(start), in_seconds(end));
  return recording + times;
}

Result<std::vector<Reference>> read_references(const std::string &path, const ReferenceKeys &keys) {
  if (path.ends_with(".stm")) {
    return read_stm(path, keys);
  }
  const auto entries = read_manifest(path);
  if (!entries.ok()) {
    return entries.status();
  }
  std::vector<Reference> references;
  std::vector<std::string> names;
  std::map<std::string, size_t> known;
  for (const ManifestEntry &entry : entries.value()) {
    const auto [at, is_new] = known.emplace(entry.audio, references.size());
    if (is_new) {
      references.emplace_back().audio = entry.audio;
      names.push_back(entry.keys.at("audio_filepath").get<std::string>());
    }
    if (Status status = add_entry(entry, keys, references[at->second]); !status.ok()) {
      return status;
    }
  }
  for (size_t i = 0; i < references.size(); ++i) {
    name_segments(references[i], names[i]);
  }
  return references;
}

}  // namespace kyutaistt::program
