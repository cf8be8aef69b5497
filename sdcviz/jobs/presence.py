"""Whether somebody on this machine keeps the jobs of a database; a lock file says so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import zlib
from pathlib import Path

from ..settings import get_settings

__all__ = ["Presence", "is_kept", "leave_keeper"]


def _file(url: str) -> Path:
    folder = get_settings().data_dir / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"keeper.{zlib.crc32(url.encode()):08x}"


class Presence:
    """Says that this process keeps jobs; it ends with the process, however that ends."""

    def __init__(self, url: str) -> None:
        self._url, self._handle = url, -1

    def begin(self) -> None:
        """Say so from now on."""
        self._handle = os.open(_file(self._url), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def end(self) -> None:
        """Say so no more."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def is_kept(url: str) -> bool:
    """Whether a process of this machine keeps the jobs of a database."""
    handle = os.open(_file(url), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
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
