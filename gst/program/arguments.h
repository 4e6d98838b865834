// SPDX-License-Identifier: LGPL-2.1-or-later
/// The command line, taken apart.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kyutaistt/options.h>
#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// Exit codes of the program; `--help` lists them.
enum ExitCode : int {
  Success = 0,
  /// A file could not be read, recognised or written; the others were.
  FileFailed = 1,
  /// The command line is wrong.
  UsageError = 2,
  /// The model could not be found or loaded.
  ModelFailed = 3,
  /// Interrupted from the keyboard; what was recognised so far has been written.
  Interrupted = 130,
};

/// An option that a command takes.
struct OptionSpec {
  const char *name;
  /// Name of its value in the help; null for a switch.
  const char *value;
  const char *help;
};

/// Options and operands of one command.
class Arguments {
 public:
  /// Takes `--name value`, `--name=value`, switches, and `--` before operands that begin with a
  /// dash. An unknown or incomplete option is an error that names it.
  static Result<Arguments> parse(const std::vector<std::string> &words,
                                 const std::vector<OptionSpec> &specs);

  const std::vector<std::string> &operands() const { return operands_; }
  bool has(const std::string &option) const { return values_.contains(option); }
  std::string text(const std::string &option, const std::string &fallback = "") const;
  /// An integer in a range.
  Result<int> integer(const std::string &option, int least, int most, int fallback) const;
  /// One of several words, by index; `fallback` if the option is not given. An underscore stands
  /// for a dash, as it does in sidecars.
  Result<int> choice(const std::string &option, const std::vector<std::string> &words,
                     int fallback) const;

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> operands_;
};

/// Options that say how a model is loaded, and their meaning.
const std::vector<OptionSpec> &model_option_specs();
Result<ModelOptions> model_options(const Arguments &arguments);

const char *alignment_name(Alignment alignment);
const char *codec_attention_name(CodecAttention attention);

}  // namespace kyutaistt::program
