"""Files that appear whole or not at all, and what a disk that refuses is told as.

Every room writes through these: a full disk or a folder that may not be written is one sentence,
and what was there before stays.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import StorageError

__all__ = ["storage_errors", "written_whole"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}
PART = ".part"
_NETCDF = "NetCDF: HDF error"
"""All that the library tells of a full disk, in a RuntimeError."""


@contextmanager
def storage_errors(path: Path | str, outcome: str = "") -> Iterator[None]:
    """Turn what the system says of a disk into a sentence.

    Parameters
    ----------
    path : path-like
        File or folder that is being written.
    outcome : str
        What holds now, such as "nothing was imported".

    Raises
    ------
    StorageError
        In place of the system's error.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(_sentence(path, error, outcome)) from error
    except RuntimeError as error:
        if _NETCDF not in str(error):
            raise
        raise StorageError(_sentence(path, error, outcome)) from error


@contextmanager
def written_whole(path: Path, outcome: str = "") -> Iterator[Path]:
    """Give a name beside a file; what is written there takes its place when all is well.

    Parameters
    ----------
    path : Path
        The folder has to be there.
    outcome : str
        See `storage_errors`.

    Yields
    ------
    Path
        Nothing of it stays after an error.
    """
    # No ending of a product or figure: who lists a folder passes it by.
    beside = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    with storage_errors(path, outcome):
        try:
            yield beside
            os.replace(beside, path)
        finally:
            with suppress(OSError):
                beside.unlink()


def _sentence(path: Path | str, error: OSError | RuntimeError, outcome: str) -> str:
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    held = f", {outcome}" if outcome else ""
    if number in _NO_ROOM:
        return (
            f"The disk that holds {path} is full{held}. Free some space or choose another folder."
        )
    folder = Path(path).parent
    # The library for NetCDF calls a folder that is not there one without permission.
    if number in {*_NO_RIGHT, errno.ENOENT} and not folder.exists():
        return f"{path} can't be written: there is no folder {folder}{held}."
    if number in _NO_RIGHT:
        name = str(getattr(error, "filename", None) or path)
        return (
            f"{path if name.endswith(PART) else name} may not be written ({reason}){held}. Choose "
            "a folder in which you have write permission."
        )
    return f"{path} can't be written ({reason}){held}. Free some space or choose another folder."
