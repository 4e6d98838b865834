// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's debug category.
#pragma once

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(gst_kyutai_stt_debug);
#define GST_CAT_DEFAULT gst_kyutai_stt_debug
