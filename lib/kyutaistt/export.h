// SPDX-License-Identifier: LGPL-2.1-or-later
/// Visibility of the library's public symbols; everything else is hidden.
#pragma once

#define KYUTAISTT_PUBLIC [[gnu::visibility("default")]]
