"""Temperature-salinity diagram with lines of equal density."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gsw
import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from .axes import Axis, Columns, axis, coloured_by, numbers, take
from .colours import GREY, Colouring, colouring
from .layers import RASTER_ABOVE, points
from .style import hint

__all__ = ["sigma0_contours", "ts_diagram"]

_ABSOLUTE = ("sa", "absolute_salinity", "derived:sa")
_CONSERVATIVE = ("ct", "conservative_temperature", "derived:ct")


def sigma0(
    salinity: Any,
    temperature: Any,
    *,
    lon: float = 0.0,
    lat: float = 45.0,
    absolute: bool = False,
    conservative: bool = False,
) -> NDArray[np.float64]:
    """Compute the potential density anomaly of water at the sea surface.

    Parameters
    ----------
    salinity, temperature : array_like
        Practical salinity and temperature [°C]; see the switches below.
    lon, lat : float
        Position, which absolute salinity depends on slightly.
    absolute : bool
        `salinity` is absolute salinity [g/kg].
    conservative : bool
        `temperature` is conservative temperature.

    Returns
    -------
    ndarray of float64
        sigma0 [kg/m³] by TEOS-10 (gsw). In situ temperature is taken as it is
        at pressure 0, as T-S diagrams do.
    """
    if absolute:
        sa = np.asarray(salinity, float)
    else:
        sa = gsw.SA_from_SP(salinity, 0, lon, np.clip(lat, -90, 90))
        # On land, where no anomaly is known, reference salinity is the best there is.
        sa = np.where(np.isfinite(sa), sa, gsw.SR_from_SP(salinity))
    ct = np.asarray(temperature, float) if conservative else gsw.CT_from_t(sa, temperature, 0)
    return np.asarray(gsw.sigma0(sa, ct), float)


def sigma0_contours(
    salinity: tuple[float, float], temperature: tuple[float, float], **where: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[tuple[float, float, float]]]:
    """Trace lines of equal density in a temperature-salinity diagram.

    Parameters
    ----------
    salinity, temperature : (float, float)
        Ranges of the diagram.
    **where
        Passed to `sigma0`: ``lon``, ``lat``, ``absolute``, ``conservative``.

    Returns
    -------
    x, y : ndarray of float64
        Salinity and temperature along all lines, NaN between lines.
    labels : list of (salinity, temperature, sigma0)
        A place near the upper end of each longer line to write its density [kg/m³].
    """
    from contourpy import LineType, contour_generator

    s = np.linspace(max(salinity[0], 0.0), max(salinity[1], 0.1), 80)
    t = np.linspace(*temperature, 80)
    density = sigma0(*np.meshgrid(s, t), **where)
    generator = contour_generator(s, t, density, line_type=LineType.ChunkCombinedNan)
    xs, ys, labels = [], [], []
    for level in _levels(float(np.nanmin(density)), float(np.nanmax(density))):
        for line in generator.lines(level)[0]:
            if line is None:
                continue
            xs += [line[:, 0], [np.nan]]
            ys += [line[:, 1], [np.nan]]
            if len(line) > 12:  # room for a number, inside of the frame
                x, y = line[-5] if line[-1, 1] > line[0, 1] else line[4]
                labels.append((float(x), float(y), level))
    if not xs:
        return np.empty(0), np.empty(0), []
    return np.concatenate(xs), np.concatenate(ys), labels


def _levels(low: float, high: float) -> list[float]:
    """Round densities between two limits, about eight."""
    for step in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0):
        if (high - low) / step <= 12:
            break
    first = np.ceil(low / step) * step
    return [round(float(v), 2) for v in np.arange(first, high, step)]


def ts_diagram(
    data: Any,
    temperature: Axis | str = "temperature",
    salinity: Axis | str = "salinity",
    *,
    colour_by: str | Axis = "depth",
    brush: Any = None,
    raster_above: int = RASTER_ABOVE,
    dynamic: bool = True,
    hooks: Sequence[Callable] = (),
) -> Any:
    """Plot temperature against salinity over lines of equal sigma0.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        Samples.
    temperature, salinity : Axis or str
        The two parameters; SA and CT are recognised by their keys.
    colour_by, brush, raster_above, dynamic
        As for `profiles`; also ``"depth"``.
    hooks : sequence of callable
        Called with plot and element when it is drawn, for example to listen
        to what a person selects.

    Returns
    -------
    holoviews element
        A sentence where no sample has both.
    """
    y, x = axis(data, temperature), axis(data, salinity)
    third = coloured_by(data, colour_by)
    columns = take(data, y, x, *third)
    if not len(columns.get("value", ())):
        return hint(f"No sample with both {y.label} and {x.label} in this selection.")
    columns["flag"] = worst_flag(columns[f"{y.key}_flag"], columns[f"{x.key}_flag"])
    colour = colouring(columns, *(third or (colour_by,)))
    ranges = diagram_ranges(numbers(columns, x), numbers(columns, y))
    where = where_is(columns, y, x)
    dots = _dots(columns, x, y, colour, brush, raster_above, dynamic, ranges, hooks)
    return (_density_lines(ranges, x, y, where) * dots).opts(shared_axes=False)


def where_is(columns: Columns, temperature: Axis, salinity: Axis) -> dict[str, Any]:
    """Tell `sigma0` where the samples are and what their values mean."""
    return {
        "lon": _middle(columns["lon"], 0.0),
        "lat": _middle(columns["lat"], 45.0),
        "absolute": salinity.key.lower() in _ABSOLUTE,
        "conservative": temperature.key.lower() in _CONSERVATIVE,
    }


def _middle(degrees: NDArray[np.float64], otherwise: float) -> float:
    known = degrees[np.isfinite(degrees)]
    return float(np.median(known)) if known.size else otherwise


def worst_flag(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.uint8]:
    """Give the flag of a pair of values: the one that casts more doubt."""
    order = np.zeros(256, np.uint8)
    for rank, code in enumerate("12068AB5Q7934"):
        order[ord(code)] = rank
    first, second = first.astype(np.uint8), second.astype(np.uint8)
    return np.where(order[second] > order[first], second, first)


def diagram_ranges(
    xs: NDArray[np.float64], ys: NDArray[np.float64]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of both axes with a margin, at least 0.5 wide."""
    out = []
    for v in (xs, ys):
        low, high = float(v.min()), float(v.max())
        margin = max(0.06 * (high - low), 0.25 - (high - low) / 2, 0.02)
        out.append((low - margin, high + margin))
    return out[0], out[1]


