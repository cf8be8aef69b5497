"""Products in a Zarr store; the library comes with ``pip install 'sdcviz[zarr]'``."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, ProductChanged, UnreadableFile
from .source import Index, Variable

__all__ = ["ZarrSource", "is_zarr"]

_MARKS = ("zarr.json", ".zgroup", ".zmetadata")


def is_zarr(folder: Path) -> bool:
    """Tell whether a folder is a Zarr store."""
    return any((folder / mark).is_file() for mark in _MARKS)


class ZarrSource:
    """A Zarr store of either format, as xarray writes them.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    BadRequest
        The library is missing.
    UnreadableFile
        The store is damaged.
    """

    remote = False

    def __init__(self, path: Path | str) -> None:
        self.folder = Path(path).expanduser().absolute()
        self.path, self.name = str(self.folder), self.folder.name
        try:
            import zarr
        except ImportError:
            raise BadRequest(
                f"{self.name} is a Zarr store: pip install 'sdcviz[zarr]' to read it."
            ) from None
        self._state = self._stat()
        try:
            self._group: Any = zarr.open_group(self.path, mode="r")
            self.attrs: Mapping[str, Any] = dict(self._group.attrs)
            self.variables: Mapping[str, Variable] = {
                name: _declared(name, array) for name, array in self._group.arrays()
            }
        except Exception as error:
            raise UnreadableFile(
                f"{self.name}: the Zarr store is damaged or not complete; fetch it again."
            ) from error

    def _stat(self) -> tuple[Any, ...]:
        found = []
        for mark in _MARKS:
            try:
                stat = os.stat(self.folder / mark)
            except FileNotFoundError:
                continue
            found.append((mark, stat.st_ino, stat.st_size, stat.st_mtime_ns))
        return tuple(found)

    def read(self, name: str, index: Index) -> NDArray:
        """Read a part of a variable as it is stored; see `Source.read`."""
        self.check()
        try:
            read = np.asarray(self._group[name][index])
        except Exception as error:
            self.check()
            raise UnreadableFile(
                f"{self.name}: a part of {name} is damaged and can't be read; "
                "fetch the store again. The rest can be used."
            ) from error
        return read

    def fingerprint(self) -> str:
        """Return a text that is another one when the store's description is."""
        told = (self.path, [(mark, size, when) for mark, _, size, when in self._state])
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]

    def check(self) -> None:
        """Raise `ProductChanged` if the store was written anew since."""
        if self._stat() != self._state:
            raise ProductChanged(f"{self.name} was replaced since it was opened; open it again.")

    def close(self) -> None:
        """Do nothing: no file stays open."""


def _declared(name: str, array: Any) -> Variable:
    attrs = dict(array.attrs)
    dims = attrs.pop("_ARRAY_DIMENSIONS", None) or getattr(array.metadata, "dimension_names", None)
    fill = attrs.get("_FillValue", array.fill_value if array.metadata.zarr_format == 2 else None)
    attrs.pop("_FillValue", None)
    if isinstance(fill, str) and np.dtype(array.dtype).kind == "f":
        try:  # xarray writes the eight bytes of a double in base 64
            fill = np.frombuffer(base64.standard_b64decode(fill), "<f8")[0]
        except ValueError:
            fill = None
    if fill is not None and np.asarray(fill).dtype.kind in "iuf":
        attrs["_FillValue"] = np.asarray(fill).astype(array.dtype)[()]
    free = tuple(f"{name}_{n}" for n in range(len(array.shape)))
    return Variable(name, tuple(dims or free), tuple(array.shape), np.dtype(array.dtype), attrs)
