"""The gridded climatology at the stations of a collection, ready for plots.

The check ``climatology`` compares with a field that the thresholds or the setting
``climatology`` name. Reading such a file for one station may take longer than a plot
may wait, so the field is interpolated once to all stations and kept as a mapped file
beside the collection: ``climatology/<snapshot>-<parameter>-<stamp>.npy``, or in the
data folder where that one may not be written.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError, StorageError
from sdcviz.observations.layout import sync_folder
from sdcviz.settings import get_settings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

    from .checks.limits import Rules, Thresholds

__all__ = ["HOW", "Climate", "Named", "climate_at", "named_climatologies", "write_climatologies"]

HOW = (
    "No gridded climatology is named. Name a NetCDF file (CF) as the setting 'climatology', or as "
    "'file' in the rules of the check 'climatology' in the thresholds."
)
"""What to do where there is none."""
_PIECE = 4_000_000
"""Numbers that are interpolated at once."""


@dataclass(frozen=True)
class Named:
    """The climatology of one parameter, as it is named.

    Attributes
    ----------
    key : str
        Parameter.
    file : Path
        The gridded file.
    places : tuple of Path
        Where its values at the stations are kept, or would be.
    """

    key: str
    file: Path
    places: tuple[Path, ...]

    @property
    def kept(self) -> Path | None:
        """Where they are; None if they were not made yet."""
        return next((place for place in self.places if place.is_file()), None)


@dataclass(frozen=True)
class Climate:
    """The climatology at one station; arrays of one length, levels without a value left out.

    Attributes
    ----------
    depth, middle : ndarray of float32
        Levels [m] and the mean.
    reach : ndarray of float32
        What the check allows on both sides of the mean: `limit` standard deviations.
        NaN where the file gives none.
    limit : float
        Standard deviations; NaN where the thresholds have none for the region.
    """

    depth: NDArray[np.float32]
    middle: NDArray[np.float32]
    reach: NDArray[np.float32]
    limit: float


def named_climatologies(
    collection: Collection, thresholds: Thresholds | None = None
) -> dict[str, Named]:
    """Find the parameters for which a climatology is named; opens no gridded file.

    Parameters
    ----------
    collection : Collection
    thresholds : Thresholds, optional
        Those of the settings by default.

    Returns
    -------
    dict of str to Named
        By parameter; empty where none is named (see `HOW`).

    Raises
    ------
    BadRequest
        If something is wrong in the thresholds.
    """
    return {key: named for key, named, _ in _named(collection, _read(thresholds))}


def _read(thresholds: Thresholds | None) -> Thresholds:
    from .checks.thresholds import read_thresholds

    return thresholds or read_thresholds()


def _named(collection: Collection, thresholds: Thresholds) -> Iterator[tuple[str, Named, Rules]]:
    from .checks.climatology import file_of

    limits = thresholds.limits.get("climatology")
    if limits is None:
        return
    for p in collection.parameters:
        rules = limits.find(p.key) if p.kind == "number" else None
        file = file_of(rules, "climatology") if rules else None
        if rules is None or file is None:
            continue
        about = [str(file.absolute()), _changed(file), repr(rules.rules), _outlines(thresholds)]
        stamp = hashlib.sha256("\n".join(about).encode()).hexdigest()[:16]
        name = f"{collection.snapshot}-{re.sub(r'[^A-Za-z0-9_]', '_', p.key)}-{stamp}.npy"
        other = get_settings().data_dir / "climatology" / collection.id
        places = (collection.path / "climatology" / name, other / name)
        yield p.key, Named(p.key, file, places), rules


def _changed(file: Path) -> str:
    try:
        about = file.stat()
    except OSError:
        return "not there"
    return f"{about.st_mtime_ns} {about.st_size}"


def _outlines(thresholds: Thresholds) -> str:
    """Tell regions apart that have the same names."""
    parts = [
        r.name.encode() + b"".join(p.tobytes() for p in r.polygons) for r in thresholds.regions
    ]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


# ---- making -------------------------------------------------------------------


def write_climatologies(
    collection: Collection, thresholds: Thresholds | None = None
) -> list[dict[str, Any]]:
    """Interpolate the named climatologies to all stations and keep them; those kept stay.

    Parameters
    ----------
    collection : Collection
    thresholds : Thresholds, optional
        Those of the settings by default.

    Returns
    -------
    list of dict
        For each parameter ``parameter``, ``file``, ``variable``, ``sd`` (name or None),
        ``limit``, ``stations`` (with a value of the climatology), ``problem`` (a sentence
        where it can't be used, else None).

    Raises
    ------
    BadRequest
        If something is wrong in the thresholds.
    StorageError
        The values can be written neither beside the collection nor in the data folder.
    """
    from .checks.climatology import grid_of

    thresholds = _read(thresholds)
    names = ("parameter", "file", "variable", "sd", "limit", "stations", "problem")
    report: list[dict[str, Any]] = []
    for key, named, rules in _named(collection, thresholds):
        report.append(dict.fromkeys(names) | {"parameter": key, "file": str(named.file)})
        try:
            grid = grid_of(rules, key, "climatology")
            assert grid is not None, "a file is named"
            kept = named.kept or _keep(collection, named, grid, rules, thresholds)
        except StorageError:
            raise
        except SdcvizError as error:
            report[-1]["problem"] = str(error)
            continue
        there = np.isfinite(_mapped(str(kept))["middle"][1:]).any(axis=1)
        report[-1] |= {
            "variable": grid.variable, "sd": grid.spread or None,
            "limit": float(rules.by_region("limit")[0]), "stations": int(there.sum()),
        }  # fmt: skip
    return report


def _keep(
    collection: Collection, named: Named, grid: Any, rules: Rules, thresholds: Thresholds
) -> Path:
    refused: OSError | None = None
    for place in named.places:
        try:
            return _write(collection, place, grid, rules, thresholds)
        except OSError as error:
            refused = refused or error
    assert refused is not None
    raise StorageError(
        f"The climatology at the stations of {collection.name} can't be kept "
        f"({refused.strerror}: {refused.filename or named.places[0].parent}); free some space, or "
        "set SDCVIZ_DATA_DIR to a folder that you may write."
    ) from refused


def _write(c: Collection, path: Path, grid: Any, rules: Rules, thresholds: Thresholds) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = len(grid.depth)
    row = np.dtype([("limit", "f4"), ("middle", "f4", (levels,)), ("reach", "f4", (levels,))])
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb") as file:
            # The first row holds the depths of the levels.
            shape = {"descr": np.lib.format.dtype_to_descr(row), "fortran_order": False,
                     "shape": (c.n_stations + 1,)}  # fmt: skip
            np.lib.format.write_array_header_1_0(file, shape)
            first = np.zeros(1, row)
            first["middle"] = grid.depth
            file.write(first.tobytes())
            step = max(1, _PIECE // levels)
            for a in range(0, c.n_stations, step):
                rows = np.arange(a, min(a + step, c.n_stations))
                file.write(_piece(c, rows, row, grid, rules, thresholds).tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    for other in path.parent.glob("*.npy"):
        old, parameter = other.name.split("-")[0], other.name.rpartition("-")[0]
        again = parameter == path.name.rpartition("-")[0] and other.name != path.name
        if again or old < c.snapshot:
            other.unlink(missing_ok=True)
    return path


def _piece(
    c: Collection, rows: NDArray[np.int64], row: np.dtype, grid: Any, rules: Rules,
    thresholds: Thresholds,
) -> NDArray:  # fmt: skip
    from .checks.climatology import limits_of

    made = np.zeros(len(rows), row)
    places = c.lon[rows], c.lat[rows], c.time[rows]
    region = thresholds.region_of(*places[:2])
    made["limit"] = limits_of(rules, region, c.bottom_depth[rows])
    made["middle"] = grid.profiles(*places)
    made["reach"] = np.nan
    if grid.has_spread:
        sd = np.maximum(grid.profiles(*places, True), float(rules.rules[0].given["least"]))
        made["reach"] = made["limit"][:, None] * sd
    return made


# ---- reading ------------------------------------------------------------------


@lru_cache(maxsize=32)
def _mapped(path: str) -> NDArray:
    # The name has a stamp of what went into the file: it never changes.
    return np.load(path, mmap_mode="r")


def climate_at(path: Path, station: int) -> Climate | None:
    """Read the climatology at a station.

    Parameters
    ----------
    path : Path
        `Named.kept`.
    station : int
        Row in the collection.

    Returns
    -------
    Climate or None
        None where the climatology has no value, or the file is gone or damaged.
    """
    try:
        mapped = _mapped(str(path))
        depth, here = mapped[0]["middle"], mapped[station + 1]
    except (OSError, ValueError, IndexError, EOFError):
        return None
    there = np.isfinite(here["middle"])
    if not there.any():
        return None
    depth, middle, reach = (
        np.array(a[there], np.float32) for a in (depth, here["middle"], here["reach"])
    )
    return Climate(depth, middle, reach, float(here["limit"]))
