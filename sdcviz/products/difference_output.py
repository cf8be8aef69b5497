"""What a difference gives: statistics, and the arrays that are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .areas import cell_areas
from .difference_words import ways_of

if TYPE_CHECKING:
    import xarray as xr

    from .difference import Difference

__all__ = ["array_of_difference", "dataset_of", "statistics_of"]


def statistics_of(found: Difference) -> dict[str, Any]:
    """Sum up a difference; see `Difference.statistics`."""
    whole, sd = found.whole, found.planes[2]
    there = np.isfinite(whole)
    told: dict[str, Any] = {"cells": int(there.sum())}
    if not told["cells"]:
        nothing = ("mean", "sd", "rms", "least", "most", "beyond")
        return told | dict.fromkeys(nothing) | {"with_error": 0, "masked": 0}
    weight = np.ones(told["cells"]) if found.grid.curvilinear else cell_areas(found.grid)[there]
    values = whole[there].astype(np.float64)
    mean = float(np.average(values, weights=weight))
    square = float(np.average(values**2, weights=weight))
    told |= {
        "mean": mean, "sd": max(square - mean**2, 0.0) ** 0.5, "rms": square**0.5,
        "least": float(values.min()), "most": float(values.max()),
    }  # fmt: skip
    known = there & np.isfinite(sd) if sd is not None else np.zeros_like(there)
    masked, n = int((found.masked & there).sum()), int(known.sum())
    return told | {"with_error": n, "masked": masked, "beyond": (n - masked) / n if n else None}


def array_of_difference(found: Difference) -> xr.DataArray:
    """Return a difference as (lat, lon), masked if `within`."""
    made = found.first.array()
    told = {k: v for k, v in made.attrs.items() if k not in ("standard_name", "cell_methods")}
    told |= {
        "long_name": found.label, "comment": found.sentence,
        "interpolation": "; ".join(ways_of(found)) or "none: both lie on the same points",
        "title": f"{found.names[0]} minus {found.names[1]}",
        "source": f"{found.first.product.path}; {found.second.product.path}",
    }  # fmt: skip
    made = made.copy(data=found.plane())
    made.attrs = told
    return made.rename("difference")


def dataset_of(found: Difference) -> xr.Dataset:
    """Return a difference with what it was made of; see `Difference.dataset`."""
    array = found.array()
    a, b, sd = found.planes
    unit = {"units": array.attrs["units"]}
    whole = array.to_dataset()
    for name, values, layer in (("first", a, found.first), ("second", b, found.second)):
        told = unit | {"long_name": f"{layer.label}, {found.names[name == 'second']}"}
        whole[name] = (array.dims, values, told)
    if sd is not None:
        told = unit | {"long_name": "combined error (one standard deviation)"}
        whole["error"] = (array.dims, sd, told)
        flags = {"flag_values": np.array([0, 1], "i1"), "flag_meanings": "beyond within"}
        said = {"long_name": "whether the difference lies within the combined error", **flags}
        whole["within_error"] = (array.dims, found.masked.astype("i1"), said)
    kept_attrs = ("Conventions", "title", "source", "history", "mask")
    whole.attrs = {k: array.attrs[k] for k in kept_attrs if k in array.attrs}
    whole.attrs |= {"sentence": found.sentence}
    whole.attrs |= {k: v for k, v in found.statistics().items() if v is not None}
    return whole
