// SPDX-License-Identifier: LGPL-2.1-or-later
/// Finds, checks and loads the model of a command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <kyutaistt/engine.h>
#include <kyutaistt/model.h>

#include "program/arguments.h"
#include "program/progress_bar.h"

namespace kyutaistt::program {

struct FoundModel {
  std::string folder;
  ModelInfo info;
};

/// Finds a model, prints its warnings and checks the prompts, before anything large is read. Prints
/// what is wrong; returns `Success` or the exit code.
ExitCode find_model_for(const std::string &model, const ModelOptions &options,
                        const std::vector<Prompt> &prompts, FoundModel &found);

/// Loads the weights and draws the progress. An interruption ends it with `Cancelled`.
Result<std::shared_ptr<Engine>> load_engine(const std::string &folder, ModelOptions options,
                                            ProgressBar &bar);

}  // namespace kyutaistt::program
