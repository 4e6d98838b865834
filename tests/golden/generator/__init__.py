# SPDX-License-Identifier: LGPL-2.1-or-later
"""The parts of make_golden.py, in the order in which they work."""
