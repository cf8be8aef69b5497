"""The log of a job in bounded room: its beginning, and the newest of what follows.

Offsets count all bytes that were ever written. ``log.txt`` holds the first `HEAD` of them; what
follows is cut into pieces ``log.OFFSET.txt``, of which the last `KEPT` stay.
"""

from __future__ import annotations

import contextlib
import errno
import os

__all__ = ["HEAD", "KEPT", "PIECE", "LogWriter", "pieces"]

HEAD = 16 * 1024**2
PIECE = 4 * 1024**2
KEPT = 4
FULL = (errno.ENOSPC, errno.EDQUOT)


def pieces(folder: str) -> list[tuple[int, int, str]]:
    """Return first offset, length and path of what a log consists of, in order."""
    found = []
    for name in os.listdir(folder):
        if name == "log.txt":
            start = 0
        elif name.startswith("log.") and name.endswith(".txt") and name[4:-4].isdigit():
            start = int(name[4:-4])
        else:
            continue
        path = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            found.append((start, os.stat(path).st_size, path))
    return sorted(found)


class LogWriter:
    """Appends to the log of a folder.

    Attributes
    ----------
    full : bool
        Whether the disk had no room for some of it.
    """

    def __init__(self, folder: str) -> None:
        self._folder, self.full = folder, False
        found = pieces(folder)
        start, length, path = found[-1] if found else (0, 0, os.path.join(folder, "log.txt"))
        self._end = start + length
        self._room = (PIECE if start else HEAD) - length
        self._kept = [path for start, _, path in found if start]
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)

    def write(self, data: bytes) -> None:
        """Append; what finds no room on the disk is left out."""
        view = memoryview(data)
        while view:
            try:
                if self._room <= 0:
                    self._next()
                count = os.write(self._handle, view[: self._room])
            except OSError as error:
                self.full = self.full or error.errno in FULL
                return
            self._room -= count
            self._end += count
            view = view[count:]

    def _next(self) -> None:
        """Begin another piece, and forget the oldest."""
        path = os.path.join(self._folder, f"log.{self._end}.txt")
        while len(self._kept) >= KEPT:
            os.unlink(self._kept.pop(0))
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        os.close(self._handle)
        self._handle, self._room = handle, PIECE
        self._kept.append(path)
