"""Figures for publication with matplotlib and cartopy: PNG, SVG and PDF.

Text stays text in SVG and PDF. The coast is the one that ships with sdcviz,
so nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadRequest
from ..storage import storage_errors
from .axes import DEPTH, TIME, Axis, Columns, axis, coloured_by, numbers, take
from .colours import FLAGS, STATIONS, Colouring, colouring
from .layers import RASTER_ABOVE, broken_line
from .series import MONTHS, monthly_statistics
from .spread import bin_edges
from .water import diagram_ranges, sigma0_contours, where_is, worst_flag

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "FORMATS", "figure", "save_figure"]

FORMATS = ("png", "svg", "pdf")
STYLE: Any = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "sdcviz",
    "hatch.linewidth": 0.35,
    "pdf.fonttype": 42,
}
MM = 1 / 25.4
# matplotlib's settings are global: one figure at a time.
LOCK = Lock()


def figure(
    data: Any,
    kind: str,
    *quantities: Axis | str,
    colour_by: str | Axis = "",
    title: str = "",
    caption: str = "",
    width: float = 180.0,
    height: float = 120.0,
) -> Figure:
    """Make a figure for publication.

    Parameters
    ----------
    data : Selection, mapping or DataFrame
        As for the function of `sdcviz.plots` of the same name.
    kind : {"map", "profiles", "ts", "time_series", "seasonal_cycle", "histogram", "scatter"}
        What to draw.
    *quantities : Axis or str
        Parameters in the order of that function; none for a map.
    colour_by : str or Axis
        ``"station"``, ``"time"``, ``"flag"``, ``"depth"`` or a quantity; the
        usual one of the kind by default.
    title, caption : str
        Text above, and small text below (what is shown, source, citation).
    width, height : float
        Size in millimetres; 180 mm is two columns of most journals.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    BadRequest
        The kind is unknown or there is nothing to draw.
    """
    import matplotlib
    from matplotlib.figure import Figure

    if kind not in FIGURES:
        raise BadRequest(f"There is no figure {kind!r}; choose one of {', '.join(FIGURES)}.")
    shown = [axis(data, q) for q in quantities]
    with LOCK, matplotlib.rc_context(STYLE):
        made = Figure(figsize=(width * MM, height * MM), layout="constrained")
        FIGURES[kind](made, data, shown, colour_by)
        if title:
            made.suptitle(title, fontsize=10, fontweight="bold")
        if caption:
            made.supxlabel(caption, fontsize=6, color="#555555", wrap=True)
    return made


def save_figure(made: Figure, path: str | Path, *, dpi: int = 300) -> Path:
    """Write a figure; the ending of the name chooses the format.

    Parameters
    ----------
    made : matplotlib.figure.Figure
        From `figure`.
    path : str or Path
        Name ending in ``.png``, ``.svg`` or ``.pdf``.
    dpi : int
        Pixels an inch of PNG, and of clouds of many points in SVG and PDF.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    BadRequest
        Another ending.
    StorageError
        The file can't be written.
    """
    import matplotlib

    path = Path(path)
    form = path.suffix.lower().lstrip(".")
    if form not in FORMATS:
        raise BadRequest(
            f"A figure can't be written as {path.name!r}: end the name in .png, .svg or .pdf."
        )
    stamp = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form, {})
    with storage_errors(path), LOCK, matplotlib.rc_context(STYLE):
        made.savefig(path, dpi=dpi, format=form, metadata={**stamp, **_creator(form)})
    return path


def _creator(form: str) -> dict[str, str]:
    from .. import __version__

    return {"Software" if form == "png" else "Creator": f"sdcviz {__version__}"}


def _samples(data: Any, by: Axis | str, *quantities: Axis) -> Columns:
    columns = take(data, *quantities, *coloured_by(data, by))
    if not len(columns.get("station", ())):
        names = " and ".join(q.label for q in quantities)
        raise BadRequest(f"There is no sample with {names} to draw: widen selection or filters.")
    return columns


def _colours(data: Any, columns: Columns, by: Axis | str) -> Colouring:
    return colouring(columns, *(coloured_by(data, by) or (by,)))


def _labels(ax: Axes, x: Axis, y: Axis) -> None:
    ax.set_xlabel(x.title)
    ax.set_ylabel(y.title)
    if y.key == "depth":
        ax.invert_yaxis()


def _plain(columns: Columns, quantity: Axis) -> Any:
    """Give values as matplotlib wants them: times stay times."""
    values = columns[quantity.key]
    return values if values.dtype.kind == "M" else values.astype(float)


def _cloud(made: Figure, ax: Axes, columns: Columns, x: Axis, y: Axis, colour: Colouring) -> None:
    """Draw samples as dots with a colour bar; many dots become one picture in the file."""
    from matplotlib.colors import ListedColormap

    dots = ax.scatter(
        _plain(columns, x),
        _plain(columns, y),
        c=colour.values,
        cmap=ListedColormap(list(colour.palette)),
        vmin=colour.clim[0],
        vmax=colour.clim[1],
        s=4 if len(colour.values) < 5000 else 1,
        linewidths=0,
        rasterized=len(colour.values) > RASTER_ABOVE,
        zorder=3,
    )
    if colour.bar:
        bar = made.colorbar(dots, ax=ax, aspect=40, pad=0.01)
        bar.set_label(colour.title)
        bar.outline.set_visible(False)
        if colour.ticks:
            bar.set_ticks(list(colour.ticks), labels=list(colour.ticks.values()))


def _profiles(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    columns = _samples(data, by or "station", shown[0], DEPTH)
    colour = _colours(data, columns, by or "station")
    ax = made.add_subplot()
    line = broken_line(columns, numbers(columns, shown[0]), numbers(columns, DEPTH))
    many = len(columns["station"]) > RASTER_ABOVE
    ax.plot(*line, color="#8792a2", linewidth=0.4, alpha=0.6, zorder=2, rasterized=many)
    _cloud(made, ax, columns, shown[0], DEPTH, colour)
    _labels(ax, shown[0], DEPTH)


def _ts(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    temperature, salinity = shown
    columns = _samples(data, by or "depth", temperature, salinity)
    columns["flag"] = worst_flag(
        columns[f"{temperature.key}_flag"], columns[f"{salinity.key}_flag"]
    )
    ax = made.add_subplot()
    x, y = diagram_ranges(numbers(columns, salinity), numbers(columns, temperature))
    xs, ys, labels = sigma0_contours(x, y, **where_is(columns, temperature, salinity))
    ax.plot(xs, ys, color="#8792a2", linewidth=0.6, linestyle="--")
    for s, t, level in labels:
        ax.text(s, t, f"{level:g}", fontsize=6, color="#666666", ha="right", clip_on=True)
    _cloud(made, ax, columns, salinity, temperature, _colours(data, columns, by or "depth"))
    ax.set(xlim=x, ylim=y)
    _labels(ax, salinity, temperature)


def _time_series(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    by = by or "depth"
    columns = _samples(data, by, shown[0], TIME)
    ax = made.add_subplot()
    _cloud(made, ax, columns, TIME, shown[0], _colours(data, columns, by or "depth"))
    _labels(ax, TIME, shown[0])


def _scatter(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    by = by or "depth"
    columns = _samples(data, by, *shown)
    ax = made.add_subplot()
    _cloud(made, ax, columns, shown[0], shown[1], _colours(data, columns, by or "depth"))
    _labels(ax, shown[0], shown[1])


def _seasonal_cycle(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    columns = _samples(data, "flag", shown[0], TIME)
    s = monthly_statistics(columns["time"], columns["value"])
    months = np.flatnonzero(s["n"])
    boxes = [
        {
            "whislo": s["q05"][m],
            "q1": s["q25"][m],
            "med": s["q50"][m],
            "q3": s["q75"][m],
            "whishi": s["q95"][m],
        }
        for m in months
    ]
    ax = made.add_subplot()
    ax.bxp(
        boxes,
        positions=months + 1,
        widths=0.6,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": "#cfe5f6", "linewidth": 0.6},
        medianprops={"color": "#2a78c8"},
    )
    ax.errorbar(
        months + 1,
        s["mean"][months],
        np.nan_to_num(s["sd"][months]),
        color="#e07b39",
        marker="o",
        markersize=3,
        linewidth=1.2,
        label="mean ± sd over the years",
    )
    ax.set_xlim(0.4, 12.6)
    ax.set_xticks(range(1, 13), MONTHS)
    ax.legend(loc="upper left")
    _labels(ax, Axis("month", "Month"), shown[0])


def _histogram(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    columns = _samples(data, "flag", shown[0])
    values = numbers(columns, shown[0])
    flags = columns["flag"].astype(np.uint8)
    present = [f for f in FLAGS if (flags == ord(f.code)).any()]
    ax = made.add_subplot()
    ax.hist(
        [values[flags == ord(f.code)] for f in present],
        list(bin_edges(values)),
        stacked=True,
        color=[f.colour for f in present],
        label=[f.title for f in present],
    )
    ax.legend(title="Flag")
    _labels(ax, shown[0], Axis("count", "Samples"))


def _map(made: Figure, data: Any, shown: list[Axis], by: str | Axis) -> None:
    import cartopy.crs as ccrs

    from ..geo.coast import coast, resolution_for
    from .maps import mercator_view, positions

    columns = positions(data)
    if not len(columns["station"]):
        raise BadRequest("There is no station with a position to draw: widen selection or filters.")
    (west, east), (south, north) = mercator_view(columns["x"], columns["y"])
    ax = made.add_subplot(projection=ccrs.Mercator.GOOGLE)
    ax.set_extent((west, east, south, north), crs=ccrs.Mercator.GOOGLE)
    ax.set_facecolor("#eef4f8")
    land = coast("mercator", resolution_for(east - west))
    ax.add_patch(land_patch(*land, (west, south, east, north)))
    grid = ax.gridlines(draw_labels=True, linewidth=0.3, color="#8792a2", alpha=0.6)
    grid.top_labels = grid.right_labels = False
    if by == "time":
        _cloud(made, ax, columns, Axis("x", ""), Axis("y", ""), colouring(columns, "time"))
        return
    many = len(columns["x"]) > RASTER_ABOVE
    ax.plot(
        columns["x"],
        columns["y"],
        "o",
        markersize=1.2 if many else 2.4,
        markeredgewidth=0,
        color=STATIONS[0],
        rasterized=many,
        zorder=3,
    )


def land_patch(xs: Any, ys: Any, view: tuple[float, float, float, float]) -> Any:
    """Make one patch of those rings, separated by NaN, that reach into the view."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    west, south, east, north = view
    breaks = np.flatnonzero(np.isnan(xs))
    vertices, codes = [np.zeros((1, 2))], [np.array([Outline.MOVETO])]
    for first, last in zip(np.r_[0, breaks + 1], np.r_[breaks, len(xs)], strict=True):
        x, y = xs[first:last], ys[first:last]
        if last - first < 3 or x.max() < west or x.min() > east:
            continue
        if y.max() < south or y.min() > north:
            continue
        ring = np.full(last - first, Outline.LINETO)
        ring[0], ring[-1] = Outline.MOVETO, Outline.CLOSEPOLY
        vertices.append(np.column_stack([x, y]))
        codes.append(ring)
    return PathPatch(
        Outline(np.concatenate(vertices), np.concatenate(codes)),
        facecolor="#d6d1c4",
        edgecolor="#8a867c",
        linewidth=0.3,
        zorder=1,
    )


FIGURES: dict[str, Callable[..., None]] = {
    "map": _map,
    "profiles": _profiles,
    "ts": _ts,
    "time_series": _time_series,
    "seasonal_cycle": _seasonal_cycle,
    "histogram": _histogram,
    "scatter": _scatter,
}
"""How each kind is drawn."""
