// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/test_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <check.h>

#include "checkpoint/json_file.h"
#include "checkpoint/safetensors.h"
#include "support/golden.h"

namespace kyutaistt::tests {

namespace fs = std::filesystem;
using checkpoint::Json;

TestFolder::TestFolder() {
  std::string name = (fs::temp_directory_path() / "kyutaistt-test-XXXXXX").string();
  ck_assert(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TestFolder::TestFolder(const std::string &golden_name) : TestFolder() {
  for (const auto &file : fs::directory_iterator(golden(golden_name))) {
    if (file.is_regular_file()) {
      fs::copy_file(file.path(), path_ / file.path().filename());
    }
  }
}

TestFolder::~TestFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

void TestFolder::write(std::string_view name, std::string_view content) const {
  const fs::path file_path = path(name);
  fs::create_directories(file_path.parent_path());
  std::ofstream file(file_path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  ck_assert(file.good());
}

std::string TestFolder::read(std::string_view name) const {
  std::ifstream file(path(name), std::ios::binary);
  ck_assert(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

void TestFolder::remove(std::string_view name) const {
  ck_assert(fs::remove(path(name)));
}

void TestFolder::edit(std::string_view name, const std::function<void(Json &)> &change) const {
  Json json = Json::parse(read(name));
  change(json);
  write(name, json.dump());
}

std::string safetensors(std::string_view header, std::string_view data) {
  std::string file;
  for (size_t i = 0; i < sizeof(uint64_t); ++i) {
    file += static_cast<char>((static_cast<uint64_t>(header.size()) >> (8 * i)) & 0xFFU);
  }
  file += header;
  file += data;
  return file;
}

Weights Weights::read(const std::string &path) {
  const auto file = checkpoint::SafetensorsFile::open(path);
  ck_assert_msg(file.ok(), "%s", file.status().message().c_str());
  Weights weights;
  for (const std::string &name : file.value()->names()) {
    const auto held = file.value()->read(*file.value()->find(name));
    ck_assert_msg(held.ok(), "%s", held.status().message().c_str());
    const checkpoint::TensorView &view = held.value();
    const auto *bytes = reinterpret_cast<const char *>(view.bytes.data());
    weights.tensors[name] = {checkpoint::data_type_name(view.type), view.shape,
                             std::string(bytes, view.bytes.size())};
  }
  return weights;
}

std::string Weights::file() const {
  Json header = Json::object();
  std::string data;
  for (const auto &[name, tensor] : tensors) {
    const size_t begin = data.size();
    data += tensor.bytes;
    header[name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return safetensors(header.dump(), data);
}

void Weights::rename(const std::string &from, const std::string &to) {
  auto node = tensors.extract(from);
  ck_assert_msg(!node.empty(), "no tensor %s", from.c_str());
  node.key() = to;
  tensors.insert(std::move(node));
}

}  // namespace kyutaistt::tests
