"""Single figures of a report, drawn with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TEXT", "bars", "diagram", "heatmap", "histogram", "profile", "residual_map"]

TEXT = "#010203"
"""Stands for the colour of the page's text."""
_BLUE, _RED = "#3b78b8", "#c2483d"
_KINDS = {"all": (TEXT, "*"), "layer": ("#3b78b8", "o"), "month": ("#2f8f6b", "s"),
          "area": ("#b9722a", "^")}  # fmt: skip
_NAMES = {"all": "All", "layer": "Depth layers", "month": "Months", "area": "Areas"}
_CELL = 0.3
_MOST_CELLS = 40


def _new(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def heatmap(
    values: NDArray[np.float64], rows: list[str], columns: list[str], title: str, kind: str
) -> Any:
    """Draw a table of coloured cells with their numbers."""
    import matplotlib as mpl

    if not np.isfinite(values).any() or not columns:
        return None
    columns = columns[:_MOST_CELLS]
    values = values[:, :_MOST_CELLS]
    figure, ax = _new(max(2.4, 0.45 * len(columns) + 0.9), _CELL * len(rows) + 0.6)
    known = values[np.isfinite(values)]
    if kind == "div":
        top = float(np.percentile(np.abs(known), 95)) or 1.0
        norm, cmap = mpl.colors.Normalize(-top, top), mpl.colormaps["RdBu_r"]
    else:
        low, top = float(known.min()), float(np.percentile(known, 95))
        norm, cmap = mpl.colors.Normalize(min(low, 0), top or 1.0), mpl.colormaps["YlGnBu"]
    decimals = int(np.clip(2 - np.ceil(np.log10(max(top, 1e-9))), 0, 4)) if top < 100 else 0
    shown = np.ma.masked_invalid(values)
    ax.pcolormesh(shown, cmap=cmap, norm=norm, edgecolors="face", linewidth=0.2)
    for i, j in np.argwhere(np.isfinite(values)).tolist():
        r, g, b, _ = cmap(norm(values[i, j]))
        dark = 0.3 * r + 0.59 * g + 0.11 * b < 0.5
        ax.text(
            j + 0.5, i + 0.5, _cell(float(values[i, j]), decimals), ha="center", va="center",
            fontsize=6, color="#ffffff" if dark else "#101418",
        )  # fmt: skip
    ax.set_xticks(np.arange(len(columns)) + 0.5, columns)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    ax.invert_yaxis()
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(title)
    return figure


def _cell(value: float, decimals: int) -> str:
    if abs(value) >= 1000:
        return _short(value)
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def _short(value: float) -> str:
    size = abs(value)
    if size >= 10_000:
        return f"{value / 1000:.0f}k"
    if size >= 1000:
        return f"{value / 1000:.1f}k"
    if size >= 10 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if size >= 0.005 else f"{value:.0e}".replace("e-0", "e-")


def bars(rows: list[list[float]], title: str) -> Any:
    """Draw counts by year."""
    if not rows:
        return None
    years, n = np.array(rows, float).T
    figure, ax = _new(5.2, 1.7)
    ax.bar(years, n, color=_BLUE, width=0.85)
    ax.set_title(title)
    ax.set_axisbelow(True)
    ax.grid(axis="y")
    ax.yaxis.set_major_formatter(lambda v, _: _short(v))
    return figure


def histogram(found: dict[str, Any], unit: str) -> Any:
    """Draw the residuals and the normal distribution of their usual spread."""
    edges, counts = np.array(found["edges"], float), np.array(found["counts"], float)
    figure, ax = _new(4.4, 2.4)
    ax.stairs(counts, edges, fill=True, color=_BLUE, alpha=0.75)
    sd, middle = found["robust_sd"], found["median"]
    x = np.linspace(edges[0], edges[-1], 201)
    bell = np.exp(-(((x - middle) / sd) ** 2) / 2) / (sd * np.sqrt(2 * np.pi))
    ax.plot(x, bell * counts.sum() * (edges[1] - edges[0]), color=_RED, linewidth=1)
    ax.axvline(0, color=TEXT, linewidth=0.6)
    ax.set_xlabel(f"Observation minus product ({unit})")
    ax.set_title("Residuals, and a normal distribution of their usual spread")
    ax.yaxis.set_major_formatter(lambda v, _: _short(v))
    return figure


def profile(found: dict[str, Any] | None, label: str, unit: str, upright: bool) -> Any:
    """Draw mean and 10th to 90th percentile of the residuals against something."""
    if found is None:
        return None
    edges = np.array(found["edges"], float)
    middle = (edges[1:] + edges[:-1]) / 2
    mean, low, high = (
        np.array([np.nan if v is None else v for v in found[k]], float)
        for k in ("mean", "low", "high")
    )
    there = np.isfinite(mean)
    if not there.any():
        return None
    middle, mean, low, high = middle[there], mean[there], low[there], high[there]
    figure, ax = _new(2.5 if upright else 4.4, 2.8 if upright else 1.9)
    title = f"Residual ({unit})"
    if upright:
        middle = np.maximum(middle, 0)
        ax.fill_betweenx(middle, low, high, color=_BLUE, alpha=0.25, linewidth=0)
        ax.plot(mean, middle, color=_BLUE, marker="o", markersize=2, linewidth=1)
        ax.axvline(0, color=TEXT, linewidth=0.6)
        ax.set_yscale("symlog", linthresh=100)
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
        ax.set_ylim(float(middle[-1]) * 1.1, 0)
        ax.set_xlabel(title)
        ax.set_ylabel(label)
    else:
        ax.fill_between(middle, low, high, color=_BLUE, alpha=0.25, linewidth=0)
        ax.plot(middle, mean, color=_BLUE, marker="o", markersize=2, linewidth=1)
        ax.axhline(0, color=TEXT, linewidth=0.6)
        ax.set_xlabel(label)
        ax.set_ylabel(title)
    # A class of a few gross errors would hide the others.
    reach = 1.4 * float(np.percentile(np.abs(np.concatenate([mean, low, high])), 92)) or 1.0
    (ax.set_xlim if upright else ax.set_ylim)(-reach, reach)
    ax.set_axisbelow(True)
    ax.grid(visible=True)
    return figure


def residual_map(arrays: Any, unit: str) -> Any:
    """Draw the median residual in cells of the map, with the coast."""
    import matplotlib as mpl

    if arrays is None:
        return None
    lon, lat, r = arrays["lon"], arrays["lat"], arrays["residual"]
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    size = max(0.25, float(np.ceil(max(east - west, 2 * (north - south)) / 60 * 4) / 4))
    column = np.floor((lon - west) / size).astype(int)
    row = np.floor((lat - south) / size).astype(int)
    nx, ny = column.max() + 1, row.max() + 1
    cell = row * nx + column
    order = np.lexsort((r, cell))
    present, first, n = np.unique(cell[order], return_index=True, return_counts=True)
    median = np.full(nx * ny, np.nan)
    median[present] = r[order][first + n // 2]
    grid = median.reshape(ny, nx)
    top = float(np.percentile(np.abs(median[present]), 95)) or 1.0
    aspect = 1 / np.cos(np.radians((south + north) / 2))
    height = min(5.0, max(1.5, 7.9 * (north - south) * aspect / max(east - west, 1e-6)))
    figure, ax = _new(8.5, height + 0.3)
    mesh = ax.pcolormesh(
        west + size * np.arange(nx + 1), south + size * np.arange(ny + 1),
        np.ma.masked_invalid(grid), cmap=mpl.colormaps["RdBu_r"], vmin=-top, vmax=top,
        edgecolors="face", linewidth=0.2,
    )  # fmt: skip
    pad = size
    box = (west - pad, south - pad, east + pad, north + pad)
    for line in _coast(*map(float, box)):
        ax.plot(line[:, 0], line[:, 1], color=TEXT, linewidth=0.5, alpha=0.7)
    ax.set_xlim(box[0], box[2])
    ax.set_ylim(box[1], box[3])
    ax.set_aspect(aspect)
    ax.xaxis.set_major_formatter(lambda v, _: f"{abs(v):g}°{'W' if v < 0 else 'E' if v else ''}")
    ax.yaxis.set_major_formatter(lambda v, _: f"{abs(v):g}°{'S' if v < 0 else 'N' if v else ''}")
    ax.set_title(f"Median residual in cells of {size:g}° ({unit})")
    bar = figure.colorbar(mesh, ax=ax, shrink=0.8, pad=0.02, aspect=25)
    bar.outline.set_visible(False)
    return figure


def _coast(west: float, south: float, east: float, north: float) -> list[NDArray[np.float64]]:
    import shapely

    from ..geo.coast import coast_shape

    span = east - west
    land = coast_shape("110m" if span > 120 else "50m")
    box = shapely.box(west, south, east, north)
    lines = shapely.intersection(shapely.boundary(land), box).simplify(span / 800)
    parts = shapely.get_parts(lines)
    return [np.asarray(p.coords) for p in parts if p.geom_type == "LineString"]


def diagram(points: list[dict[str, Any]], kind: str) -> Any:
    """Draw a Taylor or a target diagram."""
    names = ("sd_ratio", "correlation") if kind == "taylor" else ("bias", "urmse")
    kept = [p for p in points if all(p[n] is not None for n in names)]
    if not kept:
        return None
    figure, ax = _new(3.5, 3.3)
    (_taylor if kind == "taylor" else _target)(ax, kept)
    ax.set_aspect("equal")
    used = {p["kind"] for p in kept}
    for name, (colour, mark) in _KINDS.items():
        if name in used:
            ax.plot([], [], mark, color=colour, markersize=4, label=_NAMES[name])
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, handletextpad=0.2)
    return figure


def _dots(ax: Any, points: list[dict[str, Any]], x: list[float], y: list[float]) -> None:
    for point, a, b in zip(points, x, y, strict=True):
        colour, mark = _KINDS[point["kind"]]
        size = 8 if point["kind"] == "all" else 4
        ax.plot(a, b, mark, color=colour, markersize=size, alpha=0.85, markeredgewidth=0)


def _taylor(ax: Any, points: list[dict[str, Any]]) -> None:
    top = min(max(1.5, 1.1 * max(p["sd_ratio"] for p in points)), 3.0)
    angle = np.linspace(0, np.pi / 2, 91)
    for radius in np.arange(0.5, top + 0.01, 0.5):
        style = "-" if radius == 1 else ":"
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), style, color=TEXT, linewidth=0.5,
                alpha=0.6)  # fmt: skip
    for r in (0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99):
        a = np.arccos(r)
        ax.plot([0, top * np.cos(a)], [0, top * np.sin(a)], color=TEXT, linewidth=0.3, alpha=0.4)
        ax.text(1.03 * top * np.cos(a), 1.03 * top * np.sin(a), f"{r:g}", fontsize=6, va="center")
    whole = np.linspace(0, np.pi, 91)
    for radius in (0.25, 0.5, 0.75):
        x, y = 1 + radius * np.cos(whole), radius * np.sin(whole)
        ax.plot(x[np.hypot(x, y) < top], y[np.hypot(x, y) < top], color="#2f8f6b", linewidth=0.4)
    kept = [p for p in points if p["correlation"] >= 0 and p["sd_ratio"] <= top]
    _dots(
        ax, kept, [p["sd_ratio"] * p["correlation"] for p in kept],
        [p["sd_ratio"] * np.sqrt(1 - p["correlation"] ** 2) for p in kept],
    )  # fmt: skip
    ax.set_xlim(0, top * 1.02)
    ax.set_ylim(0, top * 1.02)
    ax.set_xlabel("Standard deviation of the product over that of observations")
    ax.set_title("Taylor diagram (rays: correlation)")


def _target(ax: Any, points: list[dict[str, Any]]) -> None:
    far = max(max(abs(p["bias"]), abs(p["urmse"])) for p in points)
    top = min(max(0.6, 1.1 * far), 3.0)
    angle = np.linspace(0, 2 * np.pi, 181)
    for radius in (r for r in (0.25, 0.5, 0.75, 1.0, 2.0) if r <= top):
        ax.plot(radius * np.cos(angle), radius * np.sin(angle), "-" if radius == 1 else ":",
                color=TEXT, linewidth=0.5, alpha=0.6)  # fmt: skip
    ax.axhline(0, color=TEXT, linewidth=0.4)
    ax.axvline(0, color=TEXT, linewidth=0.4)
    kept = [p for p in points if abs(p["bias"]) <= top and abs(p["urmse"]) <= top]
    _dots(ax, kept, [p["urmse"] for p in kept], [p["bias"] for p in kept])
    ax.set_xlim(-top, top)
    ax.set_ylim(-top, top)
    ax.set_xlabel("Unbiased RMSE, negative: product varies less")
    ax.set_ylabel("Bias")
    ax.set_title("Target diagram (in standard deviations)")
