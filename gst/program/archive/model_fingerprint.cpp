// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/archive/model_fingerprint.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <glib.h>

namespace kyutaistt::program {

namespace {

namespace fs = std::filesystem;

constexpr std::streamoff block_size = 1 << 16;
constexpr std::streamoff blocks = 64;

struct FreeChecksum {
  void operator()(GChecksum *checksum) const { g_checksum_free(checksum); }
};
using Checksum = std::unique_ptr<GChecksum, FreeChecksum>;

void add_text(GChecksum *checksum, const std::string &text) {
  // With its end, so that no two texts run into each other.
  g_checksum_update(checksum, reinterpret_cast<const guchar *>(text.c_str()),
                    static_cast<gssize>(text.size() + 1));
}

Status add_file(GChecksum *checksum, const fs::path &path) {
  std::error_code error;
  const auto size = static_cast<std::streamoff>(fs::file_size(path, error));
  std::ifstream file(path, std::ios::binary);
  if (error || !file.is_open()) {
    return Status::not_found(path.string() + ": cannot be read");
  }
  add_text(checksum, path.filename().string());
  add_text(checksum, std::to_string(size));
  std::vector<char> block(block_size);
  // All of a small file, block after block.
  const std::streamoff step = std::max(block_size, (size - block_size) / (blocks - 1));
  for (std::streamoff at = 0; at < size; at += step) {
    file.seekg(at);
    file.read(block.data(), block_size);
    g_checksum_update(checksum, reinterpret_cast<const guchar *>(block.data()),
                      static_cast<gssize>(file.gcount()));
    file.clear();
  }
  return {};
}

}  // namespace

Result<std::string> model_fingerprint(const std::string &folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code unknown;
    if (!entry->path().filename().string().starts_with('.') && entry->is_regular_file(unknown)) {
      files.push_back(entry->path());
    }
  }
  if (error) {
    return Status::not_found(folder + ": cannot be read: " + error.message());
  }
  std::sort(files.begin(), files.end());
  const Checksum checksum(g_checksum_new(G_CHECKSUM_SHA256));
  for (const fs::path &file : files) {
    if (Status status = add_file(checksum.get(), file); !status.ok()) {
      return status;
    }
  }
  return std::string(g_checksum_get_string(checksum.get()));
}

}  // namespace kyutaistt::program
