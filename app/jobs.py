"""Jobs as pages follow them: one thread of the process asks, each page hears what is new.

The database of jobs is the truth; a page keeps only the identity of the job on its card, so
that a reload, another page or a restarted server find the same job again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import panel as pn

from sdcviz.errors import NotFound, SdcvizError

from .parts.after import after_load

if TYPE_CHECKING:
    from sdcviz.jobs import Job

__all__ = ["LOG_KEPT", "PERIOD", "Follower", "News", "stop", "wake"]

log = logging.getLogger(__name__)

PERIOD = 0.5
"""Seconds between two questions."""
LISTED = 60
"""Jobs of the queue that pages show."""
LOG_KEPT = 60_000
"""Bytes of the end of a log that a page shows."""


@dataclass(frozen=True)
class News:
    """What a page shows of jobs.

    Attributes
    ----------
    jobs : tuple of Job
        The newest first.
    log : str
        End of the log that the page reads.
    slices : dict of str to tuple of str
        Labels of the times that are finished, by job.
    error : str
        Why nothing could be asked; empty where it could.
    """

    jobs: tuple[Job, ...] = ()
    log: str = ""
    slices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    error: str = ""

    def find(self, id: str) -> Job | None:
        """Return the job of an identity."""
        return next((job for job in self.jobs if job.id == id), None)


class Follower:
    """Tells one page what is new of its jobs.

    Parameters
    ----------
    then : callable
        Gets `News`, in the document of the page.
    card : str
        Identity of the job on its card.
    """

    def __init__(self, then: Callable[[News], None], card: str = "") -> None:
        self._then = then
        self._document = pn.state.curdoc
        self._told: News | None = None
        self.card = card
        """Identity of the job on the card: it is shown even if it is old."""
        self.reads = ""
        """Identity of the job whose log is open; empty: none."""
        after_load(lambda: _join(self))

    def show(self, card: str | None = None, reads: str | None = None) -> None:
        """Put another job on the card, or open another log."""
        self.card = self.card if card is None else card
        self.reads = self.reads if reads is None else reads
        wake()

    def tell(self, news: News) -> None:
        """Tell what is new, unless it is what was told."""
        if news == self._told:
            return
        self._told = news
        document = self._document
        if document is None:
            self._then(news)
            return
        if document.session_context is None:
            return  # the page was closed
        with suppress(Exception):  # or is being closed
            document.add_next_tick_callback(lambda: self._then(news))


_lock = threading.Lock()
_followers: WeakSet[Follower] = WeakSet()
_thread: threading.Thread | None = None
_stopped, _awake = threading.Event(), threading.Event()


def _join(follower: Follower) -> None:
    global _thread
    with _lock:
        _followers.add(follower)
        if _thread is None:
            _stopped.clear()
            _thread = threading.Thread(target=_follow, name="jobs", daemon=True)
            _thread.start()
    wake()


def wake() -> None:
    """Ask at once: somebody has just done something."""
    _awake.set()


def stop() -> None:
    """Ask no more: the server stops."""
    global _thread
    _stopped.set()
    wake()
    with _lock:
        thread, _thread = _thread, None
    if thread is not None and thread is not threading.current_thread():
        thread.join(timeout=5)


class _Reader:
    """What was read so far of logs and events, by job."""

    def __init__(self) -> None:
        self.logs: dict[str, tuple[int, bytes]] = {}
        self.events: dict[str, tuple[int, tuple[str, ...]]] = {}

    def keep(self, logs: set[str], events: set[str]) -> None:
        """Forget what nobody shows any more."""
        self.logs = {id: held for id, held in self.logs.items() if id in logs}
        self.events = {id: held for id, held in self.events.items() if id in events}

    def log(self, id: str) -> str:
        from sdcviz import jobs

        offset, held = self.logs.get(id, (-LOG_KEPT, b""))
        more, offset = jobs.read_log(id, offset, LOG_KEPT)
        held = (held + more)[-LOG_KEPT:]
        self.logs[id] = offset, held
        return held.decode("utf-8", errors="replace")

    def slices(self, id: str) -> tuple[str, ...]:
        from sdcviz import jobs

        offset, labels = self.events.get(id, (0, ()))
        more, offset = jobs.read_events(id, offset)
        found = (str(e.get("label", "")) for e in more if e.get("event") == "slice")
        # A run that went on tells its slices once more.
        labels = tuple(dict.fromkeys((*labels, *found)))
        self.events[id] = offset, labels
        return labels


def _follow() -> None:
    reader, complained = _Reader(), False
    while not _stopped.is_set():
        with _lock:
            followers = list(_followers)
        if followers:
            try:
                _tell_all(followers, reader)
                complained = False
            except SdcvizError as error:
                if not complained:  # once, not twice a second
                    log.warning("Jobs can't be followed: %s", error)
                complained = True
                for one in followers:
                    one.tell(News(error=str(error)))
            except Exception:
                if not complained:
                    log.exception("Jobs can't be followed")
                complained = True
        del followers  # a page that was closed is not kept
        _awake.wait(PERIOD)
        _awake.clear()


def _tell_all(followers: list[Follower], reader: _Reader) -> None:
    from sdcviz import jobs

    listed = tuple(jobs.find(limit=LISTED))
    known = {job.id for job in listed}
    older = {one.card for one in followers if one.card and one.card not in known}
    extra = {id: found for id in older if (found := _old(id)) is not None}
    reader.keep(
        {one.reads for one in followers if one.reads},
        {one.card for one in followers if one.card},
    )
    for one in followers:
        whole = (*listed, extra[one.card]) if one.card in extra else listed
        slices = {}
        if one.card and any(job.id == one.card for job in whole):
            slices[one.card] = _quietly(reader.slices, one.card, ())
        text = _quietly(reader.log, one.reads, "") if one.reads else ""
        one.tell(News(whole, text, slices))


def _old(id: str) -> Any:
    from sdcviz import jobs

    with suppress(NotFound):
        return jobs.get(id)
    return None


def _quietly(read: Callable[[str], Any], id: str, otherwise: Any) -> Any:
    """Read of a job folder; it may be gone or not yet there."""
    try:
        return read(id)
    except (SdcvizError, OSError):
        return otherwise
