"""Files that visitors send: a folder for each visitor, one inside for each delivery.

The page's component sends every file by HTTP (`app/server/uploads.py`), straight
to the disk, so that a big file is never held in the server's memory.
"""

from __future__ import annotations

import re
import secrets
import shutil
import time
import unicodedata
from pathlib import Path

from sdcviz.errors import BadRequest
from sdcviz.settings import get_settings

__all__ = ["delivery_folder", "discard", "new_delivery", "safe_target", "sweep"]

_HANDLE = re.compile(r"[0-9a-f]{32}")
_DELIVERY = re.compile(r"[0-9a-f]{16}")
_DAY = 24 * 3600.0
_LONGEST = 200


def _root() -> Path:
    return get_settings().data_dir / "uploads"


def new_delivery() -> str:
    """Return a name for a new delivery, which can't be guessed."""
    return secrets.token_hex(8)


def delivery_folder(handle: str, delivery: str) -> Path:
    """Return the folder of one delivery of the visitor with this handle.

    Raises
    ------
    BadRequest
        If either is not of the form that this server gives out.
    """
    if not _HANDLE.fullmatch(handle) or not _DELIVERY.fullmatch(delivery):
        raise BadRequest("The upload does not belong to an open page; reload the page.")
    return _root() / handle / delivery


def safe_target(folder: Path, name: str) -> Path:
    """Return where the file that the browser calls `name` goes inside `folder`.

    Parameters
    ----------
    folder : Path
        Folder of the delivery.
    name : str
        Name with the folders that it had at the visitor's, separated by ``/``.

    Raises
    ------
    BadRequest
        If the name leads out of the folder or can't be a file name.
    """
    parts = [unicodedata.normalize("NFC", part) for part in name.split("/") if part]
    for part in parts:
        if part in {".", ".."} or "\\" in part or not part.isprintable():
            raise BadRequest(f"The file name {name!r} can't be used; rename the file.")
        if len(part.encode()) > _LONGEST:
            raise BadRequest(f"The file name {part[:40]!r}... is too long; rename the file.")
    if not parts or len(parts) > 20:
        raise BadRequest(f"The file name {name[:40]!r} can't be used; rename the file.")
    return folder.joinpath(*parts)


def discard(folder: Path) -> None:
    """Remove a delivery, and the visitor's folder where it is the last one."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.parent.rmdir()
    except OSError:
        return


def sweep(older_than: float = _DAY) -> int:
    """Remove deliveries that nobody came back for; returns how many."""
    limit = time.time() - older_than
    gone = 0
    for folder in _root().glob("*/*"):
        if folder.stat().st_mtime < limit:
            discard(folder)
            gone += 1
    return gone
