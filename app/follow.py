"""Flags and findings that change while pages are open: seen in all of them within a second.

One thread of the process asks the journals of the shown collections for news, and
whether findings of checks were kept, wherever that was done: in this process,
another one, or on the command line. Each session is told by its `flags_version` or
its `findings_version`, in its own document.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary, ref

from sdcviz.errors import SdcvizError

if TYPE_CHECKING:
    from sdcviz.observations import Collection

    from .session import Session

__all__ = ["PERIOD", "join", "stop", "tell"]

log = logging.getLogger(__name__)

PERIOD = 0.3
"""Seconds between two questions."""

_lock = threading.Lock()
_sessions: WeakKeyDictionary[Session, _Screen] = WeakKeyDictionary()
_thread: threading.Thread | None = None
_stopped = threading.Event()


class _Screen:
    """What a session shows: its document, and which flags of which collection it has drawn."""

    def __init__(self, session: Session, document: Any) -> None:
        self._session = ref(session)
        self._document: ReferenceType[Any] | None = ref(document) if document else None
        self._drawn: Hashable = None
        self._found: Hashable = None
        self._asked = False
        # Before the views draw: what changes from here on, they have to draw again.
        names = ["collection", "collection_version", "reading"]
        session.param.watch(lambda *_: self._begin(), names)
        self._begin()

    def _begin(self) -> None:
        """Remember what is about to be drawn of a collection."""
        self.note()
        session = self._session()
        data = session.data if session else None
        self._found = None if data is None else _found(data)

    def note(self) -> None:
        """Remember which flags are drawn."""
        session = self._session()
        data = session.data if session else None
        self._drawn = None if data is None else (id(data), data.flags_version)

    def tell(self, data: Collection) -> None:
        """Have the session draw again where it has drawn older flags."""
        if self._asked or self._drawn == (id(data), data.flags_version):
            return
        self._asked = True
        self._there(self._draw)

    def tell_found(self, found: Hashable) -> None:
        """Have the session take over findings where it knows others."""
        if found != self._found:
            self._found = found
            self._there(self._take_over)

    def _there(self, do: Callable[[], None]) -> None:
        """Do something in the document of the session."""
        document = self._document and self._document()
        if document is None:
            do()
            return
        with suppress(Exception):  # the page is being closed
            document.add_next_tick_callback(do)

    def _take_over(self) -> None:
        session = self._session()
        if session is not None:
            session.findings_version += 1

    def _draw(self) -> None:
        session = self._session()
        self._asked = False
        if session is not None:
            self.note()
            session.flags_version += 1


def join(session: Session) -> None:
    """Keep the flags of a session up to date as long as it lives."""
    import panel as pn

    global _thread
    with _lock:
        _sessions[session] = _Screen(session, pn.state.curdoc)
        if _thread is None:
            _stopped.clear()
            _thread = threading.Thread(target=_follow, name="follow", daemon=True)
            _thread.start()


def tell(data: Collection) -> None:
    """Tell all sessions that show this collection that its flags have changed."""
    for session, screen in _open():
        if _data_of(session) is data:
            screen.tell(data)


def stop() -> None:
    """Ask no more: the server stops."""
    global _thread
    _stopped.set()
    with _lock:
        thread, _thread = _thread, None
    if thread is not None:
        thread.join(timeout=5)


def _open() -> list[tuple[Session, _Screen]]:
    with _lock:
        return list(_sessions.items())


def _follow() -> None:
    silent: set[int] = set()
    while not _stopped.wait(PERIOD):
        shown = {id(data): data for session, _ in _open() if (data := _data_of(session))}
        for key, data in shown.items():
            try:
                data.catch_up()
            except SdcvizError as error:
                if key not in silent:  # once, not three times a second
                    log.warning("%s: %s", data.name, error)
                silent.add(key)
            except Exception:
                log.exception("The journal of %s can't be followed", data.name)
            else:
                silent.discard(key)
                tell(data)
            found = _found(data)
            for session, screen in _open():
                if _data_of(session) is data:
                    screen.tell_found(found)


def _found(data: Collection) -> Hashable:
    from sdcviz.qc.store import findings_state

    return data.path, findings_state(data)


def _data_of(session: Session) -> Collection | None:
    try:
        return session.data
    except (SdcvizError, OSError):
        return None  # its folder is gone; the views say so
