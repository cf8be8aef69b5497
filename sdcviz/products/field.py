"""The values of a field: layers and columns, from the file or from prepared copies."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import UnreadableFile
from .grid import Grid, put_in_order
from .roles import Roles
from .source import Source, Variable

__all__ = ["Broken", "Field", "PreparedField", "SourceField"]

Broken = frozenset[tuple[int, int]]
"""Layers (time, depth) that can't be read from the file."""

_PIECE = 32_000_000  # values read at once
_LAYERS = 96_000_000  # bytes of layers that are remembered


class Field(Protocol):
    """Values of one variable on its grid.

    Attributes
    ----------
    grid : Grid
    dtype : dtype
        Single or double precision.
    """

    grid: Grid
    dtype: np.dtype[Any]

    def layer(self, t: int, z: int) -> NDArray[np.floating]:
        """Return one map (lat, lon); NaN where there is no value.

        Raises
        ------
        UnreadableFile
            This part of the file is damaged.
        """
        ...

    def columns(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], t: int | None, z: int | None
    ) -> NDArray[np.floating]:
        """Return values at grid points, all times and depths or one of them.

        Parameters
        ----------
        rows, columns : ndarray of int64
            Grid points, of one shape.
        t, z : int or None
            One step or level; all for None.

        Returns
        -------
        ndarray
            The shape of `rows`, then time unless `t` is given, then depth unless `z` is given.
            NaN also for what can't be read; `broken` tells.
        """
        ...

    def broken(self) -> Broken:
        """Return the layers that turned out to be unreadable so far."""
        ...


