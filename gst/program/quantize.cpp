// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt quantize`: a model folder that loads without packing.
#include <iostream>

#include <kyutaistt/model.h>

#include "program/commands.h"
#include "program/progress_bar.h"

namespace kyutaistt::program {

const std::vector<OptionSpec> &quantize_options() {
  static const std::vector<OptionSpec> specs = {
      {"--precision", "bf16|int8|int4",
       "how the language model's weights are held (default: int8)"},
      {"--threads", "N", "CPU threads (default: one for each core)"},
      {"--help", nullptr, "print this help"},
  };
  return specs;
}

int quantize(const std::vector<std::string> &words) {
  const auto parsed = Arguments::parse(words, quantize_options());
  if (!parsed.ok()) {
    return fail_usage(parsed.status().message(), "quantize");
  }
  const Arguments &arguments = parsed.value();
  if (arguments.operands().size() != 2) {
    return fail_usage("expected a MODEL and a new folder", "quantize");
  }
  auto options = model_options(arguments);
  if (!options.ok()) {
    return fail_usage(options.status().message(), "quantize");
  }
  ProgressBar bar;
  options.value().progress = [&bar](double share) {
    bar.show("packing the weights", share);
    return true;
  };
  const std::string &output = arguments.operands().back();
  const auto folder = find_model(arguments.operands().front());
  const Status status =
      folder.ok() ? quantise_model(folder.value(), output, options.value()) : folder.status();
  bar.clear();
  return status.ok() ? Success : fail(status.message(), ModelFailed);
}

}  // namespace kyutaistt::program
