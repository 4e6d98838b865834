// SPDX-License-Identifier: LGPL-2.1-or-later
/// Work in parts, and what is done so: reading large files and looking for broken values in them.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/file_memory.h"
#include "base/parallel.h"
#include "checkpoint/floats.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

TEST(parts_cover_everything_once) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{1000}}) {
    std::vector<std::atomic<int>> visits(count);
    base::in_parts(count, 8, [&](size_t begin, size_t end) {
      ck_assert_uint_eq(begin % 8, 0);
      for (size_t i = begin; i < end; ++i) {
        ++visits[i];
      }
    });
    for (const std::atomic<int> &times : visits) {
      assert_equal(times.load(), 1);
    }
  }
}

TEST(the_first_broken_value_is_found) {
  std::vector<float> values(size_t{5} << 20, 1);
  checkpoint::TensorView view;
  view.shape = {static_cast<int64_t>(values.size())};
  view.bytes = std::as_bytes(std::span(values));
  ck_assert(!checkpoint::find_non_finite(view));
  // In several parts.
  for (const size_t place : {values.size() - 1, values.size() / 2, size_t{12345}}) {
    values[place] = std::numeric_limits<float>::quiet_NaN();
    assert_equal(checkpoint::find_non_finite(view), std::optional(static_cast<int64_t>(place)));
  }
}

TEST(a_large_part_of_a_file_is_read_as_it_is) {
  const TestFolder folder;
  const std::string path = folder.path() + "/large";
  std::string content((size_t{9} << 20) + 3, '\0');
  for (size_t i = 0; i < content.size(); ++i) {
    content[i] = static_cast<char>(i * 7 + i / 4096);
  }
  std::ofstream(path, std::ios::binary) << content;
  auto file = base::FileMemory::open(path);
  assert_ok(file.status());
  const auto places = file.value()->places();
  for (int times = 0; times < 2; ++times) {
    // The second time into memory that the first one has used.
    const auto held = file.value()->hold(places.subspan(5));
    assert_ok(held.status());
    ck_assert(std::ranges::equal(held.value().bytes, std::as_bytes(std::span(content).subspan(5))));
  }
  assert_ok(file.value()->keep(places));
  ck_assert(std::ranges::equal(places, std::as_bytes(std::span(content))));
  std::filesystem::resize_file(path, size_t{5} << 20);
  assert_refused(file.value()->hold(places).status(), StatusCode::Corrupt, "ends at byte 5242880");
}

}  // namespace
