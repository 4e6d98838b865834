// SPDX-License-Identifier: LGPL-2.1-or-later
/// Names the results of a manifest's recordings.
#pragma once

#include <string>
#include <vector>

#include "program/manifest.h"

namespace kyutaistt::program {

/// A path below the folder of results for each entry, without an extension: the recording's path
/// below the folder that contains all of them. The name of a part of a recording ends with "@" and
/// its offset in seconds. Fails where two entries would have the same name.
Result<std::vector<std::string>> name_results(const std::vector<ManifestEntry> &entries);

}  // namespace kyutaistt::program
