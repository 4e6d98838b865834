// SPDX-License-Identifier: LGPL-2.1-or-later
/// The element's properties: one table, from which they are installed, set and read.
#pragma once

#include <functional>
#include <span>

#include <gst/gst.h>

#include "element/settings.h"

namespace kyutaistt::element {

class Transcriber;
struct Property;

/// The value of a property: where it is stored, and its description for GObject.
struct PropertyValue {
  /// Makes the description, with range and default.
  std::function<GParamSpec *(const Property &property, GParamFlags flags)> new_spec;
  std::function<void(const Transcriber &, GValue *)> get;
  /// Null if it can only be read.
  std::function<void(Settings &, const GValue *)> set;
};

enum class Mutability { Always, BeforePaused };

/// What a change does besides changing the settings.
enum class Effect {
  None,
  /// Later audio is recognised with another prompt.
  Prompt,
  /// The text is announced in another language.
  Language,
  /// Recognised words are written in another way.
  Writing,
};

struct Property {
  const char *name = nullptr;
  const char *nick = nullptr;
  const char *blurb = nullptr;
  PropertyValue value;
  Mutability mutability = Mutability::Always;
  Effect effect = Effect::None;
};

/// All of them; GObject's number of a property is its place in the table and 1.
std::span<const Property> properties();
const Property &property_of(guint number);

void install_properties(GObjectClass *object_class);

}  // namespace kyutaistt::element
