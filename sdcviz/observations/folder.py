"""The folder of a collection while it changes: one import at a time, no leftovers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sdcviz.errors import CollectionBusy, CollectionError

__all__ = ["BUILDING", "about_of", "folder_of", "locked", "snapshots", "sweep"]

BUILDING = ".building-"
"""How the name of a snapshot begins that is not whole yet."""

_SNAPSHOT = re.compile(r"s\d{4,}")


@contextmanager
def folder_of(folder: Path) -> Iterator[None]:
    """Make the folder; take it away again if no collection came of it."""
    if folder.exists() and not folder.is_dir():
        raise CollectionError(f"{folder} is a file. Name a folder for the collection.")
    new = not folder.exists()
    if new:
        folder.mkdir(parents=True)
    elif not (folder / "collection.json").exists():
        strange = [p.name for p in folder.iterdir() if not _ours(p)]
        if strange:
            raise CollectionError(
                f"{folder} is not a collection and not empty (it holds {strange[0]}). "
                "Name a new folder or an existing collection."
            )
    try:
        yield
    finally:
        if new and not (folder / "collection.json").exists():
            with contextlib.suppress(OSError):
                shutil.rmtree(folder / "sources", ignore_errors=True)
                (folder / ".lock").unlink(missing_ok=True)
                folder.rmdir()


def _ours(path: Path) -> bool:
    return (
        path.name in {".lock", "sources"}
        or path.name.startswith(BUILDING)
        or bool(_SNAPSHOT.fullmatch(path.name))
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for one import; the lock dies with its process."""
    with open(folder / ".lock", "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            who = f" (process {holder})" if holder else ""
            raise CollectionBusy(
                f"Another import into {folder} is running{who}. "
                "Wait until it is done, or import into another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def about_of(folder: Path) -> dict[str, Any] | None:
    """Read what the folder is now; None for a new collection."""
    from sdcviz.observations.collection import read_about

    return read_about(folder) if (folder / "collection.json").exists() else None


def snapshots(folder: Path) -> list[Path]:
    """Return the folders of snapshots, the oldest first."""
    return sorted(p for p in folder.iterdir() if _SNAPSHOT.fullmatch(p.name))


def sweep(folder: Path, about: dict[str, Any] | None) -> None:
    """Remove what killed imports left, and snapshots older than the one before.

    The one before stays, as other processes may have it open.
    """
    for path in folder.iterdir():
        if path.name.startswith(BUILDING):
            shutil.rmtree(path, ignore_errors=True)
    known = [h["snapshot"] for h in about["history"]] if about else []
    for path in snapshots(folder):
        if path.name not in known[-2:]:
            shutil.rmtree(path, ignore_errors=True)