def _dots(
    columns: Columns,
    x: Axis,
    y: Axis,
    colour: Colouring,
    brush: Any,
    raster_above: int,
    dynamic: bool,
    ranges: tuple[tuple[float, float], tuple[float, float]],
    hooks: Sequence[Callable],
) -> Any:
    return points(
        columns,
        x,
        y,
        colour,
        brush=brush,
        raster_above=raster_above,
        dynamic=dynamic,
        hooks=hooks,
        xlim=ranges[0],
        ylim=ranges[1],
    )


def _density_lines(
    ranges: tuple[tuple[float, float], tuple[float, float]], x: Axis, y: Axis, where: dict[str, Any]
) -> hv.Overlay:
    """Contours as one broken line, with their densities written at the upper ends."""
    xs, ys, labels = sigma0_contours(*ranges, **where)
    dims = [x.dimension("x"), y.dimension("y")]
    curve = hv.Curve((xs, ys), dims[0], dims[1]).opts(
        color=GREY, line_width=1, alpha=0.7, line_dash="dashed", xlim=ranges[0], ylim=ranges[1]
    )
    table = [(s, t, f"{level:g}") for s, t, level in labels]
    written = hv.Labels(table, dims, "sigma0").opts(
        text_color=GREY, text_font_size="8pt", text_align="right", text_baseline="top"
    )
    return curve * written
