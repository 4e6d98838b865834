// SPDX-License-Identifier: LGPL-2.1-or-later
/// Recognises an archive: many recordings, in several processes that may be killed and restarted.
#pragma once

#include "program/archive/archive_request.h"

namespace kyutaistt::program {

/// Runs `transcribe --manifest` and returns the exit code.
int transcribe_archive(const ArchiveRequest &request);

}  // namespace kyutaistt::program
