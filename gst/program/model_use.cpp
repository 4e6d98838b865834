// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program/model_use.h"

#include <iostream>
#include <utility>

#include "program/commands.h"
#include "program/interruption.h"

namespace kyutaistt::program {

ExitCode find_model_for(const std::string &model, const ModelOptions &options,
                        const std::vector<Prompt> &prompts, FoundModel &found) {
  auto folder = find_model(model);
  if (!folder.ok()) {
    fail(folder.status().message(), ModelFailed);
    return ModelFailed;
  }
  auto info = inspect_model(folder.value(), options);
  if (!info.ok()) {
    fail(info.status().message(), ModelFailed);
    return ModelFailed;
  }
  for (const std::string &warning : info.value().warnings) {
    std::cerr << "kyutaistt: warning: " << warning << "\n";
  }
  for (const Prompt &prompt : prompts) {
    if (Status status = check_prompt(info.value(), prompt); !status.ok()) {
      fail(status.message(), UsageError);
      return UsageError;
    }
  }
  found = {std::move(folder).value(), std::move(info).value()};
  return Success;
}

Result<std::shared_ptr<Engine>> load_engine(const std::string &folder, ModelOptions options,
                                            ProgressBar &bar) {
  options.progress = [&bar](double share) {
    bar.show("loading the model", share);
    return !interrupted();
  };
  auto model = Model::load(folder, options);
  bar.clear();
  return model.ok() ? Engine::create(std::move(model).value()) : model.status();
}

}  // namespace kyutaistt::program
