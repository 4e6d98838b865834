// SPDX-License-Identifier: LGPL-2.1-or-later
/// From what the user calls a model to an engine that runs it.
#pragma once

#include <memory>
#include <string>

#include <kyutaistt/engine.h>
#include <kyutaistt/model.h>

#include "program/arguments.h"
#include "program/progress_bar.h"

namespace kyutaistt::program {

struct FoundModel {
  std::string folder;
  ModelInfo info;
};

/// Finds a model, prints its warnings, and checks what it is to be prompted with, before anything
/// large is read. What is wrong is printed; returns `Success` or the exit code.
ExitCode find_model_for(const std::string &model, const ModelOptions &options, const Prompt &prompt,
                        FoundModel &found);

/// Reads the weights, drawing how far that is. An interruption ends it with `Cancelled`.
Result<std::shared_ptr<Engine>> load_engine(const std::string &folder, ModelOptions options,
                                            ProgressBar &bar);

}  // namespace kyutaistt::program
