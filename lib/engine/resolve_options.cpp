// SPDX-License-Identifier: LGPL-2.1-or-later
#include "engine/resolve_options.h"

#include <algorithm>

#include <kyutaistt/option_names.h>

#include "base/guard.h"
#include "base/processors.h"
#include "checkpoint/model_folder.h"
#include "ops/load_operations.h"

namespace kyutaistt::engine {

namespace {

constexpr const char *cpu = "cpu";

}  // namespace

Result<int> resolve_threads(int threads) {
  if (threads < 0 || threads > max_threads) {
    return Status::invalid_argument("threads: found " + std::to_string(threads) +
                                    ", expected 0 to " + std::to_string(max_threads));
  }
  return threads > 0 ? threads : std::min(base::usable_processors(), max_threads);
}

Status check_packed(const ModelInfo &info, const ModelOptions &options) {
  const Precision packed = info.packed_precision;
  if (packed == Precision::Auto) {
    return {};
  }
  const std::string what = info.path + ": holds " + option_name(packed) + " weights";
  if (options.device != cpu) {
    return Status::invalid_argument(what + " packed for the CPU: device: found " + options.device +
                                    ", expected cpu");
  }
  if (options.precision != Precision::Auto && options.precision != packed) {
    return Status::invalid_argument(what + ": precision: found " + option_name(options.precision) +
                                    ", expected auto or " + option_name(packed));
  }
  return {};
}

Status resolve_precisions(const ModelInfo &info, const ops::Operations &operations,
                          ModelOptions &options) {
  if (options.precision == Precision::Auto) {
    options.precision = info.packed_precision != Precision::Auto
                            ? info.packed_precision
                            : operations.default_precision(info.parameters);
  }
  // Keys and values are integers only where they compute, and never beside f32 weights, which
  // are for parity.
  if (options.cache_precision == CachePrecision::Auto) {
    const bool fits = options.precision != Precision::F32 &&
                      operations.check_precision(options.precision, CachePrecision::Int8).ok();
    options.cache_precision = fits ? CachePrecision::Int8 : CachePrecision::F32;
  }
  return operations.check_precision(options.precision, options.cache_precision);
}

Status resolve_precisions(const ModelInfo &info, ModelOptions &options) {
  KYUTAISTT_TRY(check_packed(info, options));
  if (options.device != cpu) {
    if (options.precision == Precision::Auto) {
      options.precision = Precision::F32;
    }
    if (options.cache_precision == CachePrecision::Auto) {
      options.cache_precision = CachePrecision::F32;
    }
    return {};
  }
  KYUTAISTT_ASSIGN(operations, ops::load_operations({options.device, 1}));
  return resolve_precisions(info, *operations, options);
}

Result<ModelOptions> resolve_options(const std::string &folder, const ModelOptions &options) {
  ModelOptions resolved = options;
  KYUTAISTT_ASSIGN(threads, resolve_threads(options.threads));
  resolved.threads = threads;
  KYUTAISTT_ASSIGN(opened, checkpoint::open_model_folder(folder, options));
  resolved.alignment = opened.info.alignment;
  resolved.codec_attention = opened.info.codec_attention;
  KYUTAISTT_TRY(resolve_precisions(opened.info, resolved));
  return resolved;
}

}  // namespace kyutaistt::engine
