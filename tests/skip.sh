#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Stands for a test that cannot run, so that Meson and the totals count it as skipped.
#
#   skip.sh REASON
echo "skipped: $1"
exit 77
