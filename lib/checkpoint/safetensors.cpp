// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/checked.h"
#include "base/guard.h"
#include "checkpoint/json_file.h"

namespace kyutaistt::checkpoint {

namespace {

/// The format allows a hundred million bytes; parsed they would take gigabytes. A header of a
/// hundred thousand tensors has less than this.
constexpr uint64_t max_header_bytes = uint64_t{16} << 20;
constexpr size_t max_dimensions = 8;
/// What a repository has in place of a large file that was not fetched.
constexpr std::string_view pointer_beginning = "version https://git-lfs";

static_assert(std::endian::native == std::endian::little,
              "safetensors are little-endian, and are used as they lie in the file");

DataType data_type_of(std::string_view name) {
  for (const DataType type :
       {DataType::F64, DataType::F32, DataType::F16, DataType::Bf16, DataType::I64, DataType::I32,
        DataType::I16, DataType::I8, DataType::U8, DataType::Bool}) {
    if (name == data_type_name(type)) {
      return type;
    }
  }
  return DataType::Unknown;
}

/// A tensor and the place of its bytes after the header.
struct Entry {
  std::string name;
  TensorView view;
  uint64_t begin = 0;
  uint64_t end = 0;
};

Result<std::vector<int64_t>> read_shape(const JsonObject &entry) {
  const Json *shape = entry.find("shape");
  if (shape == nullptr || !shape->is_array() || shape->size() > max_dimensions) {
    return entry.wrong("shape",
                       "a list of at most " + std::to_string(max_dimensions) + " integers");
  }
  std::vector<int64_t> dimensions;
  for (const Json &dimension : *shape) {
    if (!dimension.is_number_unsigned() || dimension.get<uint64_t>() > INT64_MAX) {
      return entry.wrong("shape", "a list of integers that are not negative");
    }
    dimensions.push_back(dimension.get<int64_t>());
  }
  return dimensions;
}

Status read_offsets(const JsonObject &entry, uint64_t data_bytes, Entry &result) {
  const Json *offsets = entry.find("data_offsets");
  if (offsets == nullptr || !offsets->is_array() || offsets->size() != 2 ||
      !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned()) {
    return entry.wrong("data_offsets", "a list of two integers");
  }
  result.begin = (*offsets)[0].get<uint64_t>();
  result.end = (*offsets)[1].get<uint64_t>();
  if (result.begin > result.end || result.end > data_bytes) {
    return entry.wrong("data_offsets", "an increasing pair of at most " +
                                           std::to_string(data_bytes) +
                                           ", the bytes after the header");
  }
  return {};
}

/// True for a name that cannot lead out of its folder.
bool is_plain_file_name(std::string_view name) {
  const auto is_allowed = [](unsigned char letter) { return letter > ' ' && letter != '/'; };
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), is_allowed);
}

/// Reads one member of the header.
Result<Entry> read_entry(const std::string &name, const Json &value, const std::string &path,
                         uint64_t data_bytes) {
  KYUTAISTT_ASSIGN(entry, JsonObject::of(value, path + ": tensor " + printable(name)));
  KYUTAISTT_ASSIGN(type_name, entry.string("dtype"));
  Entry result;
  result.name = name;
  result.view.type = data_type_of(type_name);
  KYUTAISTT_ASSIGN(shape, read_shape(entry));
  result.view.shape = std::move(shape);
  KYUTAISTT_TRY(read_offsets(entry, data_bytes, result));
  if (result.view.type == DataType::Unknown) {
    return result;
  }
  std::optional<uint64_t> needed = element_size(result.view.type);
  for (const int64_t dimension : result.view.shape) {
    needed = needed ? base::checked_multiply(*needed, static_cast<uint64_t>(dimension)) : needed;
  }
  if (!needed || *needed != result.end - result.begin) {
    return Status::corrupt(entry.where() + ": has " + std::to_string(result.end - result.begin) +
                           " bytes, but its shape and type need " +
                           (needed ? std::to_string(*needed) : "more than fit in memory"));
  }
  return result;
}

