// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's properties of cues as options.
#pragma once

#include <vector>

#include "captions/cue.h"
#include "program/arguments.h"

namespace kyutaistt::program {

const std::vector<OptionSpec> &cue_option_specs();

/// The preset with the changes that other options make to it, in any order.
Result<captions::CueShape> cue_shape(const Arguments &arguments);

}  // namespace kyutaistt::program
