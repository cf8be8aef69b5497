"""Where prepared copies lie, and how they are written safely.

A prepared product is a folder named after its content's fingerprint: `prepared.json`, and for
each variable `N.maps.npy` (time, depth, lat, lon) and `N.columns.npy` (lat, lon, time,
depth). It is built beside, under a lock, and renamed when it is whole.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ProductBusy
from ..storage import written_whole

__all__ = [
    "FROM_FILE",
    "GrowingArray",
    "folder_of_copies",
    "locked",
    "read_json",
    "write_json",
]

_PIECE = 1 << 24
FROM_FILE = "the product is served from its file as before"
"""What holds where copies can't be made."""


def folder_of_copies() -> Path:
    """Return the folder of the copies of all prepared products."""
    from ..settings import get_settings

    return Path(get_settings().data_dir) / "prepared"


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """Hold a folder for one preparation; the lock dies with its process.

    Raises
    ------
    ProductBusy
        Another process holds it.
    """
    with open(folder.with_name(f".{folder.name}.lock"), "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ProductBusy(
                f"{name} is being prepared by another process; wait until it is done."
            ) from None
        yield


def read_json(path: Path) -> Any:
    """Read a JSON file; None where there is none, or a damaged one."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file in one step."""
    with written_whole(path, FROM_FILE) as beside, open(beside, "wb") as file:
        file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())
        file.flush()
        os.fsync(file.fileno())


class GrowingArray:
    """An .npy file of known shape that is written from its beginning to its end.

    Ordinary writes report a full disk, where writing into a map would crash.

    Parameters
    ----------
    path : Path
    dtype : dtype
    shape : tuple of int
    done : int
        Elements that are there already and known to be good; the rest is cut off.
    """

    def __init__(self, path: Path, dtype: Any, shape: tuple[int, ...], done: int = 0) -> None:
        self.dtype, self.shape, self.done = np.dtype(dtype), shape, 0
        self._file = open(path, "r+b" if path.exists() else "w+b", buffering=0)
        head = self._header()
        size = len(head) + done * self.dtype.itemsize
        if done and os.fstat(self._file.fileno()).st_size >= size:
            self.done = done
            self._file.seek(size)
        else:
            self._file.write(head)
        self._file.truncate(self._file.tell())

    def _header(self) -> bytes:
        from io import BytesIO

        head = BytesIO()
        told = {"descr": self.dtype.str, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(head, told)
        return head.getvalue()

    def append(self, array: NDArray) -> None:
        """Write the next elements."""
        whole = np.ascontiguousarray(array, self.dtype)
        view: memoryview = whole.reshape(-1).view(np.uint8).data
        while view:
            view = view[self._file.write(view[:_PIECE]) :]
        self.done += whole.size

    def sync(self) -> None:
        """Force what was written to disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_rows(path: Path, first: int, last: int) -> NDArray:
    """Read some rows of all layers of a (time, depth, lat, lon) file, as (layer, row, lon).

    Read and not mapped: what is mapped counts as memory of the process.
    """
    with open(path, "rb", buffering=0) as file:
        np.lib.format.read_magic(file)
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        start = file.tell()
        nt, nz, ny, nx = shape
        out = np.empty((nt * nz, last - first, nx), dtype)
        run = nx * dtype.itemsize
        for k, layer in enumerate(out):
            file.seek(start + (k * ny + first) * run)
            whole: memoryview = layer.reshape(-1).view(np.uint8).data
            while whole:
                got = file.readinto(whole)
                if not got:
                    raise OSError(f"{path.name} is shorter than it should be")
                whole = whole[got:]
        return out
