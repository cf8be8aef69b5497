"""A copy of the objects that a cluster keeps for us, kept up to date by a watch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from threading import Event, Lock, Thread
from typing import Any

from ..errors import EngineError

__all__ = ["Mirror"]

log = logging.getLogger(__name__)

WATCH = 240
"""Seconds after which a watch is begun anew, from where it was."""
CONNECT = 5
PATIENCE = 20
LONGEST_WAIT = 30.0
GONE = 410


class _Expired(Exception):
    """The cluster no longer knows the version from which we wanted to go on."""


class Mirror:
    """All objects of one kind and label; one list at first, then only what changes.

    Parameters
    ----------
    ask : callable
        A list function of the official client, such as ``list_namespaced_job``.
    namespace, selector : str
    """

    def __init__(self, ask: Callable[..., Any], namespace: str, selector: str) -> None:
        self._ask, self._namespace, self._selector = ask, namespace, selector
        self._lock = Lock()
        self._objects: dict[str, dict[str, Any]] = {}
        self._settled, self._closed = Event(), Event()
        self._error: Exception | None = None
        self._thread: Thread | None = None

    def objects(self) -> dict[str, dict[str, Any]]:
        """Return the objects by name.

        Raises
        ------
        EngineError
            The cluster is away; it is asked again meanwhile.
        """
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._keep, name="sdcviz-mirror", daemon=True)
                self._thread.start()
        if not self._settled.wait(PATIENCE) or self._error is not None:
            raise EngineError(
                f"The cluster does not answer ({self._error or 'time is over'}); it will be asked "
                "again.",
                passing=True,
            )
        with self._lock:
            return dict(self._objects)

    def put(self, found: dict[str, Any]) -> None:
        """Add what the cluster has answered to something else, before the watch tells it."""
        with self._lock:
            known = self._objects.get(found["metadata"]["name"])
            if known is None or _version(known) < _version(found):
                self._objects[found["metadata"]["name"]] = found

    def close(self) -> None:
        """Stop watching, at the next word of the cluster."""
        self._closed.set()

    def _keep(self) -> None:
        wait = 1.0
        while not self._closed.is_set():
            try:
                version = self._list()
                wait = 1.0
                while not self._closed.is_set():
                    version = self._follow(version)
            except _Expired:
                continue
            except Exception as error:  # whatever the client or the network throws
                log.info("The cluster is away: %s", error)
                self._error = error
                self._settled.set()
                self._closed.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)

    def _list(self) -> str:
        """Take all objects anew; return the version of the list."""
        found = json.loads(self._request().data)
        with self._lock:
            self._objects = {item["metadata"]["name"]: item for item in found["items"]}
        self._error = None
        self._settled.set()
        return str(found["metadata"]["resourceVersion"])

    def _follow(self, version: str) -> str:
        """Take changes until the watch ends; return the version from which to go on."""
        answer = self._request(
            watch=True,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=WATCH,
            _request_timeout=(CONNECT, WATCH + PATIENCE),
        )
        try:
            for event in _events(answer.stream(decode_content=True)):
                if event["type"] == "ERROR":
                    if event["object"].get("code") == GONE:
                        raise _Expired
                    raise RuntimeError(event["object"].get("message", "the watch failed"))
                self._take(event["type"], event["object"])
                version = str(event["object"]["metadata"]["resourceVersion"])
                if self._closed.is_set():
                    break
        finally:
            answer.close()
        return version

    def _take(self, kind: str, found: dict[str, Any]) -> None:
        name = found["metadata"].get("name", "")
        with self._lock:
            if kind == "DELETED":
                self._objects.pop(name, None)
            elif kind in ("ADDED", "MODIFIED"):
                self._objects[name] = found

    def _request(self, **more: Any) -> Any:
        """Ask for the bare answer: the models of the client are slow, and differ by version."""
        given = {"_request_timeout": (CONNECT, PATIENCE), "label_selector": self._selector, **more}
        answer = self._ask(self._namespace, _preload_content=False, **given)
        if answer.status == GONE:
            raise _Expired
        if answer.status >= 300:
            raise RuntimeError(f"status {answer.status}")
        return answer


def _version(found: Mapping[str, Any]) -> int:
    return int(found["metadata"].get("resourceVersion") or 0)


def _events(pieces: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Read one JSON document a line."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (json.loads(line) for line in lines if line.strip())
