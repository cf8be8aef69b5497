"""Compressed copies of text files, so that an export can return them byte for byte.

All copies of one import lie in one file, so that ten thousand small files do
not become ten thousand more.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sdcviz.errors import CollectionError

if TYPE_CHECKING:
    from sdcviz.formats.sources import Source

__all__ = ["SourceStore", "read_copy"]


_PIECE = 1 << 24


def _pieces(source: Source) -> Iterator[bytes]:
    """Give the content of a source in pieces that fit the memory."""
    if source.size <= _PIECE:
        yield source.read_bytes()
        return
    with open(source.path, "rb") as file:
        while piece := file.read(_PIECE):
            yield piece


class SourceStore:
    """Collects the copies of one import.

    Parameters
    ----------
    collection : Path
        Folder of the collection.
    building : Path
        Folder of the import that is running.
    """

    def __init__(self, collection: Path, building: Path) -> None:
        self._home = collection / "sources"
        self._name = f"{uuid.uuid4().hex}.zst"
        self._path = building / self._name
        self._file: BinaryIO | None = None
        self._codec: Any = None

    def add(self, source: Source) -> dict[str, Any]:
        """Compress a copy of a source; return where to find it."""
        import pyarrow

        if self._file is None:
            self._file = open(self._path, "wb")
            self._codec = pyarrow.Codec("zstd", compression_level=1)
        start, frames = self._file.tell(), []
        for piece in _pieces(source):
            packed = self._codec.compress(piece, asbytes=True)
            self._file.write(packed)
            frames.append([len(packed), len(piece)])
        return {"file": self._name, "start": start, "frames": frames}

    def publish(self) -> None:
        """Move the copies to their place; nothing refers to them yet."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._home.mkdir(exist_ok=True)
            os.rename(self._path, self._home / self._name)


def read_copy(collection: Path, copy: dict[str, Any]) -> bytes:
    """Return the bytes of a source as it was imported.

    Raises
    ------
    CollectionError
        The copy is missing or damaged.
    """
    import pyarrow

    path = collection / "sources" / copy["file"]
    try:
        with open(path, "rb") as file:
            file.seek(copy["start"])
            codec = pyarrow.Codec("zstd")
            return b"".join(
                codec.decompress(file.read(packed), size, asbytes=True)
                for packed, size in copy["frames"]
            )
    except OSError as error:
        raise CollectionError(
            f"The copy of a source file in {path} is missing or damaged ({error}). "
            "Import the file again into a new collection."
        ) from error
