// SPDX-License-Identifier: LGPL-2.1-or-later
/// `kyutaistt quantize`: a model folder that loads without packing.
#include <kyutaistt/model.h>
#include <kyutaistt/option_names.h>

#include "program/commands.h"
#include "program/interruption.h"
#include "program/progress_bar.h"

namespace kyutaistt::program {

namespace {

/// The command line's options, with a precision that weights can be packed in.
Result<ModelOptions> read_options(const Arguments &arguments) {
  Precision precision = Precision::Auto;
  const Status known = arguments.choose("--precision", precision, packed_precision_names);
  return known.ok() ? model_options(arguments) : known;
}

/// Whether there is a model that can be packed.
Status check_model(const std::string &folder) {
  const auto model = inspect_model(folder);
  if (!model.ok()) {
    return model.status();
  }
  const Precision packed = model.value().packed_precision;
  return packed == Precision::Auto
             ? Status()
             : Status::invalid_argument(folder + ": holds " + option_name(packed) +
                                        " weights already: take the original");
}

/// The weights' values are seen only now; everything else that is wrong is so with the new folder.
ExitCode exit_code(const Status &status) {
  switch (status.code()) {
    case StatusCode::Ok:
      return Success;
    case StatusCode::NotFound:
    case StatusCode::Corrupt:
    case StatusCode::Unsupported:
      return ModelFailed;
    default:
      return interrupted() ? Interrupted : FileFailed;
  }
}

}  // namespace

const std::vector<OptionSpec> &quantize_options() {
  static const std::string precisions = choices_text<Precision>(packed_precision_names);
  static const std::vector<OptionSpec> specs = {
      {"--precision", precisions.c_str(),
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
  auto options = read_options(arguments);
  if (!options.ok()) {
    return fail_usage(options.status().message(), "quantize");
  }
  const auto folder = find_model(arguments.operands().front());
  const Status usable = folder.ok() ? check_model(folder.value()) : folder.status();
  if (!usable.ok()) {
    return fail(usable.message(), ModelFailed);
  }
  catch_interruption();
  ProgressBar bar;
  options.value().progress = [&bar](double share) {
    bar.show("packing the weights", share);
    return !interrupted();
  };
  const Status status =
      quantize_model(folder.value(), arguments.operands().back(), options.value());
  bar.clear();
  return status.ok() ? Success : fail(status.message(), exit_code(status));
}

}  // namespace kyutaistt::program
