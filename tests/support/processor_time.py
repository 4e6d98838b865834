# SPDX-License-Identifier: LGPL-2.1-or-later
"""How much of the processor another process uses."""
import os
import time


def processor_seconds(pid):
    """What all its threads have used so far."""
    nanoseconds = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            nanoseconds += int(file.read().split()[0])
    return nanoseconds / 1e9


def idle_share(pid, seconds=3):
    """Share of one processor, once it has come to rest."""
    used, before = processor_seconds(pid), -1
    while used - before > 0.01:
        time.sleep(0.5)
        used, before = processor_seconds(pid), used
    time.sleep(seconds)
    return (processor_seconds(pid) - used) / seconds
