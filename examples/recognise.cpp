// SPDX-License-Identifier: LGPL-2.1-or-later
// The library alone: words with times from raw audio (32-bit floats, mono, 24 kHz) on standard
// input.
//
//   c++ -std=c++20 recognise.cpp $(pkg-config --cflags --libs kyutaistt) -o recognise
//   sox speech.flac -t f32 -c 1 -r 24000 - | ./recognise model asr_is_en
#include <cstdio>
#include <future>
#include <vector>

#include <kyutaistt/engine.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: recognise MODEL DOMAIN <AUDIO\n");
    return 2;
  }
  const auto folder = kyutaistt::find_model(argv[1]);
  if (!folder.ok()) {
    std::fprintf(stderr, "%s\n", folder.status().message().c_str());
    return 1;
  }
  const auto engine = kyutaistt::Engine::shared(folder.value());
  if (!engine.ok()) {
    std::fprintf(stderr, "%s\n", engine.status().message().c_str());
    return 1;
  }

  kyutaistt::StreamOptions options;
  options.prompt.domain = argv[2];
  std::promise<kyutaistt::Status> end;
  // Called on the engine's thread: it must be quick, and must not call the stream.
  const auto listener = [&end](const kyutaistt::Event &event) {
    if (const auto *word = std::get_if<kyutaistt::Word>(&event)) {
      const std::chrono::duration<double> start = word->start;
      std::printf("%.2f %s\n", start.count(), word->text.c_str());
    } else if (std::holds_alternative<kyutaistt::Drained>(event)) {
      end.set_value({});
    } else if (const auto *failure = std::get_if<kyutaistt::Failure>(&event)) {
      end.set_value(failure->status);
    }
  };
  const auto stream = engine.value()->open_stream(options, listener);
  if (!stream.ok()) {
    std::fprintf(stderr, "%s\n", stream.status().message().c_str());
    return 1;
  }

  std::vector<float> samples(4096);
  kyutaistt::Status status;
  while (status.ok()) {
    const size_t count = std::fread(samples.data(), sizeof(float), samples.size(), stdin);
    if (count == 0) {
      break;
    }
    status = stream.value()->push({samples.data(), count});
  }
  if (status.ok()) {
    status = stream.value()->drain(1);
  }
  if (status.ok()) {
    status = end.get_future().get();
  }
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    return 1;
  }
  return 0;
}
