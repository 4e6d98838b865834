// SPDX-License-Identifier: LGPL-2.1-or-later
#include "checkpoint/packed_weights.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include <kyutaistt/option_names.h>

#include "base/file_memory.h"
#include "checkpoint/json_file.h"

namespace kyutaistt::checkpoint {

namespace {

constexpr const char *format_key = "packed_format";
constexpr const char *format_version = "2";
constexpr const char *precision_key = "precision";
/// Where tensors begin, counted from the file's beginning: packed weights are read in place, by
/// instructions that need whole cache lines.
constexpr size_t alignment = 64;

std::string shape_text(const std::vector<int64_t> &shape) {
  std::string text;
  for (const int64_t dimension : shape) {
    text += (text.empty() ? "" : ",") + std::to_string(dimension);
  }
  return text;
}

/// Dimensions with commas between; empty if the text is anything else.
std::vector<int64_t> parse_shape(std::string_view text) {
  std::vector<int64_t> shape;
  const char *at = text.data();
  const char *const end = at + text.size();
  while (at != end) {
    int64_t dimension = 0;
    const auto [next, error] = std::from_chars(at, end, dimension);
    if (error != std::errc() || dimension < 1 || (next != end && *next != ',')) {
      return {};
    }
    shape.push_back(dimension);
    at = next == end ? end : next + 1;
  }
  return shape;
}

size_t padding_before(size_t offset) {
  return (alignment - offset % alignment) % alignment;
}

}  // namespace

std::string packed_name(std::string_view first) {
  return "packed." + std::string(first);
}

Result<PackedIndex> PackedIndex::read(const Metadata &metadata, const std::string &path) {
  PackedIndex index;
  const auto format = metadata.find(format_key);
  if (format == metadata.end()) {
    return index;
  }
  const std::string where = path + ": __metadata__: ";
  if (format->second != format_version) {
    return Status::unsupported(where + format_key + ": found " + printable(format->second) +
                               ", expected " + format_version +
                               ": write the folder anew with kyutaistt quantize");
  }
  const auto precision = metadata.find(precision_key);
  const std::string found = precision == metadata.end() ? "nothing" : precision->second;
  const auto known = find_option<Precision>(found, packed_precision_names);
  if (!known) {
    return Status::corrupt(where + precision_key + ": found " + printable(found) + ", expected " +
                           list_options<Precision>(packed_precision_names));
  }
  index.precision_ = *known;
  for (const auto &[name, text] : metadata) {
    const size_t type_end = text.find(' ');
    const size_t shape_end = text.find(' ', type_end == std::string::npos ? 0 : type_end + 1);
    if (name == format_key || name == precision_key) {
      continue;
    }
    Part part;
    if (type_end != std::string::npos && shape_end != std::string::npos) {
      part.type = text.substr(0, type_end);
      part.shape = parse_shape(text.substr(type_end + 1, shape_end - type_end - 1));
      part.first = text.substr(shape_end + 1);
    }
    if (part.shape.empty() || part.first.empty()) {
      return Status::corrupt(where + printable(name) + ": found " + printable(text) +
                             ", expected a type, a shape and the name of a matrix");
    }
    index.parts_.emplace(name, std::move(part));
  }
  return index;
}

const PackedIndex::Part *PackedIndex::find(std::string_view name) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? nullptr : &found->second;
}

void PackedWriter::add(const std::string &name, TensorView view) {
  tensors_.push_back({name, std::move(view)});
}

void PackedWriter::add_packed(std::span<const std::string> names,
                              std::span<const TensorView> matrices, const std::string &type,
                              std::span<const std::byte> bytes) {
  for (size_t i = 0; i < names.size(); ++i) {
    metadata_[names[i]] = type + " " + shape_text(matrices[i].shape) + " " + names.front();
  }
  TensorView view;
  view.type = DataType::U8;
  view.shape = {static_cast<int64_t>(bytes.size())};
  view.bytes = bytes;
  tensors_.push_back({packed_name(names.front()), std::move(view)});
}

Status PackedWriter::write(const std::string &path) const {
  static constexpr char zeros[alignment] = {};
  Json header = {
      {"__metadata__", {{format_key, format_version}, {precision_key, option_name(precision_)}}}};
  for (const auto &[name, text] : metadata_) {
    header["__metadata__"][name] = text;
  }
  // The format allows no gaps: the padding up to the next cache line is a tensor too.
  std::vector<std::span<const std::byte>> pieces;
  size_t offset = 0;
  const auto place = [&](const std::string &name, const TensorView &view) {
    header[name] = {{"dtype", data_type_name(view.type)},
                    {"shape", view.shape},
                    {"data_offsets", {offset, offset + view.bytes.size()}}};
    pieces.push_back(view.bytes);
    offset += view.bytes.size();
  };
  for (const Tensor &tensor : tensors_) {
    place(tensor.name, tensor.view);
    if (const size_t padding = padding_before(offset); padding > 0) {
      TensorView view;
      view.type = DataType::U8;
      view.shape = {static_cast<int64_t>(padding)};
      view.bytes = std::as_bytes(std::span(zeros).first(padding));
      place("padding." + std::to_string(pieces.size()), view);
    }
  }
  std::string text = header.dump();
  text.resize(text.size() + padding_before(sizeof(uint64_t) + text.size()), ' ');
  const uint64_t header_bytes = text.size();

  const std::string temporary = path + ".part";
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char *>(&header_bytes), sizeof(header_bytes));
  file << text;
  for (const std::span<const std::byte> piece : pieces) {
    file.write(reinterpret_cast<const char *>(piece.data()),
               static_cast<std::streamsize>(piece.size()));
  }
  file.close();
  std::error_code error;
  if (!file) {
    std::filesystem::remove(temporary, error);
    return Status::resource_exhausted(
        path + ": cannot be written: " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
  }
  if (Status synced = base::sync_to_disk(temporary); !synced.ok()) {
    std::filesystem::remove(temporary, error);
    return synced;
  }
  std::filesystem::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    std::filesystem::remove(temporary, error);
    return Status::resource_exhausted(path + ": cannot be written: " + reason);
  }
  return {};
}

}  // namespace kyutaistt::checkpoint
