"""The two pictures of the README: ``python -m sdcviz.divand.pictures BATHYMETRY FOLDER``.

BATHYMETRY is any NetCDF file of the Mediterranean (the committed pictures are from ETOPO5, public
domain). The observations are drawn from the covariance itself, so that the truth is known.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.sparse.linalg import splu

from .analysis import analyse
from .background import Background
from .bathymetry import Bathymetry
from .bathymetry_file import read_bathymetry
from .cholesky import factorise
from .domain import Domain, make_domain
from .grid import Array, rectangle
from .kernel import Kernel, default_alpha
from .masks import label_basins
from .observations import Observations, fractional_indices
from .sphere import great_circle

__all__ = ["analysis_picture", "kernel_picture", "main"]

INK, QUIET, LAND, COAST = "#1d2730", "#5b6873", "#e4e2dd", "#8a8780"
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": "#b9bfc4",
    "axes.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
}
WEST, EAST, SOUTH, NORTH, STEP = -6.0, 36.5, 30.0, 46.0, 0.2
SEED = 12


def kernel_picture(bathymetry: Path, target: Path) -> None:
    """Draw what one observation tells of its surroundings, and how it fades with distance."""
    import cmocean
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    lon, lat = np.arange(7, 20.51, 0.1), np.arange(37, 46.01, 0.1)
    around = read_bathymetry(bathymetry, [4, 24], [35, 47])
    at, length = (15.4, 42.8), 200e3
    domain = make_domain(lon, lat, bathymetry=around, basin=at)
    with rc_context(STYLE):
        figure = Figure(figsize=(10.4, 4.2), dpi=130, layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.15, 1])
        colours = cmocean.tools.crop_by_percent(cmocean.cm.tempo, 12, which="max")
        correlation = _seen(_correlation(domain, at, length))
        shades = left.contourf(lon, lat, correlation.T, np.linspace(0, 1, 21), cmap=colours)
        _land(left, around, (lon[0], lon[-1], lat[0], lat[-1]))
        apart = great_circle(lon[:, None], lat, *at)
        left.contour(lon, lat, apart.T, [length], colors=INK, linestyles="--", linewidths=1)
        left.plot(*at, "o", ms=7, mfc="white", mec=INK, mew=1.4)
        left.annotate(
            "observation",
            at,
            xytext=(17.2, 44.9),
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8, "shrinkB": 5},
        )
        left.annotate(
            "one length away",
            (13.75, 41.45),
            xytext=(9.9, 40.2),
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8},
        )
        left.set_title("Coasts are walls: the way goes round Italy", loc="left", size=10.5)
        bar = figure.colorbar(shades, ax=left, ticks=np.linspace(0, 1, 6), pad=0.02, aspect=28)
        bar.outline.set_visible(False)
        bar.set_label("correlation with the observation")
        _fading(right)
        _save(figure, target)


def _correlation(domain: Domain, at: tuple[float, float], length: float) -> Array:
    """Give the correlation of the background with one point."""
    background = Background(domain.mask, domain.pmn, domain.xi, length)
    places = fractional_indices(background, ([at[0]], [at[1]]))
    observation = Observations(background, places, 1.0).operator
    factor = factorise(background.precision)
    covariance = factor.solve(observation.T.toarray())[:, 0]
    there = (observation @ covariance)[0]
    return background.unpack(covariance / np.sqrt(there * factor.inverse_diagonal()))


def _fading(axes: Any) -> None:
    """Draw correlation over distance in open sea, by formula and by analysis."""
    r = np.linspace(0, 4, 200)
    for n, colour, marker, size, length, far in (
        (1, INK, "o", 401, 20, 4),
        (2, "#4f97a3", "s", 161, 12, 4),
        (3, "#d08a3c", "D", 31, 5, 2.2),
    ):
        kernel = Kernel.of(n, default_alpha(n))
        if n < 3:
            axes.plot(r, kernel(r * kernel.len_scale), color=colour, lw=2, zorder=2)
        axis = np.arange(size) - size // 2
        mask, pmn, xi = rectangle(*[axis] * n)
        # As sure as the background is: the field is half of the value times the kernel.
        got = analyse(mask, pmn, xi, [[0]] * n, [2.0], length, 1.0)
        along = np.moveaxis(got.field, 0, -1)[(size // 2,) * (n - 1)][size // 2 :]
        every = slice(0, int(far * length) + 1, max(length // 3, 1))
        dots = {"color": colour, "mec": "white", "mew": 0.6, "ls": ""}
        at = axis[size // 2 :][every] / length
        axes.plot(at, along[every], marker, ms=5, label=f"{n}-D", zorder=3, **dots)
    axes.axvline(1, color="#c5cace", lw=0.8, zorder=1)
    axes.axhline(0.602, color="#c5cace", lw=0.8, zorder=1)
    axes.text(3.95, 0.617, "0.602 at one length", ha="right", color=QUIET, size=8.5)
    axes.set(xlim=(0, 4), ylim=(0, 1.04))
    axes.set(xlabel="distance / correlation length", ylabel="correlation")
    axes.legend(frameon=False, loc="upper right", title="analysis in", title_fontsize=9)
    axes.text(2.1, 0.33, "1 and 3 dimensions below,\n2 and 4 above", color=QUIET, size=8.5)
    axes.set_title("Open sea: Bessel functions and analyses", loc="left", size=10.5)
    axes.spines[["top", "right"]].set_visible(False)


def analysis_picture(bathymetry: Path, target: Path) -> None:
    """Draw a known truth, noisy observations of it along cruises, their analysis and its error."""
    import cmocean
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    lon, lat = np.arange(WEST, EAST + 0.01, STEP), np.arange(SOUTH, NORTH + 0.01, STEP)
    length, noise = 200e3, 0.3
    around = read_bathymetry(bathymetry, lon, lat)
    domain = make_domain(lon, lat, bathymetry=around, basin=(18, 35))
    rng = np.random.default_rng(SEED)
    truth = _truth(domain, length, rng)
    x, y = _cruises(domain, rng)
    f = truth[_index(x, y)] + noise * rng.normal(size=x.size)
    got = analyse(domain.mask, domain.pmn, domain.xi, (x, y), f, length, noise**2, error="exact")
    assert got.error is not None
    rms = float(np.sqrt(np.nanmean((got.field - truth) ** 2)))
    expected = float(np.sqrt(np.nanmean(got.error)))
    with rc_context(STYLE):
        figure = Figure(figsize=(10.4, 4.9), dpi=130, layout="constrained")
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        levels, balance = np.linspace(-2.5, 2.5, 26), cmocean.cm.balance
        balance = cmocean.tools.crop_by_percent(balance, 16, which="both")
        axes[0, 0].contourf(lon, lat, _seen(truth).T, levels, cmap=balance, extend="both")
        axes[0, 1].scatter(x, y, 13, f, cmap=balance, vmin=-2.5, vmax=2.5, lw=0.4, ec=INK)
        field = axes[1, 0].contourf(
            lon, lat, _seen(got.field).T, levels, cmap=balance, extend="both"
        )
        shown = _seen(np.clip(got.error, 0, 1)).T
        amp = cmocean.tools.crop_by_percent(cmocean.cm.amp, 20, which="max")
        error = axes[1, 1].contourf(lon, lat, shown, np.linspace(0, 1, 21), cmap=amp)
        axes[1, 1].contour(
            lon, lat, shown, [0.3], colors=INK, linewidths=0.9, linestyles="--", zorder=1.2
        )
        axes[1, 1].plot(x, y, ".", ms=1.8, color=INK)
        titles = (
            "Truth, drawn from the covariance of the background",
            f"{x.size} observations along cruises, noise {noise:g}",
            f"Analysis: {rms:.2f} off the truth (rms), {expected:.2f} expected",
            "Its error variance; 0.3 is dashed",
        )
        for ax, title in zip(axes.ravel(), titles, strict=True):
            _land(ax, around, (lon[0], lon[-1], lat[0], lat[-1]))
            ax.set_title(title, loc="left", size=10.5)
        for mappable, ax, label, ticks in (
            (field, axes[0, 1], "anomaly", np.arange(-2.0, 3)),
            (error, axes[1, 1], "relative error variance", np.linspace(0, 1, 6)),
        ):
            bar = figure.colorbar(mappable, ax=ax, pad=0.015, aspect=22, ticks=ticks)
            bar.outline.set_visible(False)
            bar.set_label(label)
        _save(figure, target)


def _truth(domain: Domain, length: float, rng: np.random.Generator) -> Array:
    """Draw a field whose covariance is the background's: B = coeff (M + K)⁻¹ M (M + K)⁻¹."""
    background = Background(domain.mask, domain.pmn, domain.xi, length)
    white = rng.normal(size=background.size) * np.sqrt(background.volume * background.coeff)
    return background.unpack(splu(background.helmholtz.tocsc()).solve(white))


