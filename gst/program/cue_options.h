// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's properties of cues as options.
#pragma once

#include <vector>

#include "captions/cue.h"
#include "program/arguments.h"

namespace kyutaistt::program {

const std::vector<OptionSpec> &cue_option_specs();

/// The preset, and what other options change of it, in whatever order they stand.
Result<captions::CueShape> cue_shape(const Arguments &arguments);

}  // namespace kyutaistt::program
