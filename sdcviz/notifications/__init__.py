"""Telling people how their jobs ended: in the page, by mail, by webhook.

What is to be told is written into the database of jobs before anything is sent, and what comes of
sending is written there too: no mail server and no receiver can harm a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import lazily

if TYPE_CHECKING:
    from .notices import Notice, Notices
    from .notifier import Notifier
    from .preferences import Preferences

__all__, __getattr__, __dir__ = lazily(
    __name__,
    {
        "notices": ["Notice", "Notices"],
        "notifier": ["Notifier"],
        "preferences": ["Preferences"],
    },
)
