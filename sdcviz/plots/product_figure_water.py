"""Figure of temperature against salinity: the field's water, and that of observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted
from .product_figure_look import Scale, look_of
from .product_figure_page import bar, caption_height, page
from .product_figure_parts import depth_label
from .product_figure_words import caption_of, label_of, place_words

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ts_figure"]

_COLUMNS = ("salinity", "temperature", "depth")


def ts_figure(
    found: xr.Dataset,
    *,
    observations: Mapping[str, Any] | None = None,
    window: str = "",
    **look: Any,
) -> Figure:
    """Draw temperature against salinity over lines of equal density, coloured by depth.

    Parameters
    ----------
    found : xarray.Dataset
        From `sdcviz.products.temperature_salinity.temperature_and_salinity`.
    observations : mapping, optional
        ``temperature``, ``salinity`` and ``depth`` of observations.
    window : str
        Where and when they were made, for the caption: ``"50 km, July of any year"``.
    **look
        See `Look`; `limits` and `colormap` are those of the depth.
    """
    from .water import diagram_ranges

    given = look_of({"width": "one", "colormap": "deep", **look})
    t, s = found["value"], found["salinity"]
    own = _columns(s.values, t.values, found["depth"].broadcast_like(t).transpose(*t.dims).values)
    seen = _columns(*((observations or {}).get(n, ()) for n in _COLUMNS))
    if not len(own[0]):
        raise BadRequest("There is no place with both temperature and salinity to draw.")
    ranges = diagram_ranges(*(np.append(a, b) for a, b in zip(own[:2], seen[:2], strict=True)))
    deepest = max(float(np.max(z, initial=1.0)) for z in (own[2], seen[2]))
    depths = look_of({"limits": given.limits or (0.0, deepest), "colormap": given.colormap})
    scale = Scale(own[2], {"units": "m"}, depths, over=seen[2], by="root")
    where = place_words(found) or str(found.attrs.get("time") or "")
    area = str(found.attrs.get("area") or "")
    title = "Temperature and salinity" + (f", {where}" if where else "")
    partner = str(found.attrs.get("partner") or "")
    told = [f"Area: {area}." if area else "", f"Partner: {partner}." if partner else ""]
    told.append(_sentence(len(own[0]), len(seen[0]), window))
    caption = caption_of(title, found.attrs, *told)
    tall = min(0.97 * given.millimetres, 125.0)
    with page(given, tall + caption_height(caption, given)) as made:
        made.words(title, caption)
        ax = made.figure.add_subplot()
        lon, lat = (float(np.nanmean(found[n].values)) for n in ("lon", "lat"))
        _densities(ax, ranges, lon, lat)
        look_of_dots: dict[str, Any] = {"cmap": scale.cmap, "norm": scale.norm}
        ax.scatter(
            seen[0], seen[1], c=seen[2], s=6, linewidths=0.2, edgecolors="#6a7380", zorder=2,
            rasterized=len(seen[0]) > 5000, **look_of_dots,
        )  # fmt: skip
        if found["value"].ndim == 1 and "depth" in found["value"].dims:
            ax.plot(own[0], own[1], color="#11161c", linewidth=0.6, zorder=2.5)
        drawn = ax.scatter(
            own[0], own[1], c=own[2], marker="s", s=13, linewidths=0.4, edgecolors="#11161c",
            zorder=3, rasterized=len(own[0]) > 5000, **look_of_dots,
        )  # fmt: skip
        ax.set(xlim=ranges[0], ylim=ranges[1], xlabel=label_of(s.attrs), ylabel=label_of(t.attrs))
        bar(ax, drawn, scale, depth_label(found["depth"])).ax.invert_yaxis()
    return made.figure


def _columns(s: Any, t: Any, z: Any) -> tuple[NDArray, NDArray, NDArray]:
    """Return salinity, temperature and depth of what has both."""
    columns = [np.asarray(a, float).ravel() for a in (s, t, z)]
    both = np.isfinite(columns[0] + columns[1])
    x, y, depth = (a[both] for a in columns)
    return x, y, depth


def _sentence(n: int, observed: int, window: str) -> str:
    told = f"Squares: {counted(n, 'point')} of the product"
    if observed:
        within = f" within {window}" if window else ""
        told += f"; dots: {counted(observed, 'observation')}{within}"
    return f"{told}. Dashed: sigma0 [kg/m³] by TEOS-10, in situ temperature taken at the surface."


def _densities(ax: Axes, ranges: Any, lon: float, lat: float) -> None:
    from .water import sigma0_contours

    ax.grid(visible=False)
    xs, ys, labels = sigma0_contours(*ranges, lon=lon, lat=lat)
    ax.plot(xs, ys, color="#8792a2", linewidth=0.6, linestyle="--", zorder=1)
    for a, b, level in labels:
        ax.text(
            a, b, f"{level:g}", fontsize=6, color="#666666", ha="right", va="center",
            clip_on=True, zorder=1.5, bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6},
        )  # fmt: skip
