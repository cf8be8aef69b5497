"""What lies over a map of a product: dots, residuals, coverage; line, place, area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted
from .product_figure_field import Field
from .product_figure_ground import Sheet
from .product_figure_look import Look, Scale
from .product_figure_page import dots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DOTS", "Over", "coverage_of", "coverage_scale", "draw_shapes", "own_colours", "unit_of"]

DOTS = ("observations", "residuals", "coverage")
"""What observations over a map show."""
_LINE = "#b3123f"
_COLUMNS = ("lon", "lat", "value")


@dataclass(frozen=True)
class Over:
    """What lies over a map.

    Attributes
    ----------
    observations : mapping or None
        ``lon``, ``lat`` and ``value``; ``residual`` where those are shown.
    window : str
        Where and when they were made, for the caption: ``"40 to 62.5 m, July of any year"``.
    dots : str
        One of `DOTS`.
    line, place, area
        See `map_figure`.
    most : float or None
        End of the colours of residuals, or the greatest number of coverage; None: of these
        observations.
    """

    observations: Mapping[str, Any] | None = None
    window: str = ""
    dots: str = "observations"
    line: Any = None
    place: tuple[float, float] | None = None
    area: Any = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.dots not in DOTS:
            raise BadRequest(f"Dots {self.dots!r}: expected {', '.join(DOTS[:-1])} or {DOTS[-1]}.")

    @cached_property
    def held(self) -> dict[str, NDArray]:
        """The observations that have a place and a value, in an order that hides no cruise."""
        names = (*_COLUMNS, "residual") if self.dots == "residuals" else _COLUMNS
        if self.observations is None:
            return {n: np.empty(0) for n in names}
        if missing := [n for n in names if n not in self.observations]:
            raise BadRequest(f"Observations of a map with {self.dots} need {', '.join(missing)}.")
        held = {n: np.asarray(self.observations[n], float) for n in names}
        known = np.flatnonzero(np.isfinite(sum(held.values())))
        order = np.random.default_rng(0).permutation(known)
        return {n: v[order] for n, v in held.items()}

    def __len__(self) -> int:
        return len(self.held["value"])

    @property
    def coverage(self) -> bool:
        """Whether numbers of observations stand in the place of the field."""
        return self.dots == "coverage" and self.observations is not None

    @property
    def residuals(self) -> bool:
        """Whether the dots have a scale of their own."""
        return self.dots == "residuals" and len(self) > 0

    @cached_property
    def reach(self) -> float:
        """End of the colours of residuals, the same to both sides of 0."""
        if self.most is not None:
            return self.most
        return float(np.percentile(np.abs(self.held["residual"]), 95)) or 1.0

    @cached_property
    def residual_scale(self) -> Scale:
        """Colours of residuals."""
        look = Look(limits=(-self.reach, self.reach))
        return Scale(self.held["residual"], {}, look, "balance")

    def moved(self, other: Over) -> Over:
        """Return it with the observations of another map, in the same colours."""
        return replace(self, observations=other.observations, window=other.window)

    def within(self, sheet: Sheet) -> Over:
        """Return it with the observations on a sheet only, in the same colours."""
        if self.observations is None:
            return self
        most = self.reach if self.residuals else self.most
        x, y = sheet.points(near(self.held["lon"], sheet), self.held["lat"])
        west, south, east, north = sheet.view
        with np.errstate(invalid="ignore"):
            there = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        held = {n: v[there] for n, v in self.held.items()}
        return replace(self, observations=held, most=most)

    # ---- telling -----------------------------------------------------------------
    def sentence(self, field: Field, own: bool, cells: int = 0) -> str:
        """Say what the dots are; empty where there are none.

        Parameters
        ----------
        own : bool
            Whether the dots are in the colours of the field.
        cells : int
            Cells with observations, of coverage.
        """
        if self.observations is None:
            return ""
        within = f" within {self.window}" if self.window else ""
        n = len(self)
        told = counted(n, "observation")
        if self.coverage:
            return f"Coverage: {told}{within}, in {counted(cells, 'cell')} of the grid."
        if not n:
            return f"No observations{within}."
        if self.residuals:
            off, unit = self.held["residual"], unit_of(field)
            unit = f"\N{NO-BREAK SPACE}{unit}" if unit else ""
            rms = float(np.sqrt((off**2).mean()))
            share = 100 * float((np.abs(off) <= self.reach).mean())
            return (
                f"Dots: observation minus product, {told}{within}; "
                f"mean {_signed(off.mean())}{unit}, RMS {rms:.2g}{unit}; "
                f"{share:.0f} % within the colours."
            )
        grey = "" if own else " (grey: the colours are those of something else)"
        return f"Dots: {told}{within}{grey}."

    # ---- drawing -----------------------------------------------------------------
    def draw_dots(self, ax: Axes, sheet: Sheet, scale: Scale | None, wide: float) -> Any:
        """Draw the dots; None where there are none.

        Parameters
        ----------
        scale : Scale or None
            Of the field; None where the dots are not in its colours.
        wide : float
            Width of the map, millimetres.
        """
        held = self.held
        if not len(self) or self.dots == "coverage":
            return None
        x, y = sheet.points(near(held["lon"], sheet), held["lat"])
        if self.residuals:
            return dots(ax, x, y, held["residual"], self.residual_scale, wide)
        return dots(ax, x, y, held["value"], scale, wide)


def own_colours(field: Field) -> bool:
    """Tell whether a map shows what was observed, not an error, a difference or the like."""
    return getattr(field.layer, "kind", "") == "value"


def _signed(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.2g}"


def unit_of(field: Field) -> str:
    """Return the unit of what is observed."""
    layer: Any = getattr(field.layer, "first", field.layer)
    return str(layer.view.unit)


# ---- coverage ---------------------------------------------------------------------
def coverage_of(field: Field, over: Over) -> Field:
    """Return numbers of observations by cell in the place of a field; no number where none is."""
    from ..products.beside import counts_per_cell

    layer = getattr(field.layer, "first", field.layer)
    counts = counts_per_cell(layer.grid, over.held["lon"], over.held["lat"]).astype(float)
    counts[counts == 0] = np.nan
    made = field.array.copy(data=counts)
    made.attrs |= {"long_name": "Observations per cell", "units": "1", "mask": "none"}
    for name in ("standard_name", "comment", "kind"):
        made.attrs.pop(name, None)
    return Field(field.layer, made, None)


def coverage_scale(counts: Field, over: Over) -> Scale:
    """Return the colours of coverage: by the logarithm of the number."""
    known = counts.array.values[np.isfinite(counts.array.values)]
    most = over.most or float(known.max(initial=2.0))
    look = Look(limits=(1.0, max(most, 2.0)))
    return Scale(counts.array.values, {}, look, "deep", by="logarithm")


# ---- shapes -----------------------------------------------------------------------
def near(lon: NDArray, sheet: Sheet) -> NDArray:
    """Turn longitudes to where the sheet shows them."""
    middle = (sheet.box[0] + sheet.box[2]) / 2
    return lon + 360 * np.round((middle - lon) / 360)


def draw_shapes(ax: Axes, sheet: Sheet, over: Over) -> None:
    """Draw section, area and place."""
    from matplotlib.patheffects import Normal, Stroke

    light = [Stroke(linewidth=2.4, foreground="white"), Normal()]
    if over.line is not None:
        from ..products.lines import line_of

        track = line_of(over.line, 200)
        x, y = sheet.points(near(track.lon, sheet), track.lat)
        ax.plot(x, y, color=_LINE, linewidth=1.2, zorder=5, path_effects=light)
        for k, letter in ((0, "A"), (-1, "B")):
            ax.annotate(
                letter, (x[k], y[k]), xytext=(3, 3), textcoords="offset points", fontsize=8,
                fontweight="bold", color=_LINE, zorder=6, path_effects=light,
            )  # fmt: skip
    if over.area is not None:
        corners = _outline(over.area)
        x, y = sheet.points(near(corners[:, 0], sheet), corners[:, 1])
        ax.plot(x, y, color=_LINE, linewidth=1.2, zorder=5, path_effects=light)
    if over.place is not None:
        lon, lat = over.place
        x, y = sheet.points(near(np.array([lon]), sheet), np.array([lat]))
        ax.plot(
            x, y, "o", markersize=6, markerfacecolor="none", markeredgecolor=_LINE,
            markeredgewidth=1.4, zorder=6, path_effects=light,
        )  # fmt: skip


def _outline(area: str | Sequence[Any]) -> NDArray[np.float64]:
    from ..products.areas import corners_of

    corners = corners_of(area)
    return np.concatenate([corners, corners[:1]])
