"""Copies that are there, and what it takes to make them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..words import size
from .field import PreparedField
from .grid import Grid
from .roles import Roles
from .source import Source
from .store import folder_of_copies, read_json

if TYPE_CHECKING:
    from .product import Product

__all__ = ["SCHEMA", "Plan", "Prepared", "bytes_of", "draft_of", "find_prepared", "kind_of", "plan"]

SCHEMA = 1
"""Of the copies; others are made anew."""
SPARE = 200_000_000
"""Bytes that have to stay free on the disk."""


@dataclass(frozen=True)
class Prepared:
    """Copies that are whole.

    Attributes
    ----------
    folder : Path
    variables : dict of str to dict
        File stem, type and damaged layers of each variable.
    """

    folder: Path
    variables: dict[str, dict[str, Any]]

    def field(self, name: str, source: Source, grid: Grid) -> PreparedField | None:
        """Map the copies of a variable; None if it was not prepared."""
        entry = self.variables.get(name)
        if entry is None or tuple(entry["shape"]) != grid.shape:
            return None
        try:
            maps, columns = (
                np.asarray(np.load(self.folder / f"{entry['stem']}.{what}.npy", mmap_mode="r"))
                for what in ("maps", "columns")
            )
        except (OSError, ValueError):
            return None
        broken = frozenset((t, z) for t, z in entry["broken"])
        return PreparedField(source, grid, maps, columns, broken)


def find_prepared(source: Source, roles: Roles) -> Prepared | None:
    """Find the copies of what a source holds now."""
    folder = _folder(source, roles)
    about = read_json(folder / "prepared.json")
    if not about or about.get("schema") != SCHEMA:
        return None
    return Prepared(folder, about["variables"])


def _folder(source: Source, roles: Roles) -> Path:
    """Name the folder after content, axes and curvilinear coordinates."""
    told = repr((source.fingerprint(), sorted(roles.axes.items()), roles.curvilinear))
    return folder_of_copies() / hashlib.sha256(told.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Plan:
    """What a preparation makes.

    Attributes
    ----------
    folder : Path
    variables : tuple of str
    bytes : int
        Disk that the copies take.
    missing : int
        Bytes of them that are not there yet.
    free : int
        Bytes that are free on the disk.
    """

    folder: Path
    variables: tuple[str, ...]
    bytes: int
    missing: int
    free: int

    @property
    def fits(self) -> bool:
        """Whether the disk has room for them, and for some more."""
        return self.missing + SPARE <= self.free

    def too_small(self) -> str:
        """Say that the disk has no room, and what can be done."""
        return (
            f"its copies take {size(self.missing)} more in {self.folder.parent} and only "
            f"{size(self.free)} are free. Free some space, set data_dir to a larger disk, or go on "
            "without: it is served from its file, slower."
        )

    def sentence(self) -> str:
        """Say what it takes."""
        return (
            f"The two copies of {', '.join(self.variables)} take {size(self.bytes)} in "
            f"{self.folder.parent}, {size(self.free)} are free."
        )


def plan(product: Product, variables: Sequence[str] | None = None) -> Plan:
    """Say what a preparation would make, and how much disk it takes.

    Parameters
    ----------
    product : Product
    variables : sequence of str, optional
        Fields to copy, each with its error and, where they do not state their limit, its masked
        copies; all by default.
    """
    names: list[str] = []
    for name in variables if variables is not None else product.variables:
        name = product.named(name)
        roles, declared = product.roles_of(name), product.source.variables
        # Masked copies that state their limit are made of field and error when asked for.
        masked = [
            n for n in roles.masked.values()
            if not roles.error or "relative_error_threshold" not in declared[n].attrs
        ]  # fmt: skip
        names += [n for n in (name, roles.error, *masked) if n and n not in names]
    if not names:
        raise BadRequest("Name a variable to prepare.")
    folder = _folder(product.source, product.roles)
    whole = 2 * sum(bytes_of(product, n) for n in names)
    there = sum(f.stat().st_size for f in draft_of(folder).glob("*.npy"))
    home = folder.parent
    while not home.exists():
        home = home.parent
    return Plan(folder, tuple(names), whole, max(0, whole - there), shutil.disk_usage(home).free)


def bytes_of(product: Product, name: str) -> int:
    """Return the size of one copy of a variable."""
    return int(np.prod(product.grid(name).shape)) * kind_of(product, name).itemsize


def kind_of(product: Product, name: str) -> np.dtype[Any]:
    """Tell in which type a variable is kept: single unless that would lose digits."""
    v = product.source.variables[name]
    packed = v.dtype.itemsize <= 2 and "scale_factor" in v.attrs
    single = v.dtype == np.float32 or v.dtype.itemsize <= 2 or packed
    plain = not {"scale_factor", "add_offset"} & set(v.attrs)
    return np.dtype(np.float32 if single and (plain or packed) else np.float64)


def draft_of(folder: Path) -> Path:
    """Return where copies are built until they are whole."""
    return folder.with_name(f"{folder.name}.part")
