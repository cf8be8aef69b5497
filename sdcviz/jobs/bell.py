"""Wake keepers of this machine, in whatever process: each has a named pipe in the data folder."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

__all__ = ["Bell", "ring_all"]


class Bell:
    """What a keeper listens to.

    Parameters
    ----------
    folder : Path
    name : str
        Common to all keepers of a database.

    Attributes
    ----------
    handle : int
        A file descriptor that is readable when somebody rang.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
        try:
            os.mkfifo(self._path, 0o600)
            # Also for writing: else it would count as closed whenever nobody rings.
            self.handle = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            self._in = self.handle
        except OSError:  # a file system without such pipes: only this process can ring
            self.handle, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def ring(self) -> None:
        """Wake its listener."""
        with contextlib.suppress(OSError):
            os.write(self._in, b"!")

    def hush(self) -> None:
        """Forget who rang."""
        with contextlib.suppress(OSError):
            os.read(self.handle, 4096)

    def close(self) -> None:
        """Listen no more."""
        self._path.unlink(missing_ok=True)
        for handle in {self.handle, self._in}:
            os.close(handle)


def ring_all(folder: Path, name: str) -> None:
    """Wake all keepers of a database; what was left by one that was killed is removed."""
    for path in folder.glob(f"{name}.*"):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody listens
                path.unlink(missing_ok=True)
            continue
        with contextlib.suppress(OSError):
            os.write(handle, b"!")
        os.close(handle)
