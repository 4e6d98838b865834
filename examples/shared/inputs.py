# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the programs here have in common: their INPUT, and the properties of the element."""
import argparse
import pathlib

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402 - the version has to be chosen first

# What is read as fast as it comes is played at the speed of its clock; all else is live.
PACED = ("file:", "http:", "https:")


def uri_of(address):
    return address if Gst.uri_is_valid(address) else pathlib.Path(address).absolute().as_uri()


def property_of(text):
    """An argument PROPERTY=VALUE."""
    name, separator, value = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected PROPERTY=VALUE")
    return name, value


def set_properties(element, properties):
    for name, value in properties:
        if element.find_property(name) is None:
            raise ValueError(f"kyutaistt has no property {name}")
        Gst.util_set_object_arg(element, name, value)
