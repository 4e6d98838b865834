# SPDX-License-Identifier: LGPL-2.1-or-later
"""How far two sequences agree, in words."""
import numpy as np


def of_tokens(ours, theirs):
    count = min(len(ours), len(theirs))
    equal = np.asarray(ours[:count]) == np.asarray(theirs[:count])
    if equal.all():
        return f"equal over {count}"
    return f"{int(equal.sum())} of {count} equal, first difference at {int(np.nonzero(~equal)[0][0])}"


def of_codes(ours, theirs):
    count = min(len(ours), len(theirs))
    differs = ours[:count] != theirs[:count]
    if not differs.any():
        return f"equal over {count} frames"
    return f"of {count} frames differ, by codebook: {differs.sum(0).tolist()}, " \
           f"first at frame {int(np.nonzero(differs.any(1))[0][0])}"
