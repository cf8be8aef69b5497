"""Who keeps the jobs of a database on this machine, and waking them.

Each keeper listens to a named pipe in the data folder: it can be opened for writing only as long
as somebody does, so that a keeper that was killed needs no cleaning up.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from ..errors import StorageError
from ..settings import get_settings

__all__ = ["Bell", "is_kept", "is_served", "leave_keeper", "ring"]


def _folder() -> Path:
    folder = get_settings().data_dir / "jobs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: the folder of jobs can't be made ({error.strerror}); set SDCVIZ_DATA_DIR "
            "to a folder of yours."
        ) from error
    return folder


def _name(url: str, kind: str) -> str:
    return f"{kind}.{zlib.crc32(url.encode()):08x}"


class Bell:
    """What a keeper listens to.

    Parameters
    ----------
    url : str
        Address of the database.
    serves : bool
        Whether it keeps all jobs, and not only those that were asked to go on without a server.

    Attributes
    ----------
    handle : int
        A file descriptor that is readable when somebody rang.
    """

    def __init__(self, url: str, serves: bool) -> None:
        name = f"{_name(url, 'server' if serves else 'keeper')}.{secrets.token_hex(8)}"
        self._path = _folder() / name
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


def _listeners(url: str, *kinds: str) -> Iterator[int]:
    """Yield what rings the bell of each keeper that lives."""
    folder = _folder()
    for path in (path for kind in kinds for path in folder.glob(f"{_name(url, kind)}.*")):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO and _is_old(path):  # its keeper was killed
                path.unlink(missing_ok=True)
            continue
        try:
            yield handle
        finally:
            os.close(handle)


def _is_old(path: Path) -> bool:
    """Whether a bell is not just being hung up."""
    try:
        return abs(time.time() - path.stat().st_mtime) > 60
    except OSError:
        return False


def is_kept(url: str) -> bool:
    """Whether a process of this machine keeps the jobs of a database."""
    return any(True for _ in _listeners(url, "server", "keeper"))


def is_served(url: str) -> bool:
    """Whether a server does, which starts all jobs."""
    return any(True for _ in _listeners(url, "server"))


def ring(url: str) -> bool:
    """Wake all who keep the jobs of a database; whether there is anybody."""
    heard = False
    for handle in _listeners(url, "server", "keeper"):
        heard = True
        with contextlib.suppress(OSError):
            os.write(handle, b"!")
    return heard


def leave_keeper() -> None:
    """Start a keeper in the background that ends when nothing is left to do."""
    with (_folder() / "keeper.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sdcviz.cli", "job", "keep", "--until-idle"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd="/",
        )
    process.returncode = 0  # it lives on without us
