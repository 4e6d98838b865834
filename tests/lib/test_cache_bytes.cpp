// SPDX-License-Identifier: LGPL-2.1-or-later
/// That a cache takes the memory that is reported, at shapes that are multiples of nothing.
#include <cstdint>

#include <malloc.h>

#include <kyutaistt/option_names.h>

#include "ops/native/native_attention.h"
#include "support/suite.h"

namespace {

using namespace kyutaistt;  // NOLINT(google-build-using-namespace)

/// Bytes that the process has from malloc now.
int64_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
}

TEST(a_cache_takes_what_is_told) {
  // Malloc's own borders, which are pages for larger pieces, and a description of each head.
  constexpr int64_t max_more = 9000;
  for (const CachePrecision precision :
       {CachePrecision::F32, CachePrecision::Bf16, CachePrecision::Int8}) {
    for (const int64_t capacity : {1, 16, 17, 250}) {
      for (const int64_t dimension : {2, 20, 64}) {
        const ops::Attention attention{8, dimension, 1e4};
        const int64_t before = allocated();
        const auto cache = ops::make_native_cache(attention, capacity, precision);
        const int64_t found = allocated() - before;
        const auto told = static_cast<int64_t>(ops::cache_bytes(attention, capacity, precision));
        ck_assert_msg(found >= told && found <= told + max_more,
                      "%s, %jd positions of %jd: %jd bytes, %jd are reported",
                      option_name(precision), static_cast<intmax_t>(capacity),
                      static_cast<intmax_t>(dimension), static_cast<intmax_t>(found),
                      static_cast<intmax_t>(told));
      }
    }
  }
}

TEST(large_caches_take_whole_huge_pages) {
  constexpr uint64_t huge_page = uint64_t{2} << 20;
  const ops::Attention attention{16, 128, 1e4};
  // 384 slots of 16 KB are three pages, 400 a little more.
  ck_assert_uint_eq(ops::cache_bytes(attention, 375, CachePrecision::F32), 3 * huge_page);
  ck_assert_uint_eq(ops::cache_bytes(attention, 385, CachePrecision::F32), 4 * huge_page);
}

}  // namespace
