// SPDX-License-Identifier: LGPL-2.1-or-later
#include "element/property_values.h"

#include <chrono>

namespace kyutaistt::element {

namespace {

guint milliseconds_of(Time time) {
  return static_cast<guint>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

PropertyValue text(std::string Settings::*field) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            const Settings defaults;
            const std::string &value = defaults.*field;
            return g_param_spec_string(property.name, property.nick, property.blurb,
                                       value.empty() ? nullptr : value.c_str(), flags);
          },
      .get =
          [=](const Transcriber &transcriber, GValue *value) {
            const Settings settings = transcriber.settings();
            g_value_set_string(value, (settings.*field).c_str());
          },
      .set =
          [=](Settings &settings, const GValue *value) {
            const gchar *text = g_value_get_string(value);
            settings.*field = text == nullptr ? "" : text;
          },
  };
}

PropertyValue integer(int Settings::*field, int min, int max) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            return g_param_spec_int(property.name, property.nick, property.blurb, min, max,
                                    Settings().*field, flags);
          },
      .get = [=](const Transcriber &transcriber,
                 GValue *value) { g_value_set_int(value, transcriber.settings().*field); },
      .set = [=](Settings &settings,
                 const GValue *value) { settings.*field = g_value_get_int(value); },
  };
}

PropertyValue integer(guint Settings::*field, guint min, guint max) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            return g_param_spec_uint(property.name, property.nick, property.blurb, min, max,
                                     Settings().*field, flags);
          },
      .get = [=](const Transcriber &transcriber,
                 GValue *value) { g_value_set_uint(value, transcriber.settings().*field); },
      .set = [=](Settings &settings,
                 const GValue *value) { settings.*field = g_value_get_uint(value); },
  };
}

PropertyValue flag(bool Settings::*field) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            return g_param_spec_boolean(property.name, property.nick, property.blurb,
                                        Settings().*field ? TRUE : FALSE, flags);
          },
      .get =
          [=](const Transcriber &transcriber, GValue *value) {
            g_value_set_boolean(value, transcriber.settings().*field ? TRUE : FALSE);
          },
      .set = [=](Settings &settings,
                 const GValue *value) { settings.*field = g_value_get_boolean(value) != FALSE; },
  };
}

PropertyValue cue_integer(const captions::CueOption<int> &option) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            const int value = Settings().cue_shape.*option.field;
            return g_param_spec_uint(property.name, property.nick, property.blurb,
                                     static_cast<guint>(option.min), static_cast<guint>(option.max),
                                     static_cast<guint>(value), flags);
          },
      .get =
          [=](const Transcriber &transcriber, GValue *value) {
            const int number = transcriber.settings().cue_shape.*option.field;
            g_value_set_uint(value, static_cast<guint>(number));
          },
      .set =
          [=](Settings &settings, const GValue *value) {
            settings.cue_shape.*option.field = static_cast<int>(g_value_get_uint(value));
          },
  };
}

PropertyValue cue_duration(const captions::CueOption<Time> &option) {
  return {
      .new_spec =
          [=](const Property &property, GParamFlags flags) {
            const guint value = milliseconds_of(Settings().cue_shape.*option.field);
            return g_param_spec_uint(property.name, property.nick, property.blurb,
                                     static_cast<guint>(option.min), static_cast<guint>(option.max),
                                     value, flags);
          },
      .get =
          [=](const Transcriber &transcriber, GValue *value) {
            g_value_set_uint(value,
                             milliseconds_of(transcriber.settings().cue_shape.*option.field));
          },
      .set =
          [=](Settings &settings, const GValue *value) {
            settings.cue_shape.*option.field = std::chrono::milliseconds(g_value_get_uint(value));
          },
  };
}

PropertyValue reading(guint (*read)(const Transcriber &)) {
  return {
      .new_spec =
          [](const Property &property, GParamFlags flags) {
            return g_param_spec_uint(property.name, property.nick, property.blurb, 0, G_MAXUINT, 0,
                                     flags);
          },
      .get = [=](const Transcriber &transcriber,
                 GValue *value) { g_value_set_uint(value, read(transcriber)); },
      .set = nullptr,
  };
}

PropertyValue reading(GstStructure *(*read)(const Transcriber &)) {
  return {
      .new_spec =
          [](const Property &property, GParamFlags flags) {
            return g_param_spec_boxed(property.name, property.nick, property.blurb,
                                      GST_TYPE_STRUCTURE, flags);
          },
      .get = [=](const Transcriber &transcriber,
                 GValue *value) { g_value_take_boxed(value, read(transcriber)); },
      .set = nullptr,
  };
}

}  // namespace kyutaistt::element
