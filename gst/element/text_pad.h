// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's source pads: pads with the properties `language-code` and `domain`.
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_KYUTAI_STT_SRC_PAD (gst_kyutai_stt_src_pad_get_type())
G_DECLARE_FINAL_TYPE(GstKyutaiSttSrcPad, gst_kyutai_stt_src_pad, GST, KYUTAI_STT_SRC_PAD, GstPad)

G_END_DECLS

namespace kyutaistt::element {

class TextTrack;
class Transcriber;

/// Connects a source pad, which is in no element yet, with the text that goes out there. Both must
/// outlive the connection.
void connect_text_pad(GstPad *pad, Transcriber &transcriber, TextTrack &track);
/// The pad is being released, and is not active any more.
void disconnect_text_pad(GstPad *pad);

}  // namespace kyutaistt::element
