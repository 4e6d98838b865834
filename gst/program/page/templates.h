// SPDX-License-Identifier: LGPL-2.1-or-later
/// The files of this folder that are parts of pages, as they are.
#pragma once

namespace kyutaistt::program {

extern const char *const base_style;
extern const char *const evaluation_template;
extern const char *const transcript_template;
extern const char *const transcript_style;
extern const char *const transcript_script;

}  // namespace kyutaistt::program
