// SPDX-License-Identifier: LGPL-2.1-or-later
/// Options for which audio of a file is recognised, and for the prompt of the model.
#pragma once

#include <string>
#include <vector>

#include "program/arguments.h"
#include "program/file_recognition.h"

namespace kyutaistt::program {

const std::vector<OptionSpec> &hearing_option_specs();
Result<Hearing> hearing_options(const Arguments &arguments);

/// Refuses several domains, for commands that write one text of a recording.
Status check_one_domain(const Hearing &hearing);

/// The domain whose prompt is forced; empty for none.
std::string domain_of(const Prompt &prompt, const ModelInfo &model);

/// The language of a domain's text as the model has it; empty if unknown.
std::string language_of(const std::string &domain, const ModelInfo &model);

}  // namespace kyutaistt::program