Status check_metadata(const Json &metadata, const std::string &path) {
  const bool texts =
      metadata.is_object() && std::all_of(metadata.begin(), metadata.end(),
                                          [](const Json &value) { return value.is_string(); });
  return texts ? Status() : Status::corrupt(path + ": __metadata__: expected an object of strings");
}

/// The format demands that tensors follow each other without gaps, to the end of the file.
Status check_places(std::vector<Entry> &entries, const std::string &path, uint64_t data_bytes) {
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t expected = 0;
  for (const Entry &entry : entries) {
    if (entry.begin != expected) {
      return Status::corrupt(path + ": tensor " + printable(entry.name) + ": begins at byte " +
                             std::to_string(entry.begin) + ", " +
                             (entry.begin < expected ? "inside of another tensor" : "after a gap") +
                             "; expected " + std::to_string(expected));
    }
    expected = entry.end;
  }
  if (expected != data_bytes) {
    return Status::corrupt(path + ": has " + std::to_string(data_bytes - expected) +
                           " bytes that belong to no tensor");
  }
  return {};
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

}  // namespace

Result<std::shared_ptr<const SafetensorsFile>> SafetensorsFile::open(const std::string &path,
                                                                     base::FileAccess access) {
  KYUTAISTT_ASSIGN(file, base::FileMemory::open(path, access));
  const std::span<const std::byte> bytes = file->places();
  const auto beginning = bytes.first(std::min(bytes.size(), pointer_beginning.size()));
  KYUTAISTT_ASSIGN(held_beginning, file->hold(beginning));
  if (text_of(held_beginning.bytes) == pointer_beginning) {
    return Status::corrupt(path + ": is a Git LFS pointer, not the weights: run git lfs pull");
  }
  uint64_t header_bytes = 0;
  if (bytes.size() < sizeof(header_bytes)) {
    return Status::corrupt(
        path + ": is too short for a safetensors file: " + std::to_string(bytes.size()) + " bytes");
  }
  std::memcpy(&header_bytes, held_beginning.bytes.data(), sizeof(header_bytes));
  const std::span<const std::byte> rest = bytes.subspan(sizeof(header_bytes));
  if (header_bytes > max_header_bytes || header_bytes > rest.size()) {
    return Status::corrupt(path + ": says that its header has " + std::to_string(header_bytes) +
                           " bytes, expected at most " +
                           std::to_string(std::min<uint64_t>(max_header_bytes, rest.size())) +
                           " (is the file cut off?)");
  }
  const auto header_part = rest.first(header_bytes);
  KYUTAISTT_ASSIGN(held_header, file->hold(header_part));
  KYUTAISTT_ASSIGN(json, parse_json(text_of(held_header.bytes), path + ": header"));
  KYUTAISTT_ASSIGN(header, JsonObject::of(json, path + ": header"));
  const std::span<const std::byte> data = rest.subspan(header_bytes);
  std::vector<Entry> entries;
  Metadata metadata;
  for (const auto &[name, value] : header.value().items()) {
    if (name == "__metadata__") {
      KYUTAISTT_TRY(check_metadata(value, path));
      metadata = value.get<Metadata>();
      continue;
    }
    KYUTAISTT_ASSIGN(entry, read_entry(name, value, path, data.size()));
    entries.push_back(std::move(entry));
  }
  KYUTAISTT_TRY(check_places(entries, path, data.size()));

  std::shared_ptr<SafetensorsFile> result(new SafetensorsFile);
  for (Entry &entry : entries) {
    entry.view.bytes = data.subspan(entry.begin, entry.end - entry.begin);
    result->tensors_.emplace(std::move(entry.name), std::move(entry.view));
  }
  result->metadata_ = std::move(metadata);
  result->file_ = std::move(file);
  return std::shared_ptr<const SafetensorsFile>(std::move(result));
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  names.reserve(tensors_.size());
  for (const auto &[name, view] : tensors_) {
    names.push_back(name);
  }
  return names;
}

