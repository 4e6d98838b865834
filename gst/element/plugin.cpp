// SPDX-License-Identifier: LGPL-2.1-or-later
/// Registers the plugin's element. No model is looked at here: registry scans run this.
#include <gst/gst.h>

#include "element/kyutaistt_element.h"

static gboolean plugin_init(GstPlugin *plugin) {
  return GST_ELEMENT_REGISTER(kyutaistt, plugin);
}

#define PACKAGE "kyutaistt"

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, kyutaistt,
                  "Streaming speech recognition with the Kyutai speech-to-text models", plugin_init,
                  KYUTAISTT_VERSION, "LGPL", "kyutaistt", "https://kyutai.org/stt")
