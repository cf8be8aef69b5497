"""What lies where in a collection folder, and how it is written safely.

A collection is a folder with `collection.json` (which snapshot is current),
snapshot folders ``s0001``, ``s0002`` ... that never change once they have
their name, and `sources/` with compressed copies of the text files. Nothing
is ever written into a memory map: a full disk must be an error, not a crash.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from sdcviz import storage
from sdcviz.errors import CollectionError

__all__ = [
    "BLOCK",
    "SCHEMA",
    "Labels",
    "not_readable",
    "read_json",
    "read_npy",
    "storage_errors",
    "sync_folder",
    "write_bytes",
    "write_json",
    "write_labels",
    "write_npy",
]

SCHEMA = 1
"""Version of the folder's layout; a higher one is refused with `NewerCollection`."""

BLOCK = 16384
"""Stations in one block of the index."""

_PIECE = 1 << 24


def storage_errors(folder: Path) -> AbstractContextManager[None]:
    """Turn what goes wrong with the disk of an import into a sentence; see `sdcviz.storage`."""
    return storage.storage_errors(folder, "nothing was imported; what was there before is intact")


def not_readable(error: PermissionError, folder: Path) -> CollectionError:
    """Tell a collection that may not be read from one that is damaged."""
    return CollectionError(
        f"The collection {folder} can't be opened: no permission to read "
        f"{error.filename or folder}. Ask its owner for the right to read the folder and its files."
    )


def read_json(path: Path) -> Any:
    """Read a JSON file (UTF-8)."""
    return json.loads(path.read_bytes())


def write_json(path: Path, content: Any) -> None:
    """Write JSON beside `path` and replace it in one step, so no reader sees half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(file: BinaryIO | FileIO, array: NDArray) -> None:
    """Write all bytes of a contiguous array to an unbuffered file, piece by piece."""
    if not array.size:
        return  # an empty array has no bytes to view
    view: memoryview = array.reshape(-1).view(np.uint8).data
    while view:
        view = view[file.write(view[:_PIECE]) :]


def write_npy(path: Path, array: NDArray) -> None:
    """Write an array as .npy through ordinary writes, which report a full disk."""
    array = np.ascontiguousarray(array)
    with open(path, "wb", buffering=0) as file:
        np.lib.format.write_array_header_1_0(
            file,
            {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape},
        )
        write_bytes(file, array)


def read_npy(path: Path, private: bool = False) -> NDArray:
    """Map an array read-only, or so that changes stay in memory; an empty one is simply loaded."""
    try:
        return np.asarray(np.load(path, mmap_mode="c" if private else "r"))
    except ValueError:
        array = np.load(path)  # an empty file can't be mapped
        array.flags.writeable = False
        return array


class Labels(Sequence[str]):
    """A list of texts that stays on disk and is decoded as it is asked.

    Parameters
    ----------
    text : ndarray of uint8
        All texts in UTF-8, one after another.
    ends : ndarray of int64
        Where each text ends.
    """

    def __init__(self, text: NDArray[np.uint8], ends: NDArray[np.int64]) -> None:
        self._text, self._ends = text, ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [self[j] for j in range(*i.indices(len(self)))]
        n = len(self._ends)
        if i < 0:
            i += n
        if not 0 <= i < n:
            raise IndexError(i)
        start = self._ends[i - 1] if i else 0
        return self._text[start : self._ends[i]].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        whole = self._text.tobytes()
        start = 0
        for end in self._ends.tolist():
            yield whole[start:end].decode()
            start = end

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def write_labels(folder: Path, stem: str, labels: Sequence[str]) -> None:
    """Write texts as one UTF-8 blob and their ends."""
    encoded = [label.encode("utf-8", "replace") for label in labels]
    ends = np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)))
    write_npy(folder / f"{stem}.text.npy", np.frombuffer(b"".join(encoded), np.uint8))
    write_npy(folder / f"{stem}.ends.npy", ends.astype(np.int64))


def read_labels(folder: Path, stem: str) -> Labels:
    """Open texts written by `write_labels`."""
    return Labels(read_npy(folder / f"{stem}.text.npy"), read_npy(folder / f"{stem}.ends.npy"))
