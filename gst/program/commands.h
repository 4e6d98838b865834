// SPDX-License-Identifier: LGPL-2.1-or-later
/// The program's commands. Each takes the words after its name and returns an exit code; errors go
/// to standard error as one line.
#pragma once

#include <string>
#include <vector>

#include <kyutaistt/status.h>

#include "program/arguments.h"

namespace kyutaistt::program {

/// Runs the command that the program's command line names and returns the exit code.
int run_command(const std::vector<std::string> &words);

int transcribe(const std::vector<std::string> &words);
int doctor(const std::vector<std::string> &words);
int evaluate(const std::vector<std::string> &words);
int info(const std::vector<std::string> &words);
int bench(const std::vector<std::string> &words);
int merge(const std::vector<std::string> &words);
int quantize(const std::vector<std::string> &words);

const std::vector<OptionSpec> &transcribe_options();
const std::vector<OptionSpec> &doctor_options();
const std::vector<OptionSpec> &evaluate_options();
const std::vector<OptionSpec> &info_options();
const std::vector<OptionSpec> &bench_options();
const std::vector<OptionSpec> &merge_options();
const std::vector<OptionSpec> &quantize_options();

/// Prints "kyutaistt: message" on standard error and returns `code`.
int fail(const std::string &message, ExitCode code);
/// The same for a wrong command line, with a hint to use `--help`.
int fail_usage(const std::string &message, const char *command);

}  // namespace kyutaistt::program
