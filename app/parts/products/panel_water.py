"""Temperature against salinity: the field's water and the observations', with lines of density."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.products.window import in_time
from sdcviz.words import counted, number

from ... import shelf
from .panel_asked import MOST_DOTS, Asked, Panel, near_samples, near_stations, packed
from .panel_fields import failed
from .panel_place import when_words

if TYPE_CHECKING:
    from sdcviz.products import Product

__all__ = ["partners", "water_panels"]

_WANTED = {"T": "salinity", "S": "temperature"}
_MOST_POINTS = 20_000
"""Grid points of an area; more are thinned, and the panel says so."""


def water_panels(asked: Asked) -> list[Panel]:
    """Return the T-S diagram of place, line or area."""
    return [failed(f"{asked.subject}-water", "Temperature–salinity", _water, asked)]


def _kind(product: Product, variable: str) -> str:
    """Return T or S, or "" for anything else."""
    key = product.quantity_of(variable)
    folded = f"{key} {variable} {product.source.variables[variable].text('standard_name')}".lower()
    if key.startswith("temperature") or "temperature" in folded:
        return "T"
    return "S" if key.startswith("salinity") or "salinity" in folded else ""


def partners(asked: Asked) -> list[list[str]]:
    """List what could be the other axis: ``[id, name]``; fields of the product come first."""
    own = _kind(asked.product, asked.variable)
    if not own:
        return []
    wanted = "S" if own == "T" else "T"
    grid = asked.grid
    found = [
        [f":{name}", name]
        for name in asked.product.variables
        if _kind(asked.product, name) == wanted and asked.product.grid(name).shape == grid.shape
    ]
    # Others are opened when they are chosen; an address that hangs may not stop the panel.
    for item in shelf.known():
        if item.path != asked.product.path:
            found.append([item.id, item.name])
    return found


def _partner(asked: Asked) -> tuple[Any, str, str] | None:
    """Return product, variable and name of the partner; None where there is none yet."""
    wanted = "S" if _kind(asked.product, asked.variable) == "T" else "T"
    chosen = str(asked.choice.get("partner") or "")
    offered = partners(asked)
    if not chosen and offered and offered[0][0].startswith(":"):
        chosen = offered[0][0]
    if not chosen:
        chosen = _likely(offered, wanted)
    if not chosen:
        return None
    if chosen.startswith(":"):
        return asked.product, chosen[1:], chosen[1:]
    other = shelf.open_shared(chosen)
    for name in other.variables:
        if _kind(other, name) == wanted:
            return other, name, f"{name} of {other.name}"
    what = "salinity" if wanted == "S" else "temperature"
    raise BadRequest(f"{other.name} has no {what}; choose another product as the partner.")


def _likely(offered: list[list[str]], wanted: str) -> str:
    """Choose by name: opening all of them to look would take long."""
    words = ("salin", "psal") if wanted == "S" else ("temp",)
    return next((id for id, name in offered if any(w in name.lower() for w in words)), "")


def _water(asked: Asked) -> Panel:
    from sdcviz.plots.water import diagram_ranges, sigma0_contours

    if not _kind(asked.product, asked.variable):
        raise BadRequest(
            f"{asked.label} is neither temperature nor salinity: a T-S diagram needs both."
        )
    seen_t, seen_s, seen_z, where, note = _observed(asked)
    found, missing = _partner(asked), _WANTED[_kind(asked.product, asked.variable)]
    t, s, z, note_of_field, data = _field(asked, found)
    xs, ys = np.concatenate([s, seen_s]), np.concatenate([t, seen_t])
    known = np.isfinite(xs) & np.isfinite(ys)
    if not known.any():
        more = "" if found else f"; the product needs one of {missing.lower()} beside it"
        raise BadRequest(f"Nothing with both temperature and salinity here: {note}{more}.")
    ranges = diagram_ranges(xs[known], ys[known])
    lines_x, lines_y, labels = sigma0_contours(*ranges, lon=where[0], lat=where[1])
    deepest = float(np.nanmax(np.concatenate([z, seen_z, [1.0]])))
    some = np.arange(len(seen_t))
    if len(some) > MOST_DOTS:
        some = np.linspace(0, len(some) - 1, MOST_DOTS).astype(np.int64)
        note += f", {number(MOST_DOTS)} of them drawn"
    from sdcviz.plots.colours import colormap

    if found is None:
        note += " · no field: choose the product with the other quantity above"
    shown = {
        "kind": "xy", "title": "Temperature–salinity", "big": True,
        "x": {"is": "salinity", "label": "Salinity", "low": ranges[0][0], "high": ranges[0][1]},
        "y": {"is": "temperature", "label": "Temperature [°C]", "low": ranges[1][0],
              "high": ranges[1][1]},
        "colour": {"palette": list(colormap("deep", 320)[60:290]), "low": 0.0,
                   "high": deepest, "stretched": True,
                   "title": f"Depth [{asked.grid.depth_unit}]", "above": False, "below": False},
        "layers": [
            {"type": "contour", "x": packed(lines_x), "y": packed(lines_y),
             "labels": [[a, b, f"{c:g}"] for a, b, c in labels]},
            {"type": "dots", "x": packed(seen_s[some]), "y": packed(seen_t[some]),
             "c": packed(seen_z[some]), "small": True},
            *([{"type": "line", "x": packed(s), "y": packed(t), "path": True}]
              if asked.subject == "place" else []),
            {"type": "dots", "x": packed(s), "y": packed(t), "c": packed(z), "square": True,
             "depth": True},
        ],
        "note": note,
        "about": f"Squares: {note_of_field} Dots: observations. Lines: sigma0 [kg/m³] (TEOS-10, "
        "in situ temperature taken at the surface).",
        "partners": partners(asked), "partner": str(asked.choice.get("partner") or ""),
        "wanted": f"{missing} of",
    }  # fmt: skip
    call = {"method": "ts", "arguments": _arguments(asked, found)}
    return Panel(f"{asked.subject}-water", shown, data, call)


def _arguments(asked: Asked, found: tuple[Any, str, str] | None) -> dict[str, Any]:
    """Return the arguments of `sdcviz.products.temperature_salinity` that give the field."""
    given: dict[str, Any] = {"variable": asked.variable, "mask": asked.mask, **asked.how}
    if asked.grid.has_time:
        given["time"] = asked.step
    if found is not None:
        given |= {"partner": found[1], "other": found[0] if found[0] is not asked.product else None}
    if asked.subject == "place" and asked.place is not None:
        return given | {"lon": asked.place[0], "lat": asked.place[1]}
    if asked.subject == "line":
        return given | {"line": asked.line, "points": 60}
    return given | {"area": asked.area}


# ---- the field --------------------------------------------------------------------------
def _field(
    asked: Asked, found: tuple[Any, str, str] | None
) -> tuple[NDArray, NDArray, NDArray, str, Any]:
    import xarray as xr

    nothing = np.empty(0)
    if found is None:
        told = "none, since the product with the other quantity is not chosen."
        return nothing, nothing, nothing, told, None
    other, variable, name = found
    lon, lat = _points(asked)
    depth = asked.grid.depth if asked.grid.has_depth else np.array([0.0])
    n, nz = len(lon), len(depth)
    places = {
        "lon": np.repeat(lon, nz), "lat": np.repeat(lat, nz), "depth": np.tile(depth, n),
    }  # fmt: skip
    times = asked.grid.times
    when = np.full(n * nz, _moment(times, asked.step))
    given = places | {"time": when}
    own = asked.product.at(given, variable=asked.variable, mask=asked.mask, **asked.how)
    nearest: Any = {"interpolation": "nearest"} if other.grid(variable).curvilinear else {}
    theirs = other.at(given, variable=variable, **nearest)
    a, b = own["value"].to_numpy(), theirs["value"].to_numpy()
    both = np.isfinite(a) & np.isfinite(b)
    a, b, z = a[both], b[both], places["depth"][both]
    data = xr.Dataset(
        {
            asked.variable: ("point", a, own["value"].attrs),
            variable if variable != asked.variable else "partner": (
                "point", b, theirs["value"].attrs
            ),
        },
        {k: ("point", v[both]) for k, v in places.items()},
        dict(own.attrs) | {"title": "Temperature and salinity of the field", "partner": other.path},
    )  # fmt: skip
    label = times.labels[asked.step] if len(times) else ""
    told = f"{counted(len(a), 'point')} of the field{f' in {label}' if label else ''} with {name}"
    told += "." if len(lon) == n else ""
    if _kind(asked.product, asked.variable) == "T":
        return a, b, z, told, data
    return b, a, z, told, data


def _moment(times: Any, step: int) -> np.datetime64:
    if len(times) and times.known and not np.isnat(times.values[step]):
        return np.datetime64(times.values[step], "ms")
    return np.datetime64("NaT", "ms")


def _points(asked: Asked) -> tuple[NDArray, NDArray]:
    """Return the columns: the place, points along the line, the grid points of the area."""
    if asked.subject == "place" and asked.place is not None:
        return np.array([asked.place[0]]), np.array([asked.place[1]])
    if asked.subject == "line":
        from sdcviz.products.lines import line_of

        track = line_of(asked.line or (), 60)
        return track.lon, track.lat
    from sdcviz.products.areas import points_in

    rows, columns = np.nonzero(points_in(asked.grid, asked.area or ()))
    every = max(1, len(rows) * max(1, len(asked.grid.depth)) // _MOST_POINTS)
    return asked.grid.lon[columns[::every]], asked.grid.lat[rows[::every]]


# ---- the observations -------------------------------------------------------------------
def _observed(asked: Asked) -> tuple[NDArray, NDArray, NDArray, tuple[float, float], str]:
    """Return temperature, salinity and depth of observations, where they are, and how many."""
    nothing = np.empty(0)
    lon, lat = _points(asked)
    where = (float(np.median(lon)), float(np.median(lat))) if len(lon) else (0.0, 45.0)
    if asked.selection is None:
        return nothing, nothing, nothing, where, "No collection is open."
    keys = asked.selection.collection.keys
    if not {"temperature", "salinity"} <= set(keys):
        return nothing, nothing, nothing, where, "The collection has not both, T and S."
    found = near_samples(asked, near_stations(asked), "temperature", "salinity")
    t, s, z = (found[k] for k in ("temperature", "salinity", "depth"))
    own = np.isfinite(t) & np.isfinite(s)
    words = "of all times"
    if asked.grid.has_time:
        own &= in_time(asked.grid.times, found["time"], asked.step, asked.window[1])
        words = when_words(asked)
    near = "in the area" if asked.subject == "area" else f"within {asked.around:g} km"
    told = f"{counted(int(own.sum()), 'observation')} {near}, {words}"
    return t[own], s[own], z[own], where, told
