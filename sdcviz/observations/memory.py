"""What was computed from a collection, kept as long as it fits and holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

__all__ = ["Kept", "Memory"]


class Kept(NamedTuple):
    """One result: its value, its size in bytes, keys of the flags it was computed from."""

    value: Any
    size: int
    flags: set[str]


class Memory:
    """Results by name; of too many bytes the least used go first. Threads may share it.

    Parameters
    ----------
    most : int
        Bytes that it may hold; the newest result stays even if it is larger.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()
        self._bytes = 0

    def find(self, what: tuple[Any, ...]) -> Kept | None:
        """Return a result, or None; it counts as used."""
        with self._lock:
            if what not in self._kept:
                return None
            self._kept.move_to_end(what)
            return self._kept[what]

    def keep(
        self,
        what: tuple[Any, ...],
        value: Any,
        size: int,
        flags: set[str],
        holds: Callable[[], bool],
    ) -> None:
        """Keep a result.

        Parameters
        ----------
        what : tuple
            Names it; one that is there under this name stays.
        value : Any
        size : int
            Bytes.
        flags : set of str
            Keys of the flags it was computed from.
        holds : callable
            Asked under the lock, so that no `forget` comes between: False if it no longer holds.
        """
        with self._lock:
            if not holds():
                return
            if what not in self._kept:
                self._kept[what] = Kept(value, size, flags)
                self._bytes += size
            while self._bytes > self._most and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].size

    def forget(self, key: str, but: tuple[Any, ...]) -> None:
        """Forget what was computed from the flags of a parameter, all `but` one result."""
        with self._lock:
            gone = [what for what, kept in self._kept.items() if key in kept.flags and what != but]
            for what in gone:
                self._bytes -= self._kept.pop(what).size
