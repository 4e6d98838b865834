// SPDX-License-Identifier: LGPL-2.1-or-later
/// A weight file: header, places and types. Every byte of every tensor must be readable.
#include "checkpoint/floats.h"
#include "checkpoint/safetensors.h"
#include "fuzz_target.h"

using kyutaistt::checkpoint::SafetensorsFile;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const kyutaistt::fuzz::InputFolder folder;
  const auto file = SafetensorsFile::open(folder.write("model.safetensors", data, size));
  kyutaistt::fuzz::check_refusal(file.status());
  if (file.ok()) {
    for (const std::string &name : file.value()->names()) {
      const auto *view = file.value()->find(name);
      const auto held = file.value()->read(*view);
      kyutaistt::fuzz::check_refusal(held.status());
      if (held.ok() && is_floating_point(view->type)) {
        find_non_finite(held.value());
      }
    }
  }
  return 0;
}
