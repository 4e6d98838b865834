// SPDX-License-Identifier: LGPL-2.1-or-later
/// Parsing the command line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <kyutaistt/option_names.h>
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

/// An option of a command.
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
  /// dash. An unknown or incomplete option fails with a message that names it.
  static Result<Arguments> parse(const std::vector<std::string> &words,
                                 const std::vector<OptionSpec> &specs);

  const std::vector<std::string> &operands() const { return operands_; }
  bool has(const std::string &option) const { return values_.contains(option); }
  std::string text(const std::string &option, const std::string &fallback = "") const;
  /// An integer in a range.
  Result<int> integer(const std::string &option, int least, int most, int fallback) const;
  /// One of the library's choices goes to `value`, which stays as it is if the option is not given.
  template <typename Value>
  Status choose(const std::string &option, Value &value,
                OptionNames<Value> choices = option_names<Value>()) const {
    if (!has(option)) {
      return {};
    }
    const auto parsed = parse_option<Value>(text(option), "option " + option, choices);
    value = parsed.ok() ? parsed.value() : value;
    return parsed.status();
  }
  /// One of several words, by index; `fallback` if the option is not given. An underscore stands
  /// for a hyphen.
  Result<int> choice(const std::string &option, const std::vector<std::string> &words,
                     int fallback) const;

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> operands_;
};

/// The names of choices as help shows them: "auto|f32|bf16".
template <typename Value>
std::string choices_text(OptionNames<Value> choices = option_names<Value>()) {
  return list_options<Value>(choices, "|", "|");
}

/// Options that say how a model is loaded, and their meaning.
const std::vector<OptionSpec> &model_option_specs();
Result<ModelOptions> model_options(const Arguments &arguments);

}  // namespace kyutaistt::program
