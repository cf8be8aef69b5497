"""The observations of one time step, as a product keeps them or as a collection has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..errors import NotFound
from .source import decode, text_of

if TYPE_CHECKING:
    from .product import Product

__all__ = ["Used", "recipe_of", "used_of"]

_NEEDED = ("obslon", "obslat", "residual", "residual_observation", "residual_slice", "obsvalue")
_LENGTH = re.compile(r"^\s*([0-9.eE+-]+)\s*(km|m)\s*$")


@dataclass(frozen=True)
class Used:
    """Observations.

    Attributes
    ----------
    lon, lat, depth : ndarray of float64
        Without depths NaN.
    time : ndarray of datetime64[ms]
    value, residual : ndarray of float64
        Residual: observation minus product; NaN where it is not known.
    id, cruise : ndarray of str or bytes
        ``EDMO-LOCAL_CDI_ID`` and cruise; "" where they are not known.
    edmo : ndarray of int64
        Data centre, 0 where it is not known.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    depth: NDArray[np.float64]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]
    residual: NDArray[np.float64]
    id: NDArray[Any]
    cruise: NDArray[Any]
    edmo: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lon)

    def take(self, rows: NDArray[Any]) -> Used:
        """Return some of them, with texts as str."""
        return Used(*(_as_text(getattr(self, f.name)[rows]) for f in fields(self)))


def _as_text(values: NDArray[Any]) -> NDArray[Any]:
    return np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values


_kept: WeakKeyDictionary[Product, tuple[Used, NDArray[np.int64]]] = WeakKeyDictionary()
_steps: WeakKeyDictionary[Product, dict[int, Used]] = WeakKeyDictionary()
_lock = Lock()


def used_of(product: Product, step: int) -> Used:
    """Return the observations of a time step that a product of sdcviz holds.

    They are read once for each open product.

    Raises
    ------
    NotFound
        The product holds none.
    """
    with _lock:
        if product not in _kept:
            _kept[product] = _read(product)
            _steps[product] = {}
        everything, of_slice = _kept[product]
        known = _steps[product]
        if step not in known:
            # Unlike `take`, texts stay bytes: of all of them they would be large.
            rows = np.flatnonzero(of_slice == step)
            known[step] = Used(*(getattr(everything, f.name)[rows] for f in fields(Used)))
        return known[step]


def _read(product: Product) -> tuple[Used, NDArray[np.int64]]:
    from ..formats.netcdf_time import decode_time

    source = product.source
    there = source.variables
    if any(name not in there for name in _NEEDED):
        raise NotFound(f"{product.name} holds no observations with their residuals.")

    def column(name: str) -> NDArray[Any]:
        v = there[name]
        return np.asarray(decode(v, source.read(name, (slice(None),) * len(v.dims))))

    rows = column("residual_observation").astype(np.int64)
    n = len(rows)

    def numbers(name: str) -> NDArray[np.float64]:
        return column(name).astype(np.float64)[rows] if name in there else np.full(n, np.nan)

    def texts(name: str) -> NDArray[Any]:
        if name not in there:
            return np.full(n, b"", "S1")
        raw = np.ascontiguousarray(source.read(name, (slice(None), slice(None))))
        return raw.astype("S1").view(f"S{raw.shape[1]}").ravel()[rows]

    time = np.full(n, np.datetime64("NaT", "ms"))
    if "obstime" in there:
        v = there["obstime"]
        dates = decode_time(column("obstime"), v.text("units"), v.text("calendar"))
        time = dates.astype("datetime64[ms]")[rows]
    edmo = column("obsedmo").astype(np.int64)[rows] if "obsedmo" in there else np.zeros(n, int)
    found = Used(
        numbers("obslon"), numbers("obslat"), numbers("obsdepth"), time, numbers("obsvalue"),
        column("residual").astype(np.float64), texts("obsid"), texts("obscruise"), edmo,
    )  # fmt: skip
    return found, column("residual_slice").astype(np.int64)


def recipe_of(product: Product) -> dict[str, Any]:
    """Return of a product's recipe what weighs its observations.

    Returns
    -------
    dict
        ``cluster``: kilometres, metres, days; left out where all observations count alike.
    """
    import yaml

    try:
        recipe = yaml.safe_load(text_of(product.attrs.get("recipe", "")))
        weights = recipe.get("weights")
        if not isinstance(weights, Mapping):
            return {}
        across, down = (
            _metres(weights.get(name, usual))
            for name, usual in (("horizontal", None), ("vertical", "5 m"))
        )
        return {"cluster": (across / 1000, down, float(weights.get("days", 30.0)))}
    except (AttributeError, TypeError, ValueError, yaml.YAMLError):
        return {}


def _metres(given: Any) -> float:
    if isinstance(given, list | tuple) and len(given) == 1:
        given = given[0]
    if isinstance(given, int | float):
        return float(given)
    found = _LENGTH.match(str(given))
    if not found:
        raise ValueError(given)
    return float(found[1]) * (1000 if found[2] == "km" else 1)