def _cruises(domain: Domain, rng: np.random.Generator) -> tuple[Array, Array]:
    """Make stations along straight tracks; none in the sea south of Crete."""
    tracks = []
    for _ in range(60):
        start = rng.uniform((WEST, 33), (EAST, NORTH))
        angle = rng.uniform(0, np.pi)
        tracks.append(start + np.arange(0, 6, 0.5)[:, None] * (np.cos(angle), 0.6 * np.sin(angle)))
    x, y = np.concatenate(tracks).T
    inside = (x > WEST) & (x < EAST) & (y > SOUTH) & (y < NORTH) & ~((x > 17) & (y < 34.8))
    x, y = x[inside], y[inside]
    wet = domain.mask[_index(x, y)]
    return x[wet], y[wet]


def _index(x: Array, y: Array) -> tuple[Any, Any]:
    """Give the nearest grid points."""
    return np.rint((x - WEST) / STEP).astype(int), np.rint((y - SOUTH) / STEP).astype(int)


def _seen(field: Array) -> Array:
    """Continue a field by two points over land, which is drawn over it with a finer coast."""
    unknown = np.isnan(field)
    apart, (i, j) = ndimage.distance_transform_edt(unknown, return_indices=True)
    return np.where(apart <= 2.5, field[i, j], np.nan)