const TensorView *SafetensorsFile::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

Result<TensorView> SafetensorsFile::read(const TensorView &tensor) const {
  KYUTAISTT_ASSIGN(held, file_->hold(tensor.bytes));
  TensorView view = tensor;
  view.bytes = held.bytes;
  view.owner = std::move(held.owner);
  return view;
}

Result<SafetensorsFolder> SafetensorsFolder::open(const std::string &folder,
                                                  base::FileAccess access) {
  SafetensorsFolder result;
  result.folder_ = folder;
  const std::string single = folder + "/model.safetensors";
  const std::string index = single + ".index.json";
  std::error_code error;
  if (std::filesystem::exists(index, error) && !std::filesystem::exists(single, error)) {
    KYUTAISTT_TRY(result.open_shards(folder, index, access));
  } else {
    KYUTAISTT_ASSIGN(file, SafetensorsFile::open(single, access));
    result.files_.push_back(std::move(file));
  }
  return result;
}

Status SafetensorsFolder::open_shards(const std::string &folder, const std::string &index_path,
                                      base::FileAccess access) {
  KYUTAISTT_ASSIGN(json, read_json_file(index_path));
  KYUTAISTT_ASSIGN(index, JsonObject::of(json, index_path));
  KYUTAISTT_ASSIGN(map, index.object("weight_map"));
  std::map<std::string, size_t, std::less<>> shards;
  for (const auto &[name, value] : map.value().items()) {
    const std::string shard = value.is_string() ? value.get<std::string>() : "";
    if (!is_plain_file_name(shard)) {
      return map.wrong(name.c_str(), "the name of a file in the same folder");
    }
    auto place = shards.find(shard);
    if (place == shards.end()) {
      KYUTAISTT_ASSIGN(file, SafetensorsFile::open(folder + "/" + shard, access));
      place = shards.emplace(shard, files_.size()).first;
      files_.push_back(std::move(file));
    }
    if (files_[place->second]->find(name) == nullptr) {
      return Status::corrupt(files_[place->second]->path() + ": has no tensor " + printable(name) +
                             ", which " + index_path + " says is there");
    }
    places_.emplace(name, place->second);
  }
  return files_.empty() ? index.wrong("weight_map", "at least one tensor") : Status();
}

const SafetensorsFile *SafetensorsFolder::file_of(std::string_view name) const {
  if (places_.empty()) {
    return files_.front().get();
  }
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : files_[place->second].get();
}

const TensorView *SafetensorsFolder::find(std::string_view name) const {
  const SafetensorsFile *file = file_of(name);
  return file == nullptr ? nullptr : file->find(name);
}

Result<TensorView> SafetensorsFolder::read(std::string_view name) const {
  const TensorView *view = find(name);
  return view != nullptr ? file_of(name)->read(*view)
                         : Status::corrupt(location(name) + ": has no tensor " + std::string(name));
}

Status SafetensorsFolder::keep(std::string_view name) const {
  return file_of(name)->keep(*find(name));
}

std::string SafetensorsFolder::location(std::string_view name) const {
  const auto place = places_.find(name);
  if (place != places_.end()) {
    return files_[place->second]->path();
  }
  return places_.empty() ? files_.front()->path() : folder_ + "/model.safetensors.index.json";
}

Result<PackedIndex> SafetensorsFolder::packed_index() const {
  return files_.size() == 1 ? PackedIndex::read(files_.front()->metadata(), files_.front()->path())
                            : Result<PackedIndex>(PackedIndex());
}

uint64_t SafetensorsFolder::bytes() const noexcept {
  uint64_t total = 0;
  for (const auto &file : files_) {
    total += file->bytes();
  }
  return total;
}

}  // namespace kyutaistt::checkpoint
