// SPDX-License-Identifier: LGPL-2.1-or-later
/// Prints the instruction set and, in a second line, the tokens of raw audio (32-bit floats, mono,
/// 24 kHz) on standard input. Needs the library alone.
///
///   print-tokens MODEL DOMAIN PRECISION <AUDIO
#include <cstdio>
#include <future>
#include <string>
#include <vector>

#include <kyutaistt/engine.h>
#include <kyutaistt/option_names.h>

namespace {

using namespace kyutaistt;  // NOLINT(google-build-using-namespace)

std::vector<float> read_samples() {
  std::vector<float> all;
  std::vector<float> some(4096);
  while (const size_t count = std::fread(some.data(), sizeof(float), some.size(), stdin)) {
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

Status print_tokens(const std::string &folder, const std::string &domain, Precision precision) {
  ModelOptions model_options;
  model_options.precision = precision;
  // Under an emulator, threads that wait for each other cost more than they save.
  model_options.threads = 1;
  const auto model = Model::load(folder, model_options);
  if (!model.ok()) {
    return model.status();
  }
  std::printf("%s\n", model.value()->loaded().instruction_set.c_str());
  const auto engine = Engine::create(model.value());
  if (!engine.ok()) {
    return engine.status();
  }
  StreamOptions options;
  options.prompt.domain = domain;
  options.relay = false;
  options.report_steps = true;
  std::promise<Status> end;
  const auto listener = [&end](const Event &event) {
    if (const auto *step = std::get_if<Step>(&event)) {
      std::printf("%d ", step->token);
    } else if (std::holds_alternative<Drained>(event)) {
      end.set_value({});
    } else if (const auto *failure = std::get_if<Failure>(&event)) {
      end.set_value(failure->status);
    }
  };
  const auto stream = engine.value()->open_stream(options, listener);
  if (!stream.ok()) {
    return stream.status();
  }
  Status status = stream.value()->push(read_samples());
  if (status.ok()) {
    status = stream.value()->drain(1);
  }
  if (status.ok()) {
    status = end.get_future().get();
  }
  std::printf("\n");
  return status;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: print-tokens MODEL DOMAIN PRECISION <AUDIO\n");
    return 2;
  }
  const auto precision = parse_option<Precision>(argv[3], "PRECISION");
  const Status status =
      precision.ok() ? print_tokens(argv[1], argv[2], precision.value()) : precision.status();
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    return 1;
  }
  return 0;
}
