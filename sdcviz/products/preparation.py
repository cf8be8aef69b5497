"""Two memory-mapped copies of a product, so that every extraction is immediate.

Maps are copied layer by layer; columns then come out of the maps by blocks of rows, which
lie one after another in that copy. So both are written from beginning to end, the memory
does not grow with the product, and what was broken off goes on where it was.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import StorageError, UnreadableFile
from ..storage import storage_errors
from .copies import SCHEMA, Plan, Prepared, bytes_of, draft_of, find_prepared, kind_of, plan
from .grid import Grid, put_in_order
from .several import SeveralSource
from .source import NetCDFSource
from .store import (
    FROM_FILE,
    GrowingArray,
    locked,
    read_json,
    read_rows,
    write_json,
)

if TYPE_CHECKING:
    from .product import Product

__all__ = ["prepare"]

BLOCK_BYTES = 128_000_000
"""Of rows that are turned into columns at once; twice as much is in memory."""

LAYER_BYTES = 64_000_000
"""Of layers that are read at once."""

CHUNK_BYTES = 300_000_000
"""Of unpacked chunks that are remembered, where they hold several times."""

_SYNC_BYTES = 256_000_000

Progress = Callable[[int, int, str], None]


# ---- making ------------------------------------------------------------------------
def prepare(
    product: Product, *, progress: Progress | None = None, variables: Sequence[str] | None = None
) -> Plan:
    """Make the copies of a product, or finish those that were begun.

    Parameters
    ----------
    product : Product
    progress : callable, optional
        Gets ``(done, total, text)``; the unit is a megabyte.
    variables : sequence of str, optional
        Fields to copy, each with its error; all by default.

    Returns
    -------
    Plan
        What was made.

    Raises
    ------
    StorageError
        The disk is too small; nothing was written.
    ProductBusy
        Another process is at it.
    ProductChanged
        The file was replaced meanwhile.
    """
    wanted = plan(product, variables)
    there = find_prepared(product.source, product.roles)
    if there is not None and set(wanted.variables) <= set(there.variables):
        return wanted
    if not wanted.fits:
        raise StorageError(f"{product.name} can't be prepared: {wanted.too_small()}")
    with storage_errors(wanted.folder.parent, FROM_FILE):
        wanted.folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(wanted.folder, product.name):
            _Preparation(product, wanted, there, progress).run()
    return wanted


class _Preparation:
    """One run; all that is known of it is in `progress.json` of its folder."""

    def __init__(
        self, product: Product, wanted: Plan, there: Prepared | None, progress: Progress | None
    ) -> None:
        self.product, self.wanted, self.tell = product, wanted, progress
        self.folder = draft_of(wanted.folder)
        self.there = there
        self.done_bytes = 0

    def run(self) -> None:
        self.folder.mkdir(exist_ok=True)
        state = read_json(self.folder / "progress.json") or {}
        if state.get("schema") != SCHEMA:
            state = self._about({})
        self.state = state
        made = {}
        for name in self.wanted.variables:
            made[name] = self._taken_over(name) or self._variable(name)
        self.product.source.check()
        write_json(self.folder / "prepared.json", self._about(made))
        self._publish()

    def _about(self, made: dict[str, Any]) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "source": self.product.path,
            "fingerprint": self.product.source.fingerprint(),
            "variables": made,
        }

    def _publish(self) -> None:
        (self.folder / "progress.json").unlink(missing_ok=True)
        final = self.wanted.folder
        old = final.with_name(f"{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            os.rename(final, old)  # readers keep what they have mapped
        os.rename(self.folder, final)
        shutil.rmtree(old, ignore_errors=True)
        self._sweep()

    def _sweep(self) -> None:
        """Remove the copies of what the file held before it was replaced."""
        for folder in self.wanted.folder.parent.iterdir():
            about = read_json(folder / "prepared.json") or read_json(folder / "progress.json")
            mine = about and about.get("source") == self.product.path
            if mine and about.get("fingerprint") != self.product.source.fingerprint():
                shutil.rmtree(folder, ignore_errors=True)

    def _taken_over(self, name: str) -> dict[str, Any] | None:
        """Link copies that an earlier preparation of other variables has made."""
        entry = self.there.variables.get(name) if self.there else None
        if entry is None or self.there is None:
            return None
        stem = self._stem(name)
        for what in ("maps", "columns"):
            new = self.folder / f"{stem}.{what}.npy"
            new.unlink(missing_ok=True)
            os.link(self.there.folder / f"{entry['stem']}.{what}.npy", new)
        self.done_bytes += 2 * bytes_of(self.product, name)
        return {**entry, "stem": stem}

    def _stem(self, name: str) -> str:
        """Name the files of a variable by its place in the file: names may have blanks."""
        return f"v{list(self.product.source.variables).index(name):04d}"

    def _variable(self, name: str) -> dict[str, Any]:
        stem, grid = self._stem(name), self.product.grid(name)
        kind = kind_of(self.product, name)
        state = self.state["variables"].setdefault(name, {"maps": 0, "columns": 0, "broken": []})
        start = self.done_bytes
        self._maps(name, stem, grid, kind, state)
        self.done_bytes = start + bytes_of(self.product, name)
        self._columns(name, stem, grid, kind, state)
        self.done_bytes = start + 2 * bytes_of(self.product, name)
        return {
            "stem": stem,
            "shape": grid.shape,
            "dtype": kind.str,
            "broken": sorted(state["broken"]),
        }

    def _maps(
        self, name: str, stem: str, grid: Grid, kind: np.dtype, state: dict[str, Any]
    ) -> None:
        nt, nz, ny, nx = grid.shape
        layer = ny * nx
        out = GrowingArray(self.folder / f"{stem}.maps.npy", kind, grid.shape, state["maps"])
        start, since = self.done_bytes, 0
        roles, source = self.product.roles, self.product.source
        times = [d for d, k in roles.axes.items() if k == "time"]
        if times and isinstance(source, NetCDFSource | SeveralSource):
            source.keep_chunks(name, times[0], CHUNK_BYTES)
        try:
            at = out.done // layer
            while at < nt * nz:
                t, z = divmod(at, nz)
                some = min(nz - z, max(1, LAYER_BYTES // (layer * 8)))
                out.append(self._layers(name, grid, t, z, some, state))
                at += some
                since += some * layer * kind.itemsize
                if since > _SYNC_BYTES:
                    since = 0
                    self._keep(out, state, "maps")
                self._told(start + out.done * kind.itemsize, f"{name}: maps")
            self._keep(out, state, "maps")
        finally:
            out.close()

    def _layers(
        self, name: str, grid: Grid, t: int, z: int, some: int, state: dict[str, Any]
    ) -> NDArray:
        """Read some levels of one time; damaged ones are NaN and noted."""
        product = self.product
        variable = product.source.variables[name]

        def read(first: int, last: int) -> NDArray:
            box = {"time": slice(t, t + 1), "depth": slice(first, last)}
            return put_in_order(product.source, product.roles, variable, grid, box)[0]

        try:
            return read(z, z + some)
        except UnreadableFile:
            out = np.full((some, *grid.shape[2:]), np.nan)
            for k in range(some):
                try:
                    out[k] = read(z + k, z + k + 1)[0]
                except UnreadableFile:
                    if [t, z + k] not in state["broken"]:
                        state["broken"].append([t, z + k])
            return out

    def _columns(
        self, name: str, stem: str, grid: Grid, kind: np.dtype, state: dict[str, Any]
    ) -> None:
        from .kernels import turn

        nt, nz, ny, nx = grid.shape
        row = nt * nz * nx
        step = max(1, min(ny, BLOCK_BYTES // (row * kind.itemsize)))
        out = GrowingArray(
            self.folder / f"{stem}.columns.npy", kind, (ny, nx, nt, nz), state["columns"]
        )  # fmt: skip
        start = self.done_bytes
        try:
            for first in range(out.done // row, ny, step):
                block = read_rows(self.folder / f"{stem}.maps.npy", first, min(first + step, ny))
                out.append(turn(block.reshape(nt * nz, -1)))
                self._keep(out, state, "columns")
                self._told(start + out.done * kind.itemsize, f"{name}: columns")
        finally:
            out.close()

    def _keep(self, out: GrowingArray, state: dict[str, Any], what: str) -> None:
        out.sync()
        state[what] = out.done
        write_json(self.folder / "progress.json", self.state)

    def _told(self, done: int, text: str) -> None:
        if self.tell is not None:
            total = max(1, self.wanted.bytes // 1_000_000)
            self.tell(min(total, done // 1_000_000), total, text)
