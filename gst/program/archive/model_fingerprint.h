// SPDX-License-Identifier: LGPL-2.1-or-later
/// Identifies a model by its content.
#pragma once

#include <string>

#include <kyutaistt/status.h>

namespace kyutaistt::program {

/// A hash of the names, sizes and contents of a model folder's files; of files above 4 MB it takes
/// 64 blocks, evenly from the beginning to the end. Does not depend on the folder's path. Takes
/// milliseconds.
Result<std::string> model_fingerprint(const std::string &folder);

}  // namespace kyutaistt::program
