"""The folder beside an output that holds the slices of a run until it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import BadRequest, UnreadableFile
from ..storage import storage_errors
from .model import SliceResult

__all__ = ["Parts", "parts_of"]


class Parts:
    """Finished slices of one run.

    Parameters
    ----------
    folder : Path
        Of this very run: its name is the hash of all that decides the numbers.
    created : str
        When the run began first, ISO 8601.
    others : int
        Runs with another recipe or other observations that were not finished.
    state : dict
        What the observations were chosen of when the run began first.
    """

    def __init__(
        self, folder: Path, created: str, others: int, state: dict[str, Any] | None = None
    ) -> None:
        self.folder, self.created, self.others = folder, created, others
        self.state = state or {}

    def path(self, number: int) -> Path:
        """Return the file of a slice."""
        return self.folder / f"slice_{number:04d}.npz"

    def load(self, number: int) -> SliceResult:
        """Read a slice."""
        return SliceResult.load(self.path(number))

    def finished(self, count: int) -> list[int]:
        """List the slices that are there and whole; damaged ones are removed."""
        found = []
        for number in range(count):
            if not self.path(number).exists():
                continue
            try:
                self.load(number)
            except UnreadableFile:
                self.path(number).unlink()
                continue
            found.append(number)
        return found

    def remove(self) -> None:
        """Remove all: the product is there."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)


@contextmanager
def parts_of(out: Path, key: str, state: dict[str, Any] | None = None) -> Iterator[Parts]:
    """Open the folder ``OUT.parts`` for one run; nobody else may use it meanwhile.

    Parameters
    ----------
    out : Path
        The product to come.
    key : str
        Hash of all that decides its numbers; slices of another one are left alone.
    state : dict, optional
        What the observations are chosen of; that of the first beginning is kept, so that a run
        that goes on writes the same product.

    Yields
    ------
    Parts

    Raises
    ------
    BadRequest
        Another run writes the same product.
    StorageError
        The folder can't be written.
    """
    whole = out.with_name(f"{out.name}.parts")
    folder = whole / key[:16]
    with contextlib.ExitStack() as stack:
        with storage_errors(whole):
            folder.mkdir(parents=True, exist_ok=True)
            _lock(stack.enter_context(open(whole / "lock", "a+")).fileno(), out)
            created, state = _begin(folder / "run.json", key, state or {})
            others = sum(p.is_dir() and p != folder for p in whole.iterdir())
        try:
            yield Parts(folder, created, others, state)
        finally:
            # Nothing is worth keeping of a run that finished no slice.
            if not any(folder.glob("slice_*.npz")):
                shutil.rmtree(folder, ignore_errors=True)
                with contextlib.suppress(OSError):
                    if not any(p.is_dir() for p in whole.iterdir()):
                        shutil.rmtree(whole)


def _lock(handle: int, out: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BadRequest(
            f"Another run is writing {out}; wait for it, or choose another file."
        ) from None


def _begin(path: Path, key: str, state: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give when a run began, and of what state; noted the first time."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        begun = json.loads(path.read_text())
        return str(begun["created"]), dict(begun.get("state", {}))
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"key": key, "created": created, "state": state}))
    os.replace(part, path)
    return created, state
