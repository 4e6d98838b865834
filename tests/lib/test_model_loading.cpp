// SPDX-License-Identifier: LGPL-2.1-or-later
/// Loading a model: what it reports on its way, and what is left when it is cancelled.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <kyutaistt/engine.h>

#include "support/golden.h"
#include "support/refusal.h"
#include "support/suite.h"
#include "support/test_folder.h"

namespace {

using namespace kyutaistt;         // NOLINT(google-build-using-namespace)
using namespace kyutaistt::tests;  // NOLINT(google-build-using-namespace)

/// Options that cancel when progress is reported for the `last`-th time, and count how often it
/// was.
ModelOptions cancelling_after(int last, int &told) {
  ModelOptions options;
  options.progress = [last, &told](double) { return ++told < last; };
  return options;
}

/// Files that the process has open, and whether one of a folder is mapped.
struct OpenFiles {
  std::ptrdiff_t descriptors = 0;
  bool is_mapped = false;

  static OpenFiles find(const std::string &folder) {
    std::ifstream file("/proc/self/maps");
    std::stringstream maps;
    maps << file.rdbuf();
    return {std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}),
            maps.str().find(folder) != std::string::npos};
  }
};

TEST(progress_grows_to_the_whole) {
  for (const Precision precision : {Precision::F32, Precision::Int8}) {
    std::vector<double> shares;
    ModelOptions options;
    options.precision = precision;
    options.progress = [&](double share) {
      shares.push_back(share);
      return true;
    };
    load_model(example("model"), options);
    ck_assert_uint_gt(shares.size(), 50);
    ck_assert(std::is_sorted(shares.begin(), shares.end()));
    assert_greater(shares.front(), 0);
    assert_less(shares.front(), 0.1);
    assert_equal(shares.back(), 1.0);
  }
}

TEST(a_load_can_be_cancelled_at_every_tensor) {
  const std::string folder = golden("hf-f32");
  int whole = 0;
  load_model(folder, cancelling_after(1 << 20, whole));
  const OpenFiles before = OpenFiles::find(folder);
  ck_assert(!before.is_mapped);
  for (int last = 1; last <= whole; ++last) {
    int told = 0;
    const auto loaded = Model::load(folder, cancelling_after(last, told));
    assert_refused(loaded.status(), StatusCode::Cancelled, "cancelled");
    // It ends there: nothing more is loaded.
    ck_assert_int_eq(told, last);
    const OpenFiles after = OpenFiles::find(folder);
    ck_assert(!after.is_mapped);
    ck_assert_int_eq(after.descriptors, before.descriptors);
  }
  int told = 0;
  ck_assert(load_model(folder, cancelling_after(whole + 1, told)) != nullptr);
}

TEST(progress_that_throws_is_a_failure) {
  ModelOptions options;
  options.progress = [](double) -> bool { throw std::runtime_error("no time for this"); };
  assert_refused(Model::load(golden("hf-f32"), options).status(), StatusCode::Internal,
                 "no time for this");
  assert_refused(Engine::shared(golden("hf-f32"), options).status(), StatusCode::Internal,
                 "no time for this");
  // It does not stand in the way of the next.
  assert_ok(Engine::shared(golden("hf-f32")).status());
}

TEST(who_waits_for_a_load_that_is_cancelled_loads_itself) {
  const std::string folder = golden("hf-f32");
  std::promise<void> waits;
  std::future<Result<std::shared_ptr<Engine>>> second;
  std::atomic<bool> seen_waiting = false;
  ModelOptions patient;
  patient.progress = [&](double share) {
    if (share == 0 && !seen_waiting.exchange(true)) {
      waits.set_value();
    }
    return true;
  };
  ModelOptions hasty;
  hasty.progress = [&](double) {
    second = std::async(std::launch::async, [&] { return Engine::shared(folder, patient); });
    waits.get_future().wait();
    return false;
  };
  assert_refused(Engine::shared(folder, hasty).status(), StatusCode::Cancelled, "cancelled");
  assert_ok(second.get().status());
}

TEST(who_waits_for_a_load_can_give_up) {
  const std::string folder = golden("hf-f32");
  ModelOptions hasty;
  hasty.progress = [](double) { return false; };
  bool gave_up = false;
  ModelOptions patient;
  patient.progress = [&](double) {
    if (!gave_up) {
      auto other = std::async(std::launch::async, [&] { return Engine::shared(folder, hasty); });
      assert_refused(other.get().status(), StatusCode::Cancelled, "cancelled");
      gave_up = true;
    }
    return true;
  };
  assert_ok(Engine::shared(folder, patient).status());
  ck_assert(gave_up);
}

TEST(a_cancelled_quantization_can_be_repeated) {
  const TestFolder folder;
  const std::string output = folder.path("packed");
  int told = 0;
  assert_refused(quantize_model(golden("hf-bf16"), output, cancelling_after(20, told)),
                 StatusCode::Cancelled, "cancelled");
  ck_assert_int_eq(told, 20);
  ck_assert(!std::filesystem::exists(output) || std::filesystem::is_empty(output));
  assert_ok(quantize_model(golden("hf-bf16"), output));
  load_model(output);
}

}  // namespace
