"""Waiting for what becomes true by itself, with a limit that is long for any machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG = 180
"""Seconds that are long for any machine; who waits goes on as soon as there is an answer."""

WAIT = LONG * 1000
"""Milliseconds after which a test in the browser gives up; a busy machine is no defect."""


def until(ask: Callable[[], T], what: str = "what was expected", seconds: float = LONG) -> T:
    """Ask again and again until the answer is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for: {what}"
        time.sleep(0.02)
    return answer
