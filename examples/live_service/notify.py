# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages to systemd, see sd_notify(3); nothing happens where there is none."""
import os
import socket


def notify(*lines):
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.connect(address)
        sender.sendall("\n".join(lines).encode())


def watchdog_interval():
    """Seconds between two signs of life; None if none are expected."""
    microseconds = os.environ.get("WATCHDOG_USEC")
    return int(microseconds) / 2e6 if microseconds else None
