"""How a figure of a product looks: the options that are asked for, and the colours of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

__all__ = ["WIDTHS", "Look", "Scale", "look_of"]

WIDTHS = {"one": 88.0, "two": 180.0}
"""Columns of most journals, millimetres."""


@dataclass(frozen=True)
class Look:
    """How a figure of a product looks.

    Attributes
    ----------
    limits : (float, float) or None
        Range of the colours or of the value axis; None: that of the values.
    colormap : str
        Of cmocean or matplotlib; the usual one of the quantity if empty.
    contours : bool or sequence of float
        Lines of equal value; at round values for True.
    title, caption : str or None
        None: what the figure shows, and where it comes from; empty: none.
    width : {"one", "two"} or float
        Columns of a journal, or millimetres.
    height : float or None
        Millimetres; None: as fits.
    deepest : float or None
        Where axes of depth end, metres; None: at the last value.
    stretched : bool
        Axes of depth give the upper water more room: by the square root of the depth.
    """

    limits: tuple[float, float] | None = None
    colormap: str = ""
    contours: bool | Sequence[float] = False
    title: str | None = None
    caption: str | None = None
    width: str | float = "two"
    height: float | None = None
    deepest: float | None = None
    stretched: bool = False

    @property
    def millimetres(self) -> float:
        """Width of the figure."""
        return WIDTHS[self.width] if isinstance(self.width, str) else float(self.width)


def look_of(options: Mapping[str, Any]) -> Look:
    """Check how a figure shall look.

    Raises
    ------
    BadRequest
        There is no such option, or it has no such value.
    """
    known = [f.name for f in fields(Look)]
    for name in options:
        if name not in known:
            raise BadRequest(f"A figure has no option {name!r}; there are {', '.join(known)}.")
    look = Look(**options)
    if isinstance(look.width, str) and look.width not in WIDTHS:
        raise BadRequest(f"Width {look.width!r}: expected one, two, or a number of millimetres.")
    for size in (look.millimetres, look.height or 100.0):
        if not 40 <= size <= 1000:
            raise BadRequest(f"A figure can't be {size:g} mm wide or high: expected 40 to 1000.")
    if look.limits is not None:
        low, high = look.limits
        if not (np.isfinite([low, high]).all() and low < high):
            raise BadRequest(f"Range {low:g} to {high:g}: the first has to be less.")
    if look.colormap:
        _palette(look.colormap)
    return look


def _palette(name: str) -> tuple[str, ...]:
    from .colours import colormap

    try:
        return colormap(name)
    except KeyError:
        raise BadRequest(
            f"There is no colour map {name!r}; name one of cmocean or matplotlib, such as thermal."
        ) from None


def usual_colormap(attrs: Mapping[str, Any]) -> str:
    """Return the name of the colour map that a variable usually has."""
    from ..vocabularies import quantity

    if str(attrs.get("long_name", "")).startswith(("Relative error", "Error of")):
        return "amp"
    urn = str(attrs.get("sdn_parameter_urn") or "")
    name, units = str(attrs.get("variable") or ""), str(attrs.get("units") or "")
    if units == "m" and "depth" in str(attrs.get("standard_name") or attrs.get("long_name") or ""):
        return "deep"
    found = quantity(
        urn.rpartition(":")[2] if "P01" in urn else "",
        name, str(attrs.get("standard_name") or ""), units,
    )  # fmt: skip
    return found.colormap if found else "viridis"


class Scale:
    """Colours of values: range, arrows where values lie beyond it, and how many do.

    Parameters
    ----------
    values : ndarray
        The field; its range is that of the colours if the look has none.
    attrs : mapping
        Of the variable.
    look : Look
    usual : str
        Name of the colour map where the look has none; that of the variable if empty.
    over : ndarray, optional
        What else is coloured, such as observations: it may lie beyond the range.
    by : {"value", "logarithm", "root"}
        What colours are spaced by; values are above 0 where it is not themselves.
    """

    def __init__(
        self,
        values: NDArray[Any],
        attrs: Mapping[str, Any],
        look: Look,
        usual: str = "",
        over: NDArray[Any] | None = None,
        by: str = "value",
    ) -> None:
        from matplotlib.colors import ListedColormap, LogNorm, Normalize, PowerNorm

        known = values[np.isfinite(values)]
        if look.limits is not None:
            self.low, self.high = (float(x) for x in look.limits)
        elif len(known):
            self.low, self.high = float(known.min()), float(known.max())
        else:
            self.low, self.high = 0.0, 1.0
        if self.low == self.high:
            self.low, self.high = self.low - 0.5, self.high + 0.5
        name = look.colormap or usual or usual_colormap(attrs)
        palette = _palette(name)
        self.name = name
        self.cmap: Colormap = ListedColormap(list(palette), name)
        # Beyond the range: the tips that the palette leaves out, so that they differ from its ends.
        self.cmap = self.cmap.with_extremes(under=_tip(name, 0.0), over=_tip(name, 1.0))
        self.by = by
        self.norm: Any = Normalize(self.low, self.high)
        if by == "logarithm":
            self.norm = LogNorm(self.low, self.high)
        elif by == "root":
            self.norm = PowerNorm(0.5, self.low, self.high)
        self.below = self.above = 0
        self._told = True
        self.count(known)
        if over is not None:
            self.count(over)

    def count(self, values: NDArray[Any]) -> None:
        """Count what lies beyond the range of values that get these colours too."""
        known = values[np.isfinite(values)]
        # Half of the last digit of single precision is no value out of range.
        slack = 1e-6 * max(abs(self.low), abs(self.high), 1e-30)
        self.below += int((known < self.low - slack).sum())
        self.above += int((known > self.high + slack).sum())

    def anything(self) -> None:
        """Expect values beyond both ends: not all that get these colours are known yet."""
        self.below = self.above = 1
        self._told = False

    @property
    def extend(self) -> str:
        """Which ends of the colour bar get an arrow."""
        return {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[
            int(self.below > 0), int(self.above > 0)
        ]

    def sentence(self) -> str:
        """Say how many values lie beyond the range; empty if none does."""
        if not self._told:
            return ""
        told = []
        if self.below:
            told.append(f"{counted(self.below, 'value')} below")
        if self.above:
            told.append(f"{counted(self.above, 'value')} above")
        return f"Beyond the colour range: {', '.join(told)} (arrows)." if told else ""


def _tip(name: str, end: float) -> Any:
    import matplotlib
    from cmocean import cm

    return (cm.cmap_d.get(name) or matplotlib.colormaps[name])(end)
