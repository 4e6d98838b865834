// SPDX-License-Identifier: LGPL-2.1-or-later
/// The recordings that a command line names.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

struct Input {
  /// A file, `-` for standard input, or a URI.
  std::string path;
  /// Its place among the results, without their extension: the file's name without its own, after
  /// the folders below the one that was named.
  std::string result;
};

/// By its extension.
bool is_recording(const std::filesystem::path &path);

/// The operands; in place of a folder the recordings in it and below, by their extensions, in the
/// order of their names. An operand that does not exist is kept: reading it reports that.
Result<std::vector<Input>> find_inputs(const std::vector<std::string> &operands);

/// Gives each input a result of its own: names that differ only in their extensions keep these.
/// Fails where that is not enough.
Status separate_results(std::vector<Input> &inputs);

}  // namespace kyutaistt::program
