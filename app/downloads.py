"""Files that were made for a visitor to fetch, each under a name that can't be guessed."""

from __future__ import annotations

import atexit
import secrets
import shutil
import tempfile
import threading
from pathlib import Path

from sdcviz.errors import NotFound

__all__ = ["discard", "find", "new_folder", "offer"]

_offers: dict[str, Path] = {}
_lock = threading.Lock()
_root: Path | None = None


def new_folder() -> Path:
    """Make a folder for one file; all go when the server ends."""
    global _root
    with _lock:
        if _root is None:
            _root = Path(tempfile.mkdtemp(prefix="sdcviz-downloads-"))
            atexit.register(shutil.rmtree, _root, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=_root))


def offer(path: Path) -> str:
    """Let a file be fetched; return its address, relative to the page.

    Parameters
    ----------
    path : Path
        A file in a folder of `new_folder`.

    Returns
    -------
    str
        As ``"api/downloads/<32 hex digits>"``: who knows it may fetch the file.
    """
    token = secrets.token_hex(16)
    with _lock:
        _offers[token] = path
    return f"api/downloads/{token}"


def find(token: str) -> Path:
    """Return the file offered under a token.

    Raises
    ------
    NotFound
        There is none (any more).
    """
    with _lock:
        path = _offers.get(token)
    if path is None or not path.is_file():
        raise NotFound("This download is no longer there; export again.")
    return path


def discard(address: str) -> None:
    """Remove an offered file with its folder; nothing happens if it is gone already."""
    with _lock:
        path = _offers.pop(address.rpartition("/")[2], None)
    if path is not None:
        shutil.rmtree(path.parent, ignore_errors=True)
