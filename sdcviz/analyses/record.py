"""What a product of ours tells of its own making: recipe, observations, residuals, state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest, NotFound, UnreadableFile
from ..formats.netcdf_file import NETCDF, open_netcdf
from .model import Points
from .names import EPOCH, FILL, RELERR
from .recipe import Recipe
from .recipe_file import parse_recipe

if TYPE_CHECKING:
    from netCDF4 import Dataset

__all__ = ["Record", "read_record"]

_START = np.datetime64(EPOCH.split(" since ")[1].replace(" ", "T"), "ms")
_DAY = 86_400_000


@dataclass(frozen=True)
class Record:
    """What a product was made of.

    Attributes
    ----------
    path : Path
    recipe : Recipe
    field : str
        Name of the analysed variable.
    state : mapping
        As of `select.state_of`; empty in products of older versions.
    attrs : mapping
        Attributes of the file.
    lon, lat, depth : ndarray of float64
        Axes of the grid; `depth` is empty for a product without.
    mask : ndarray of bool, shape (nlon, nlat, ndepth or 1)
        Sea points.
    labels : tuple of str
        Names of the times.
    notes : tuple of dict
        How each time was analysed.
    """

    path: Path
    recipe: Recipe
    field: str
    state: Mapping[str, Any]
    attrs: Mapping[str, Any]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    mask: NDArray[np.bool_]
    labels: tuple[str, ...]
    notes: tuple[dict[str, Any], ...]

    @cached_property
    def points(self) -> Points:
        """The observations that were used, without identities (see `identities`)."""
        with _opened(self.path) as file:
            n = len(file.dimensions["observations"])
            lon, lat, depth, value = (
                _numbers(file, name) for name in ("obslon", "obslat", "obsdepth", "obsvalue")
            )
            time = _START + np.round(_numbers(file, "obstime") * _DAY).astype("timedelta64[ms]")
            edmo = np.asarray(file["obsedmo"][:], np.int32)
        nothing = np.full(n, "", "U1")
        return Points(lon, lat, depth, time, value, nothing, nothing, edmo)

    @cached_property
    def identities(self) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        """Identity of the station and cruise of each observation."""
        with _opened(self.path) as file:
            return _texts(file, "obsid"), _texts(file, "obscruise")

    @cached_property
    def residuals(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Observation, time slice and residual, one element a residual."""
        with _opened(self.path) as file:
            row, of = (
                np.asarray(file[name][:], np.int64)
                for name in ("residual_observation", "residual_slice")
            )
            return row, of, _numbers(file, "residual")

    def lengths(self, which: str) -> NDArray[np.float64]:
        """Return correlation lengths of the levels (metres): "horizontal" or "vertical"."""
        found = next((n[which] for n in self.notes if n.get(which)), None)
        given: Any = getattr(self.recipe.lengths, which) if found is None else found
        if isinstance(given, str):
            raise BadRequest(
                f"{self.path.name} does not tell the {which} correlation lengths that were found."
            )
        return np.broadcast_to(np.asarray(given, np.float64), (max(len(self.depth), 1),))

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.attrs.get("title") or self.path.stem)


def read_record(path: Path | str) -> Record:
    """Read what a product tells of its own making.

    Parameters
    ----------
    path : path-like
        Product of ``sdcviz divand``.

    Returns
    -------
    Record
        Observations and residuals are read when they are asked for.

    Raises
    ------
    NotFound
        There is no such file.
    UnreadableFile
        It can't be read.
    BadRequest
        It is none of ours: it holds no recipe or no observations.
    """
    path = Path(path).expanduser().absolute()
    if not path.is_file():
        raise NotFound(f"There is no product {path}.")
    with _opened(path) as file:
        attrs = {name: file.getncattr(name) for name in file.ncattrs()}
        needed = ("obslon", "obstime", "residual_observation", "slice_notes", "lon", "lat", "time")
        if "recipe" not in attrs or any(n not in file.variables for n in needed):
            raise BadRequest(
                f"{path.name} holds no recipe and observations: only products of sdcviz divand "
                "can be compared with their collection."
            )
        recipe = parse_recipe(str(attrs["recipe"]), f"The recipe in {path.name}")
        name = _field_of(file, path)
        first = np.asarray(file[name][0])
        first = first if first.ndim == 3 else first[None]
        names = ("collection_id", "collection_snapshot", "journal_batch")
        return Record(
            path,
            recipe,
            name,
            {key: attrs[key] for key in names if key in attrs},
            attrs,
            _numbers(file, "lon"),
            _numbers(file, "lat"),
            _numbers(file, "depth") if "depth" in file.variables else np.empty(0),
            (first < FILL / 10).transpose(2, 1, 0),
            tuple(_texts(file, "slice_label").tolist()),
            tuple(json.loads(text) for text in _texts(file, "slice_notes").tolist()),
        )


@contextmanager
def _opened(path: Path) -> Iterator[Dataset]:
    with NETCDF:
        try:
            file = open_netcdf(path)
        except (OSError, RuntimeError) as error:
            raise UnreadableFile(f"{path}: can't be opened as NetCDF ({error}).") from error
        with file:
            file.set_auto_mask(False)
            file.set_auto_scale(False)
            file.set_auto_chartostring(False)
            yield file


def _field_of(file: Dataset, path: Path) -> str:
    """Name the analysed variable: the first on (time, ..., lat, lon) that stands for itself."""
    for name, variable in file.variables.items():
        dims = variable.dimensions
        if dims[:1] == ("time",) and dims[-2:] == ("lat", "lon") and RELERR not in name:
            return str(name)
    raise BadRequest(f"{path.name} has no field on time, latitude and longitude.")


def _numbers(file: Dataset, name: str) -> NDArray[np.float64]:
    values = np.asarray(file[name][:], np.float64)
    return np.where(values > 1e36, np.nan, values)


def _texts(file: Dataset, name: str) -> NDArray[np.str_]:
    raw = np.ascontiguousarray(file[name][:])
    if not raw.size:
        return np.empty(len(raw), "U1")
    return np.char.decode(raw.view(f"S{raw.shape[1]}").ravel(), "utf-8", "replace")
