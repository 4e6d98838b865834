// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/commands.h"

#include <cerrno>
#include <cstring>
#include <iomanip>
#include <iostream>

namespace kyutaistt::program {

namespace {

struct Command {
  const char *name;
  const char *usage;
  const char *summary;
  const std::vector<OptionSpec> &(*options)();
  int (*run)(const std::vector<std::string> &words);
};

const std::vector<Command> &commands() {
  static const std::vector<Command> all = {
      {"transcribe", "kyutaistt transcribe MODEL (FILE... | --manifest LIST) [options]",
       "Recognises the speech in audio files.", transcribe_options, transcribe},
      {"evaluate", "kyutaistt evaluate MODEL MANIFEST [options]",
       "Measures how well a model recognises recordings whose text is known.", evaluate_options,
       evaluate},
      {"info", "kyutaistt info MODEL [options]", "Describes a model folder.", info_options, info},
      {"merge", "kyutaistt merge MANIFEST FOLDER",
       "Puts the results of transcribe --manifest --shard together.", merge_options, merge},
      {"doctor", "kyutaistt doctor [MODEL]",
       "Looks for what this machine lacks, and says what to do.", doctor_options, doctor},
      {"bench", "kyutaistt bench (MODEL | --synthetic tiny|1b|2.6b) [options]",
       "Measures how fast a model runs on this machine.", bench_options, bench},
      {"quantize", "kyutaistt quantize MODEL NEW-FOLDER [options]",
       "Writes a smaller model folder that loads at once.", quantize_options, quantize},
  };
  return all;
}

const Command *find_command(const std::string &name) {
  for (const Command &command : commands()) {
    if (name == command.name) {
      return &command;
    }
  }
  return nullptr;
}

void print_option(const OptionSpec &option) {
  constexpr int column = 44;
  const std::string left =
      std::string("  ") + option.name + (option.value ? " " + std::string(option.value) : "");
  std::cout << std::left << std::setw(column) << left << " " << option.help << "\n";
}

void print_help(const Command &command) {
  std::cout << "Usage: " << command.usage << "\n\n" << command.summary << "\n\nOptions:\n";
  for (const OptionSpec &option : command.options()) {
    print_option(option);
  }
}

void print_help() {
  std::cout << "Usage: kyutaistt COMMAND ...\n\n"
               "Streaming speech recognition with the Kyutai speech-to-text models.\n\nCommands:\n";
  for (const Command &command : commands()) {
    std::cout << "  " << std::left << std::setw(12) << command.name << command.summary << "\n";
  }
  std::cout
      << "\n  kyutaistt COMMAND --help lists its options; kyutaistt --version prints the "
         "version.\n\n"
         "A MODEL is a model folder, or an id such as mideind/kyutai-stt-1b-is-en that is\n"
         "looked up in the local Hugging Face cache. No model is ever downloaded.\n\n"
         "A FILE is a recording or a film, - for standard input, a URI (https:, srt:, rtsp:),\n"
         "or a folder of recordings.\n\n"
         "Exit codes: 0 all went well; 1 a file could not be read, recognised or written to its\n"
         "end (the others were); 2 the command line is wrong; 3 the model could not be found or\n"
         "loaded; 130 interrupted (what was recognised so far has been written).\n";
}

int run(const std::vector<std::string> &words) {
  if (words.empty() || words.front() == "--help" || words.front() == "-h") {
    print_help();
    return words.empty() ? UsageError : Success;
  }
  if (words.front() == "--version") {
    std::cout << "kyutaistt " KYUTAISTT_VERSION "\n";
    return Success;
  }
  const bool asks_help = words.front() == "help";
  const std::string name = asks_help && words.size() > 1 ? words[1] : words.front();
  const Command *command = find_command(name);
  if (command == nullptr) {
    if (asks_help && words.size() == 1) {
      print_help();
      return Success;
    }
    return fail("unknown command " + name + "; see kyutaistt --help", UsageError);
  }
  if (asks_help) {
    print_help(*command);
    return Success;
  }
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  for (const std::string &word : rest) {
    if (word == "--") {
      break;
    }
    if (word == "--help" || word == "-h") {
      print_help(*command);
      return Success;
    }
  }
  return command->run(rest);
}

}  // namespace

int run_command(const std::vector<std::string> &words) {
  const int code = run(words);
  errno = 0;
  if (std::cout.flush()) {
    return code;
  }
  const std::string reason = errno != 0 ? std::string(": ") + std::strerror(errno) : "";
  return code != Success ? code : fail("standard output: cannot be written" + reason, FileFailed);
}

int fail(const std::string &message, ExitCode code) {
  std::cerr << "kyutaistt: " << message << "\n";
  return code;
}

int fail_usage(const std::string &message, const char *command) {
  return fail(message + "; see kyutaistt " + command + " --help", UsageError);
}

}  // namespace kyutaistt::program
