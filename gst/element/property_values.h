// SPDX-License-Identifier: LGPL-2.1-or-later
/// Values of properties by the type of their field in the settings, which also has their default.
#pragma once

#include <span>
#include <vector>

#include <gst/gst.h>

#include <kyutaistt/option_names.h>

#include "captions/cue_options.h"
#include "element/property.h"
#include "element/transcriber.h"

namespace kyutaistt::element {

PropertyValue text(std::string Settings::*field);
PropertyValue integer(int Settings::*field, int min, int max);
PropertyValue integer(guint Settings::*field, guint min, guint max);
PropertyValue flag(bool Settings::*field);
PropertyValue cue_integer(const captions::CueOption<int> &option);
/// In milliseconds.
PropertyValue cue_duration(const captions::CueOption<Time> &option);
/// Can only be read.
PropertyValue reading(guint (*read)(const Transcriber &));
PropertyValue reading(GstStructure *(*read)(const Transcriber &));

/// The enumeration's type, made with the first call. Its values are those of the C++ enumeration.
template <typename Value>
GType choice_type(const char *name, OptionNames<Value> choices) {
  static const auto values = [&choices] {
    std::vector<GEnumValue> list;
    for (const OptionName<Value> &choice : choices) {
      list.push_back({static_cast<int>(choice.value), choice.description, choice.name});
    }
    list.push_back({0, nullptr, nullptr});
    return list;
  }();
  static const GType type = g_enum_register_static(name, values.data());
  return type;
}

/// One of several choices. `follow` changes other settings that follow from it.
template <typename Value>
PropertyValue choice(Value Settings::*field, const char *type_name,
                     OptionNames<Value> choices = option_names<Value>(),
                     void (*follow)(Settings &) = nullptr) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            const GType type = choice_type<Value>(type_name, choices);
            gst_type_mark_as_plugin_api(type, GstPluginAPIFlags(0));
            return g_param_spec_enum(property.name, property.nick, property.blurb, type,
                                     static_cast<int>(Settings().*field), flags);
          },
      .get =
          [=](const Transcriber &transcriber, GValue *value) {
            g_value_set_enum(value, static_cast<int>(transcriber.settings().*field));
          },
      .set =
          [=](Settings &settings, const GValue *value) {
            settings.*field = static_cast<Value>(g_value_get_enum(value));
            if (follow != nullptr) {
              follow(settings);
            }
          },
  };
}

}  // namespace kyutaistt::element