def _land(axes: Any, around: Bathymetry, box: tuple[float, float, float, float]) -> None:
    """Lay land over a map and set its frame."""
    # What lies below sea level inside the land is no sea.
    basin = label_basins(around.depth > 0)
    lake = (basin > 0) & (np.bincount(basin.ravel())[basin] < 700)
    x, y, depth = around.lon, around.lat, np.where(lake, -1, around.depth).T
    axes.contourf(x, y, depth, [-1e5, 0], colors=[LAND], zorder=1.5)
    axes.contour(x, y, depth, [0], colors=[COAST], linewidths=0.6, zorder=1.6)
    axes.set(xlim=box[:2], ylim=box[2:])
    axes.set_aspect(1 / np.cos(np.radians((box[2] + box[3]) / 2)))
    axes.xaxis.set_major_locator(_every(box[0], box[1]))
    axes.yaxis.set_major_locator(_every(box[2], box[3]))
    axes.xaxis.set_major_formatter(
        lambda v, _: f"{abs(v):g}°{'E' if v > 0 else 'W' if v < 0 else ''}"
    )
    axes.yaxis.set_major_formatter(lambda v, _: f"{v:g}°N")
    axes.tick_params(length=2.5)


def _every(low: float, high: float) -> Any:
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(10 if high - low > 30 else 4 if high - low > 12 else 2)


def _save(figure: Any, target: Path) -> None:
    """Write a PNG of at most 256 colours, which makes it small."""
    from io import BytesIO

    from PIL import Image

    whole = BytesIO()
    figure.savefig(whole, format="png")
    with Image.open(whole) as picture:
        picture.convert("RGB").quantize(256).save(target, optimize=True)


def main(arguments: list[str]) -> None:
    """Draw both pictures."""
    if len(arguments) != 2:
        sys.exit("usage: python -m sdcviz.divand.pictures BATHYMETRY FOLDER")
    bathymetry, folder = Path(arguments[0]), Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    kernel_picture(bathymetry, folder / "kernel.png")
    analysis_picture(bathymetry, folder / "analysis.png")


if __name__ == "__main__":
    main(sys.argv[1:])
