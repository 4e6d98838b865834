// SPDX-License-Identifier: LGPL-2.1-or-later
/// Folders and weight files that tests spoil on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace kyutaistt::tests {

/// An empty folder in the system's temporary folder, removed with the object.
class TestFolder {
 public:
  TestFolder();
  /// With copies of the files of a folder in tests/golden.
  explicit TestFolder(const std::string &golden_name);
  TestFolder(const TestFolder &) = delete;
  TestFolder &operator=(const TestFolder &) = delete;
  ~TestFolder();

  const std::string &path() const noexcept { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Writes a file, and the folders that its name goes through.
  void write(std::string_view name, std::string_view content) const;
  std::string read(std::string_view name) const;
  void remove(std::string_view name) const;
  /// Parses a file, lets `change` have it and writes it back.
  void edit(std::string_view name, const std::function<void(nlohmann::json &)> &change) const;

 private:
  std::string path_;
};

/// A safetensors file from its parts, however wrong they are.
std::string safetensors(std::string_view header, std::string_view data);

/// Tensors of a safetensors file, to be changed and written again.
struct Weights {
  struct Tensor {
    std::string dtype;
    std::vector<int64_t> shape;
    std::string bytes;
  };
  std::map<std::string, Tensor> tensors;

  /// Fails the test if the file is broken.
  static Weights read(const std::string &path);
  /// Content of a file with these tensors.
  std::string file() const;
  /// Gives a tensor another name.
  void rename(const std::string &from, const std::string &to);
};

}  // namespace kyutaistt::tests
