"""What a figure of maps shows, and how it is divided: one map or two, where their bars lie."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .product_figure_ground import Sheet
from .product_figure_look import Look
from .product_figure_over import Over
from .product_figure_page import caption_height, title_height

if TYPE_CHECKING:
    from ..products.layers import Layer

__all__ = ["COMPARED", "MASKED", "MapOptions", "Plan", "Second", "plan_for"]

MASKED = ("hatched", "blank")
"""How cells that the mask leaves out are shown."""
COMPARED = ("side", "swipe", "blink")
"""How two layers are shown: beside each other (also what blinks on a page), or left and right of a
line on one map."""

# What labels and bars take, millimetres.
_SIDE, _BAR, _BELOW, _TITLE = 15.0, 15.0, 11.0, 4.0
_LOW = 38.0
"""A bar beside a map that is lower than this has no room for its numbers."""
_WIDE, _NARROW = 0.45, 1.0
"""Maps lower than this share of their width lie below each other: on two columns, on one."""


@dataclass(frozen=True)
class Plan:
    """How a figure is divided.

    Attributes
    ----------
    look : Look
    rows, columns : int
        Of maps.
    tall : float
        Height of one map, millimetres.
    low : float or None
        The same where the bar of a single map lies below it.
    bars : int
        Bars below all maps.
    titled : bool
        Whether maps have names of their own.
    """

    look: Look
    rows: int
    columns: int
    tall: float
    low: float | None
    bars: int
    titled: bool

    @property
    def panels(self) -> int:
        """How many maps there are."""
        return self.rows * self.columns

    @property
    def width(self) -> float:
        """Of all maps, millimetres."""
        return self.look.millimetres - 8

    def height(self, title: str, caption: str, tail: str = "") -> float:
        """Return the height of the figure, millimetres."""
        words = caption_height(caption, self.look, tail) + title_height(title, self.look)
        one = (
            self.tall
            + (10 if self.panels == 1 else 7)
            + (_TITLE if self.titled else 0)
            + (_BELOW if self.low else 0)
        )
        return min(max(self.rows * one + self.bars * (_BELOW + 1) + words, 45), 240)


def plan_for(sheet: Sheet, look: Look, panels: int, bars: int, titled: bool) -> Plan:
    """Divide a figure.

    Parameters
    ----------
    sheet : Sheet
        What each map shows.
    panels : int
        Maps, 1 or 2.
    bars : int
        Bars below all maps.
    titled : bool
        Whether maps have names of their own.
    """
    wide, aspect = look.millimetres, sheet.aspect
    if panels > 1:
        beside = aspect >= (_WIDE if wide >= 120 else _NARROW)
        columns = 2 if beside else 1
        tall = (wide / columns - _SIDE + 3) * aspect
        return Plan(look, 3 - columns, columns, tall, None, bars, titled)
    tall, low = (wide - _SIDE - _BAR) * aspect, None
    if tall < _LOW:
        tall = low = (wide - _SIDE - 1) * aspect
    return Plan(look, 1, 1, tall, low, bars, titled)


# ---- what is asked for -------------------------------------------------------------
@dataclass(frozen=True)
class Second:
    """The second layer of a map.

    Attributes
    ----------
    layer : Layer
    compare : str
        One of `COMPARED`.
    split : float or None
        Longitude of the line; None: in the middle.
    """

    layer: Layer
    compare: str = "side"
    split: float | None = None

    def __post_init__(self) -> None:
        if self.compare not in COMPARED:
            raise BadRequest(f"Compare {self.compare!r}: expected side, swipe or blink.")


@dataclass(frozen=True)
class MapOptions:
    """What a map shows beside its layer; see `map_figure`."""

    over: Over = field(default_factory=Over)
    second: Second | None = None
    extent: tuple[float, float, float, float] | None = None
    projection: str = "auto"
    masked: str = "hatched"

    def __post_init__(self) -> None:
        if self.masked not in MASKED:
            raise BadRequest(f"Masked cells {self.masked!r}: expected hatched or blank.")

    @classmethod
    def taken(cls, options: dict[str, Any]) -> MapOptions:
        """Take the options of a map out of all options; what is left is a look."""
        over = {f.name: options.pop(f.name) for f in fields(Over) if f.name in options}
        second = options.pop("second", None)
        how = {n: options.pop(n) for n in ("compare", "split") if n in options}
        rest = {n: options.pop(n) for n in ("extent", "projection", "masked") if n in options}
        return cls(Over(**over), None if second is None else Second(second, **how), **rest)
