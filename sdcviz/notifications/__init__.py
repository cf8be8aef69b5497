"""Telling people how their jobs ended: in the page, by mail, by webhook.

What is to be told is written into the database of jobs before anything is sent, and what comes of
sending is written there too: no mail server and no receiver can harm a job.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .notices import Notice, Notices
    from .notifier import Notifier
    from .preferences import Preferences

__all__ = ["Notice", "Notices", "Notifier", "Preferences"]

_WHERE = {
    "Notice": "notices",
    "Notices": "notices",
    "Notifier": "notifier",
    "Preferences": "preferences",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for on first use."""
    if name in _WHERE:
        return getattr(import_module(f".{_WHERE[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
