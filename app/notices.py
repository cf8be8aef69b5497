"""Notices of jobs that end while pages are open: heard in all pages of a person within a second.

One thread of the process asks the database whether there is anything new, for all pages at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakKeyDictionary, ref

from sdcviz.errors import SdcvizError

if TYPE_CHECKING:
    from sdcviz.notifications import Notice

__all__ = ["PERIOD", "Hears", "join", "stop"]

log = logging.getLogger(__name__)

PERIOD = 0.7
"""Seconds between two questions."""


class Hears(Protocol):
    """What a page has to hear notices with."""

    owner: str

    def hear(self, notices: Sequence[Notice]) -> None:
        """Take notices of the owner that are new or have changed, oldest change first."""
        ...


_lock = threading.Lock()
_pages: WeakKeyDictionary[Hears, Any] = WeakKeyDictionary()
_thread: threading.Thread | None = None
_stopped = threading.Event()


def join(page: Hears) -> None:
    """Have a page hear of notices as long as it lives."""
    import panel as pn

    global _thread
    document = pn.state.curdoc
    with _lock:
        _pages[page] = ref(document) if document else None
        if _thread is None:
            _stopped.clear()
            _thread = threading.Thread(target=_follow, name="notices-follow", daemon=True)
            _thread.start()


def stop() -> None:
    """Ask no more: the server stops."""
    global _thread
    _stopped.set()
    with _lock:
        thread, _thread = _thread, None
    if thread is not None:
        thread.join(timeout=5)


def _follow() -> None:
    seen: int | None = None
    is_silent = False
    while True:
        try:
            seen = _look(seen)
            is_silent = False
        except SdcvizError as error:
            if not is_silent:  # once, not each second
                log.warning("Notices can't be followed: %s", error)
            is_silent = True
        except Exception:
            log.exception("Notices can't be followed")
        if _stopped.wait(PERIOD):
            return


def _look(seen: int | None) -> int:
    """Tell pages what is new since a version; return the newest one."""
    from sdcviz.notifications import Notices

    notices = Notices()
    newest = notices.version()
    if seen is None or newest <= seen:
        return newest
    by_owner: dict[str, list[Notice]] = {}
    for owner, notice in notices.news(seen):
        by_owner.setdefault(owner, []).append(notice)
    with _lock:
        pages = list(_pages.items())
    for page, document in pages:
        if news := by_owner.get(page.owner):
            _there(page, document and document(), news)
    return newest


def _there(page: Hears, document: Any, news: list[Notice]) -> None:
    """Tell a page in its own document."""
    if document is None:
        page.hear(news)
        return
    with suppress(Exception):  # the page is being closed
        document.add_next_tick_callback(lambda: page.hear(news))