class SourceField:
    """Values read from the file as they are asked for.

    Parameters
    ----------
    source : Source
    roles : Roles
    variable : Variable
    grid : Grid
    """

    def __init__(self, source: Source, roles: Roles, variable: Variable, grid: Grid) -> None:
        self.source, self.roles, self.variable, self.grid = source, roles, variable, grid
        plain = not {"scale_factor", "add_offset"} & set(variable.attrs)
        single = variable.dtype == np.float32 and plain
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if single else np.float64)
        self._broken: set[tuple[int, int]] = set()
        self._layers: OrderedDict[tuple[int, int], NDArray] = OrderedDict()
        self._lock = Lock()

    def broken(self) -> Broken:
        """Return the layers that turned out to be unreadable so far."""
        return frozenset(self._broken)

    def layer(self, t: int, z: int) -> NDArray[np.floating]:
        """Return one map; see `Field.layer`."""
        with self._lock:
            known = self._layers.get((t, z))
        if known is not None:
            self.source.check()
            return known
        try:
            read = self._read({"time": slice(t, t + 1), "depth": slice(z, z + 1)})[0, 0]
        except UnreadableFile:
            self._broken.add((t, z))
            raise
        read.flags.writeable = False
        with self._lock:
            self._layers[t, z] = read
            while len(self._layers) > 1 and len(self._layers) * read.nbytes > _LAYERS:
                self._layers.popitem(last=False)
        return read

    def _read(self, wanted: dict[str, slice]) -> NDArray[np.floating]:
        return put_in_order(self.source, self.roles, self.variable, self.grid, wanted)

    def columns(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], t: int | None, z: int | None
    ) -> NDArray[np.floating]:
        """Return values at grid points; see `Field.columns`."""
        nt, nz = self.grid.shape[:2]
        times = slice(0, nt) if t is None else slice(t, t + 1)
        levels = slice(0, nz) if z is None else slice(z, z + 1)
        shape = rows.shape
        rows, columns = rows.ravel(), columns.ravel()
        size = times.stop - times.start, levels.stop - levels.start
        out = np.empty((len(rows), *size), self.dtype)
        for piece, own in _boxes(rows, columns, self.grid.shape):
            self._fill(out, piece, own, times, levels)
        out = out.reshape(*shape, *out.shape[1:])
        out = out[..., 0] if z is not None else out
        return (out[..., 0, :] if z is None else out[..., 0]) if t is not None else out

    def _fill(
        self,
        out: NDArray,
        piece: NDArray[np.int64],
        own: tuple[NDArray, NDArray, slice, slice],
        times: slice,
        levels: slice,
    ) -> None:
        """Read the box around some points, some times at once, and pick the points."""
        row, column, south, west = own
        per_time = (south.stop - south.start) * (west.stop - west.start)
        per_time *= levels.stop - levels.start
        step = max(1, _PIECE // per_time)
        for first in range(times.start, times.stop, step):
            some = slice(first, min(first + step, times.stop))
            box = {"time": some, "depth": levels, "lat": south, "lon": west}
            here = slice(first - times.start, some.stop - times.start)
            out[piece, here] = self._box(box)[..., row, column].transpose(2, 0, 1)

    def _box(self, box: dict[str, slice]) -> NDArray[np.floating]:
        """Read a box; where a part of it is damaged, layer by layer."""
        try:
            return self._read(box)
        except UnreadableFile:
            if self.source.remote:
                raise
        south, west = box["lat"], box["lon"]
        times, levels = (range(box[k].start, box[k].stop) for k in ("time", "depth"))
        shape = (len(times), len(levels), south.stop - south.start, west.stop - west.start)
        out = np.full(shape, np.nan)
        for a, t in enumerate(times):
            for b, z in enumerate(levels):
                one = {**box, "time": slice(t, t + 1), "depth": slice(z, z + 1)}
                try:
                    out[a, b] = self._read(one)[0, 0]
                except UnreadableFile:
                    self._broken.add((t, z))
        return out


def _boxes(
    rows: NDArray[np.int64], columns: NDArray[np.int64], shape: tuple[int, int, int, int]
) -> list[tuple[NDArray[np.int64], tuple[NDArray, NDArray, slice, slice]]]:
    """Group points into boxes that lie close together: a line is read in some pieces."""
    groups: list[NDArray[np.int64]] = []
    everything = np.arange(len(rows))
    waiting = [everything]
    while waiting:
        piece = waiting.pop()
        height, width = np.ptp(rows[piece]) + 1, np.ptp(columns[piece]) + 1
        wide = width > shape[3] // 2 and width > 64
        if (height * width > 64 * len(piece) or wide) and len(piece) > 8:
            axis = rows if height > width else columns
            sorted_ = piece[np.argsort(axis[piece], kind="stable")]
            half = len(sorted_) // 2
            waiting += [sorted_[:half], sorted_[half:]]
        else:
            groups.append(piece)
    return [(g, _own(rows[g], columns[g])) for g in groups]


def _own(rows: NDArray, columns: NDArray) -> tuple[NDArray, NDArray, slice, slice]:
    south, west = int(rows.min()), int(columns.min())
    return (
        rows - south,
        columns - west,
        slice(south, int(rows.max()) + 1),
        slice(west, int(columns.max()) + 1),
    )


class PreparedField:
    """Values mapped into memory, maps in one copy and columns in the other.

    Parameters
    ----------
    source : Source
        Asked whether it is still what was prepared.
    grid : Grid
    maps : ndarray, shape (time, depth, lat, lon)
    columns : ndarray, shape (lat, lon, time, depth)
    broken : frozenset of (int, int)
        Layers that could not be read.
    """

    def __init__(
        self,
        source: Source,
        grid: Grid,
        maps: NDArray[np.floating],
        columns: NDArray[np.floating],
        broken: Broken,
    ) -> None:
        self.source, self.grid, self._missing = source, grid, broken
        self.maps, self.by_column, self.dtype = maps, columns, maps.dtype

    def broken(self) -> Broken:
        """Return the layers that could not be read."""
        return self._missing

    def layer(self, t: int, z: int) -> NDArray[np.floating]:
        """Return one map; see `Field.layer`."""
        self.source.check()
        if (t, z) in self._missing:
            raise UnreadableFile(
                f"{self.source.name}: this part of the file is damaged and could not be read; "
                "fetch the file again. The rest can be used."
            )
        return self.maps[t, z]

    def columns(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64], t: int | None, z: int | None
    ) -> NDArray[np.floating]:
        """Return values at grid points; see `Field.columns`."""
        self.source.check()
        if t is None and z is None:
            return self.by_column[rows, columns]
        if t is None:
            return self.by_column[rows, columns, :, z]
        if z is None:
            return self.by_column[rows, columns, t, :]
        return self.by_column[rows, columns, t, z]
