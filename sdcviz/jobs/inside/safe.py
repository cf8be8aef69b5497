"""Files of a job folder, for a server with more rights than the job that writes there."""

from __future__ import annotations

import contextlib
import os
import stat

__all__ = ["regular", "write_anew"]


def regular(path: str, flags: int) -> int:
    """Open a file of a job folder: for the ``opener`` of `open`.

    A link would lead to files that the job may not read itself, a pipe would never answer.
    """
    handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(f"{path} is no file")
    return handle


def write_anew(path: str, data: bytes) -> None:
    """Write a file in the place of whatever the job may have put there, such as a link."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o644), "wb") as file:
        file.write(data)
