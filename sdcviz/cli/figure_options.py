"""Options that ``sdcviz figure`` and ``sdcviz animate`` share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest
from . import show
from .product import opened

if TYPE_CHECKING:
    from ..plots.product_comparison import Comparison

__all__ = ["box", "compared", "look", "observed", "tell", "window_of"]


def text(help: str, metavar: str) -> Any:
    return typer.Option(help=help, metavar=metavar)


Lon = Annotated[float | None, text("Degrees east.", "DEGREES")]
Lat = Annotated[float | None, text("Degrees north.", "DEGREES")]
Track = Annotated[str | None, text('Corners, such as "3,42 5,41.5".', '"LON,LAT LON,LAT"')]
Where = Annotated[
    str | None,
    text('Area: "WEST,SOUTH,EAST,NORTH" in degrees, or corners.', '"LON,LAT LON,LAT ..."'),
]
ErrorShown = Annotated[bool, typer.Option("--error", help="Show the error instead of the values.")]
Derived = Annotated[
    str,
    text("What is made of the field: iso:VALUE, mld, or a formula such as a - mean(a).", "TEXT"),
]
Range = Annotated[str | None, text("Range of the colours, such as 12:28.", "LOW:HIGH")]
Colours = Annotated[str, text("Colour map of cmocean or matplotlib.", "NAME")]
Contours = Annotated[bool, typer.Option("--contours", help="Draw lines of equal value.")]
Title = Annotated[str | None, text('Title; what is shown by default, "" for none.', "TEXT")]
Caption = Annotated[
    str | None, text('Small print; where it comes from by default, "" for none.', "TEXT")
]
Width = Annotated[str | None, text("one or two columns of a journal, or millimetres.", "WIDTH")]
Height = Annotated[float | None, text("Millimetres; as fits by default.", "MM")]
Extent = Annotated[str | None, text("Part of the map, degrees.", "WEST,SOUTH,EAST,NORTH")]
Projection = Annotated[
    str, text("auto, mercator, lambert, platecarree, arctic or antarctic.", "NAME")
]
Masked = Annotated[str, text("hatched or blank.", "HOW")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]
Observations = Annotated[
    Path | None, text("Collection whose samples are drawn as dots.", "COLLECTION")
]
Chosen = Annotated[
    Path | None, text("Filters of the samples, as a page or `Filters.to_json` writes them.", "FILE")
]
Parameter = Annotated[str, text("Their parameter; what the field is by default.", "KEY")]
Window = Annotated[str, text("Dots: half of the window; 0: the level, the step.", "METRES,DAYS")]
Dots = Annotated[str, text("On maps: observations, residuals or coverage.", "WHAT")]
Compare = Annotated[
    str, text("Show another map too: side, swipe, blink (two maps) or difference.", "HOW")
]
Other = Annotated[str, text("Product of the other map; the same one by default.", "PRODUCT")]
OtherVariable = Annotated[str, text("Its field.", "NAME")]
OtherTime = Annotated[
    str | None, text("Its time, such as January; the same time by default.", "TIME")
]
OtherDerived = Annotated[str, text("What is made of its field, as --derived.", "TEXT")]
OtherRole = Annotated[list[str] | None, text("As --role, of the other product.", "KIND=NAME")]
Split = Annotated[float | None, text("Of swipe: where the line stands.", "DEGREES")]
Spread = Annotated[
    float | None, text("Of difference: standard deviation of the background of both.", "VALUE")
]


def look(
    range: str | None, colormap: str, contours: bool, title: str | None, caption: str | None,
    width: str | None, height: float | None,
) -> dict[str, Any]:  # fmt: skip
    """Read the look of a figure."""
    limits = None
    if range is not None:
        try:
            low, high = (float(v) for v in range.split(":"))
        except ValueError:
            raise BadRequest(f"--range {range}: expected LOW:HIGH, such as 12:28.") from None
        limits = (low, high)
    wide: str | float | None = width
    if width not in (None, "one", "two"):
        try:
            wide = float(width or 0)
        except ValueError:
            raise BadRequest(f"--width {width}: expected one, two or millimetres.") from None
    told = {
        "limits": limits, "colormap": colormap, "contours": contours, "title": title,
        "caption": caption, "height": height,
    }  # fmt: skip
    return told | ({} if wide is None else {"width": wide})


def box(text: str | None) -> tuple[float, ...] | None:
    """Read the part of a map."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(v) for v in text.split(","))
    except ValueError:
        raise BadRequest(f"--extent {text}: expected west, south, east and north.") from None
    return west, south, east, north


def window_of(text: str) -> tuple[float, float]:
    """Read the window of dots."""
    try:
        metres, days = (float(v) for v in text.split(","))
    except ValueError:
        raise BadRequest(f"--window {text}: expected metres and days, such as 10,15.") from None
    return metres, days


def observed(path: Path, chosen: Path | None) -> Any:
    """Open the observations that lie over a figure."""
    from ..observations import open_collection
    from .options import read_filters

    filters = read_filters(chosen)
    collection = open_collection(path)
    return collection.where(filters)


def compared(
    product: Any, compare: str, other: str, given: tuple[str, str | None, str],
    roles: list[str] | None, split: float | None, spread: float | None,
) -> Comparison | None:  # fmt: skip
    """Return what a map is compared with; None where it is not.

    Parameters
    ----------
    given : (str, str or None, str)
        Field, time and formula of the other map.
    """
    variable, time, derived = given
    if not compare:
        if other or variable or time or derived:
            raise BadRequest("--other...: say how with --compare side, swipe or difference.")
        return None
    from ..plots.product_comparison import Comparison

    second = opened([other], roles) if other else product
    step = -1
    if time is not None:
        step = second.grid(variable).times.find(time)
        if step < 0:
            raise BadRequest(f"--other-time {time}: {second.name} has no such time.")
    return Comparison(second, variable, step, derived, compare, split, spread)


def tell(written: Path, as_json: bool, **facts: Any) -> None:
    """Tell people or programs what was written."""
    from ..words import size

    n = written.stat().st_size
    if as_json:
        told = {k: v for k, v in facts.items() if v is not None}
        show.show_json({"path": str(written), "bytes": n, **told})
    else:
        show.note(f"{written}: written ({size(n)}).")
