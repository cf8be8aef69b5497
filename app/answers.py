"""Questions about recipes, answered by warm processes beside the server.

A page asks for a preview while a slider moves; the process that answers has its libraries and
observations loaded. All visitors share at most two of them; who asks the same kind anew takes
the older question back. They end when nobody has asked for a while, and with the server.
"""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import panel as pn

from sdcviz.analyses.worker import read_frame, write_frame
from sdcviz.jobs.processes import give_way

__all__ = ["Answer", "ask", "forget", "stop", "warm"]

log = logging.getLogger(__name__)

MOST = 2
"""Processes that answer at a time."""
IDLE = 600.0
"""Seconds without a question after which a process ends."""
_LOST = "The process that computes previews ended; change something to have it computed again."
_DEFECT = "The preview failed; the server's log says why."


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes
    ----------
    value : object
        The answer, or one part of it.
    error : str
        A sentence; empty where it could be answered.
    last : bool
        Whether nothing more comes.
    """

    value: Any = None
    error: str = ""
    last: bool = True


@dataclass(eq=False)
class _Question:
    number: int
    asker: int
    kind: str
    given: dict[str, Any]
    then: Callable[[Answer], None]
    document: Any
    taken_back: bool = False


@dataclass(eq=False)
class _Process:
    process: subprocess.Popen[bytes]
    asker: int = 0
    question: _Question | None = None
    used: float = field(default_factory=time.monotonic)


_lock = threading.RLock()
_numbers = itertools.count(1)
_processes: list[_Process] = []
_waiting: list[_Question] = []
_askers: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_timer: threading.Timer | None = None


def ask(asker: Any, kind: str, given: dict[str, Any], then: Callable[[Answer], None]) -> None:
    """Ask; an older question of the same kind by the same asker is taken back.

    Parameters
    ----------
    asker : object
        Whoever asks, such as the session of a page: goes to the process that knows the data of
        its last question. Anything that can be weakly referenced.
    kind : str
        See `sdcviz.analyses.answering.KINDS`.
    given : dict
    then : callable
        Gets each `Answer`, in the document of the page; nothing once it was taken back.
    """
    with _lock:
        number = _askers.setdefault(asker, next(_numbers))
        _take_back(lambda q: q.asker == number and q.kind == kind)
        document = pn.state.curdoc
        _waiting.append(_Question(next(_numbers), number, kind, given, then, document))
        _hand_out()


def forget(asker: Any, kind: str) -> None:
    """Take the question of a kind back."""
    with _lock:
        number = _askers.get(asker)
        _take_back(lambda q: q.asker == number and q.kind == kind)


def warm() -> None:
    """Have one process ready, so that the first preview need not wait for its libraries."""
    with _lock:
        if not _processes:
            _start()


def stop() -> None:
    """End all processes: the server stops."""
    with _lock:
        _waiting.clear()
        for one in list(_processes):
            _end(one)


# ---- questions to processes ---------------------------------------------------
def _take_back(which: Callable[[_Question], bool]) -> None:
    for question in [q for q in _waiting if which(q)]:
        question.taken_back = True
        _waiting.remove(question)
    for one in _processes:
        if one.question is not None and which(one.question) and not one.question.taken_back:
            one.question.taken_back = True
            _send(one, ("stop", one.question.number))


def _hand_out() -> None:
    """Give waiting questions to free processes, first to those that know the asker's data."""
    while _waiting:
        free = [one for one in _processes if one.question is None]
        if not free and len(_processes) < MOST:
            free = [_start()]
        if not free:
            return
        question = _waiting[0]
        mine = [one for one in free if one.asker == question.asker]
        one = (mine or sorted(free, key=lambda p: p.used))[0]
        del _waiting[0]
        one.question, one.asker, one.used = question, question.asker, time.monotonic()
        _send(one, ("ask", question.number, question.kind, question.given))


def _start() -> _Process:
    single = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "sdcviz.analyses.answering"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **single, "NUMBA_NUM_THREADS": "1"},
        # Own group: Ctrl-C in the server's terminal stops the server, which stops us.
        start_new_session=True,
    )
    give_way(process.pid, 5)  # pages first
    one = _Process(process)
    _processes.append(one)
    threading.Thread(target=_listen, args=(one,), name="answers", daemon=True).start()
    _watch_idle()
    return one


def _send(one: _Process, frame: Any) -> None:
    assert one.process.stdin is not None
    with suppress(OSError, ValueError):  # it is gone; `_listen` hears of it
        write_frame(one.process.stdin, frame)


def _end(one: _Process) -> None:
    if one in _processes:
        _processes.remove(one)
    assert one.process.stdin is not None
    with suppress(OSError):
        one.process.stdin.close()  # it ends with its input
    with suppress(OSError):
        one.process.terminate()


def _listen(one: _Process) -> None:
    """Take the answers of a process until it ends."""
    assert one.process.stdout is not None
    while True:
        try:
            number, state, value = read_frame(one.process.stdout)
        except (EOFError, OSError, ValueError):
            break
        with _lock:
            question = one.question
            if question is None or question.number != number:
                continue
            if state != "part":
                one.question, one.used = None, time.monotonic()
                _hand_out()
        _deliver(question, state, value)
    one.process.wait()
    with _lock:
        _end(one)
        question, one.question = one.question, None
        _hand_out()
    if question is not None:
        _deliver(question, "lost", None)


def _deliver(question: _Question, state: str, value: Any) -> None:
    if state == "defect":
        log.error("%s of a recipe failed:\n%s", question.kind, value)
    errors = {"sentence": value, "defect": _DEFECT, "lost": _LOST}
    if state in errors:
        answer = Answer(error=str(errors[state]))
    else:
        answer = Answer(value, last=state == "done")

    def tell() -> None:
        if not question.taken_back:
            question.then(answer)

    if question.document is None:
        tell()
        return
    if question.document.session_context is None:
        return  # the page was closed
    with suppress(Exception):  # or is being closed
        question.document.add_next_tick_callback(tell)


def _watch_idle() -> None:
    """End processes that nobody has asked for a while."""
    global _timer

    def look() -> None:
        with _lock:
            now = time.monotonic()
            for one in list(_processes):
                if one.question is None and now - one.used > IDLE:
                    _end(one)
            if _processes:
                _watch_idle()

    if _timer is not None:
        _timer.cancel()
    _timer = threading.Timer(IDLE / 4, look)
    _timer.daemon = True
    _timer.start()
