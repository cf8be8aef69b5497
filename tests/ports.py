"""Free ports for servers that can't say which one they took."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

BELOW = range(15_000, 32_000)
"""Below those that the system gives to connections: nobody takes one before its server does."""


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    chance = random.SystemRandom()
    while True:
        with socket.socket() as one:
            port = chance.choice(BELOW)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
