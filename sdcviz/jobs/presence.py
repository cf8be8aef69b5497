"""Whether somebody on this machine keeps the jobs of a database; a lock file says so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import zlib
from pathlib import Path

from ..errors import StorageError
from ..settings import get_settings

__all__ = ["Presence", "bell", "is_kept", "is_served", "leave_keeper"]


def bell(url: str) -> tuple[Path, str]:
    """Return folder and name of the bells of a database."""
    file = _file(url, "bell")
    return file.parent, file.name


def _file(url: str, kind: str) -> Path:
    folder = get_settings().data_dir / "jobs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"{folder}: the folder of jobs can't be made ({error.strerror}); set SDCVIZ_DATA_DIR "
            "to a folder of yours."
        ) from error
    return folder / f"{kind}.{zlib.crc32(url.encode()):08x}"


class Presence:
    """Says that this process keeps jobs; it ends with the process, however that ends.

    Parameters
    ----------
    url : str
        Address of the database.
    serves : bool
        Whether it keeps all jobs, and not only those that were asked to go on without a server.
    """

    def __init__(self, url: str, serves: bool) -> None:
        self._files = [
            _file(url, kind) for kind in (["keeper", "server"] if serves else ["keeper"])
        ]
        self._handles: list[int] = []

    def begin(self) -> None:
        """Say so from now on."""
        for file in self._files:
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            fcntl.flock(handle, fcntl.LOCK_SH)
            self._handles.append(handle)

    def end(self) -> None:
        """Say so no more."""
        while self._handles:
            os.close(self._handles.pop())


def is_kept(url: str) -> bool:
    """Whether a process of this machine keeps the jobs of a database."""
    return _is_held(_file(url, "keeper"))


def is_served(url: str) -> bool:
    """Whether a server does, which starts all jobs."""
    return _is_held(_file(url, "server"))


def _is_held(file: Path) -> bool:
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def leave_keeper() -> None:
    """Start a keeper in the background that ends when nothing is left to do."""
    log = get_settings().data_dir / "jobs" / "keeper.log"
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", "sdcviz.cli", "job", "keep", "--until-idle"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            cwd="/",
        )
    process.returncode = 0  # it lives on without us
