// SPDX-License-Identifier: LGPL-2.1-or-later
/// Options that say what of a file is heard, and what the model is asked to write of it.
#pragma once

#include <string>
#include <vector>

#include "program/arguments.h"
#include "program/file_recognition.h"

namespace kyutaistt::program {

const std::vector<OptionSpec> &hearing_option_specs();
Result<Hearing> hearing_options(const Arguments &arguments);

/// The domain that a model is asked for; empty where none is forced.
std::string domain_of(const Prompt &prompt, const ModelInfo &model);

}  // namespace kyutaistt::program
