"""What a figure of maps shows, and how it is divided: one map or two, where their bars lie."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .product_figure_ground import Sheet
from .product_figure_look import Look
from .product_figure_over import Over

if TYPE_CHECKING:
    from ..products.layers import Layer

__all__ = [
    "COMPARED", "MASKED", "MapOptions", "Plan", "Second", "Wanted", "columns_for", "plan_for",
]  # fmt: skip

MASKED = ("hatched", "blank")
"""How cells that the mask leaves out are shown."""
COMPARED = ("side", "swipe", "blink")
"""How two layers are shown: beside each other (also what blinks on a page), or left and right of a
line on one map."""

# What labels, names and bars take, millimetres.
_LEFT, _RIGHT, _UNDER, _BETWEEN = 11.0, 3.0, 6.0, 11.0
_BESIDE, _BELOW, _THICK = 20.0, 12.0, 2.2
_NAME, _AROUND = 3.4, 6.0
_LOW = 38.0
"""A bar beside a map that is lower than this has no room for its numbers."""
_WIDE, _NARROW = 0.45, 1.0
"""Maps lower than this share of their width lie below each other: on two columns, on one."""
Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Plan:
    """How a figure is divided; made by `plan_for`.

    Attributes
    ----------
    height : float
        Of the figure, millimetres.
    maps, bars : tuple of (left, bottom, width, height)
        Shares of the figure: maps, and colour bars below them.
    wide : float
        Width of one map, millimetres.
    beside : bool
        Whether the bar of a map stands at its side, and not among `bars`.
    """

    height: float
    maps: tuple[Rect, ...]
    bars: tuple[Rect, ...]
    wide: float
    beside: bool


@dataclass(frozen=True)
class Wanted:
    """What a figure of maps has to find room for.

    Attributes
    ----------
    panels : int
        Maps, 1 or 2.
    own : bool
        Whether each of two maps has colours of its own.
    extra : int
        Bars below all maps beside those of the fields.
    lines : int
        Of the names over maps.
    words : (float, float)
        Heights of title and caption, millimetres.
    """

    panels: int
    own: bool
    extra: int
    lines: int
    words: tuple[float, float]


def columns_for(sheet: Sheet, look: Look, panels: int) -> int:
    """Return how many maps stand beside each other."""
    beside = sheet.aspect >= (_WIDE if look.millimetres >= 120 else _NARROW)
    return panels if beside else 1


def plan_for(sheet: Sheet, look: Look, wanted: Wanted) -> Plan:
    """Divide a figure."""
    full, aspect, panels = look.millimetres, sheet.aspect, wanted.panels
    columns = columns_for(sheet, look, panels)
    rows = panels // columns
    around = _AROUND if sheet.round else 0.0
    beside = panels == 1 and (full - _LEFT - _BESIDE) * aspect >= _LOW
    left, right = _LEFT + around, (_BESIDE if beside else _RIGHT) + 1.5 * around
    most = (full - left - right - (columns - 1) * _BETWEEN) / columns
    over = 1.5 + wanted.lines * _NAME + around
    under = _UNDER + (_BELOW if wanted.own else 0.0)
    shared = wanted.extra + int(not beside and not wanted.own)
    others = sum(wanted.words) + rows * (over + under) + shared * _BELOW
    height = look.height or min(max(others + rows * most * aspect, 40.0), 240.0)
    tall = max(min(most * aspect, (height - others) / rows), 5.0)
    wide = tall / aspect
    total = columns * wide + (columns - 1) * _BETWEEN
    first = left + (full - left - right - total) / 2

    def share(x: float, y: float, w: float, h: float) -> Rect:
        return x / full, y / height, w / full, h / height

    maps: list[Rect] = []
    bars: list[Rect] = []
    y = height - wanted.words[0]
    for _ in range(rows):
        y -= over + tall
        for k in range(columns):
            x = first + k * (wide + _BETWEEN)
            maps.append(share(x, y, wide, tall))
            if wanted.own:
                bars.append(share(x, y - _UNDER - _THICK, wide, _THICK))
        y -= under
    length = min(total, 120.0)
    for _ in range(shared):
        bars.append(share(first + (total - length) / 2, y - _THICK, length, _THICK))
        y -= _BELOW
    return Plan(height, tuple(maps), tuple(bars), wide, beside)


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
