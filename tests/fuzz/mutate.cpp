// SPDX-License-Identifier: LGPL-2.1-or-later
/// Runs a fuzz target without libFuzzer: on files as they are, and on as many changed ones as asked
/// for. The same arguments give the same inputs.
///
///   mutate-TARGET RUNS FILE...
///
/// `3:FILE` puts a byte 3 before what the file holds, for targets whose first byte means something.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

Bytes read_seed(std::string path) {
  Bytes bytes;
  if (path.size() > 2 && path[1] == ':') {
    bytes.push_back(static_cast<uint8_t>(path[0] - '0'));
    path.erase(0, 2);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    std::exit(EXIT_FAILURE);
  }
  bytes.insert(bytes.end(), std::istreambuf_iterator<char>(file), {});
  return bytes;
}

/// Changes inputs a little, as files break and as people try: bytes, numbers, missing and repeated
/// stretches, the end cut off.
class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  size_t below(size_t count) {
    return std::uniform_int_distribution<size_t>(0, count - 1)(random_);
  }

  void change(Bytes &bytes) {
    for (size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
      change_once(bytes);
    }
  }

 private:
  void change_once(Bytes &bytes) {
    // What counts lies in front: headers, keys, the first of many entries.
    const size_t reach = below(2) == 0 ? std::min<size_t>(bytes.size(), 4096) : bytes.size();
    const size_t at = below(reach);
    const size_t count = std::min(1 + below(32), bytes.size() - at);
    const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = place + static_cast<std::ptrdiff_t>(count);
    switch (below(6)) {
      case 0:
        *place = static_cast<uint8_t>(below(256));
        break;
      case 1:
        *place ^= static_cast<uint8_t>(1U << below(8));
        break;
      case 2:
        bytes.erase(place, end);
        break;
      case 3: {
        const Bytes copy(place, end);
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), copy.begin(),
                     copy.end());
        break;
      }
      case 4:
        change_number(bytes, at);
        break;
      default:
        bytes.resize(at);
        break;
    }
  }

  /// The next number in the text becomes one that programs stumble over.
  void change_number(Bytes &bytes, size_t at) {
    static const std::string numbers[] = {"0",    "-1",
                                          "1e9",  "2147483648",
                                          "1e99", "9223372036854775807",
                                          "null", "18446744073709551616"};
    const auto is_digit = [](uint8_t byte) { return byte >= '0' && byte <= '9'; };
    const auto begin =
        std::find_if(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), is_digit);
    const auto end = std::find_if_not(begin, bytes.end(), is_digit);
    const std::string &number = numbers[below(std::size(numbers))];
    const auto place = bytes.erase(begin, end);
    bytes.insert(place, number.begin(), number.end());
  }

  std::mt19937 random_;
};

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s RUNS FILE...\n", argv[0]);
    return 2;
  }
  std::vector<Bytes> seeds;
  for (int i = 2; i < argc; ++i) {
    seeds.push_back(read_seed(argv[i]));
    LLVMFuzzerTestOneInput(seeds.back().data(), seeds.back().size());
  }
  Mutator mutator(1);
  const int runs = std::atoi(argv[1]);
  for (int run = 0; run < runs; ++run) {
    Bytes input = seeds[mutator.below(seeds.size())];
    mutator.change(input);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%d inputs were read or refused\n", runs);
  return 0;
}
