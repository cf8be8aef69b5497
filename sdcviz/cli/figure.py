"""``sdcviz figure`` and ``sdcviz animate``: pictures of a product for publication."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import BadRequest
from . import app, show
from .events import is_job
from .extract import Depth, Mask, Method, Points, Variable, When
from .picture import leave_picture
from .product import Addresses, Corrections, opened

if TYPE_CHECKING:
    from ..products.asked import Asked
    from ..products.beside import Beside

__all__: list[str] = []


def _text(help: str, metavar: str) -> Any:
    return typer.Option(help=help, metavar=metavar)


Lon = Annotated[float | None, _text("Degrees east.", "DEGREES")]
Lat = Annotated[float | None, _text("Degrees north.", "DEGREES")]
Track = Annotated[str | None, _text('Corners, such as "3,42 5,41.5".', '"LON,LAT LON,LAT"')]
Where = Annotated[
    str | None,
    _text('Area: "WEST,SOUTH,EAST,NORTH" in degrees, or corners.', '"LON,LAT LON,LAT ..."'),
]
ErrorShown = Annotated[bool, typer.Option("--error", help="Show the error instead of the values.")]
Derived = Annotated[
    str,
    _text("What is made of the field: iso:VALUE, mld, or a formula such as a - mean(a).", "TEXT"),
]
Range = Annotated[str | None, _text("Range of the colours, such as 12:28.", "LOW:HIGH")]
Colours = Annotated[str, _text("Colour map of cmocean or matplotlib.", "NAME")]
Contours = Annotated[bool, typer.Option("--contours", help="Draw lines of equal value.")]
Title = Annotated[str | None, _text('Title; what is shown by default, "" for none.', "TEXT")]
Caption = Annotated[
    str | None, _text('Small print; where it comes from by default, "" for none.', "TEXT")
]
Width = Annotated[str | None, _text("one or two columns of a journal, or millimetres.", "WIDTH")]
Height = Annotated[float | None, _text("Millimetres; as fits by default.", "MM")]
Extent = Annotated[str | None, _text("Part of the map, degrees.", "WEST,SOUTH,EAST,NORTH")]
Projection = Annotated[
    str, _text("auto, mercator, lambert, platecarree, arctic or antarctic.", "NAME")
]
Masked = Annotated[str, _text("hatched or blank.", "HOW")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document.")]


@app.command()
def figure(
    paths: Addresses,
    out: Annotated[Path, _text("File to write: .png, .svg or .pdf.", "FILE")],
    kind: Annotated[
        str,
        _text("map, profile, timeseries, hovmoller, section, area, census or ts.", "KIND"),
    ] = "map",
    variable: Variable = "", lon: Lon = None, lat: Lat = None, line: Track = None,
    area: Where = None, depth: Depth = None, time: When = None, mask: Mask = None,
    interpolation: Method = "bilinear", points: Points = 200, error: ErrorShown = False,
    derived: Derived = "", role: Corrections = None,
    observations: Annotated[
        Path | None, _text("Collection whose samples are drawn as dots.", "COLLECTION")
    ] = None,
    parameter: Annotated[str, _text("Its parameter; what the field is by default.", "KEY")] = "",
    around: Annotated[float, _text("Dots: so far from place or line.", "KM")] = 50.0,
    window: Annotated[
        str, _text("Dots: half of the window; 0: the level, the step.", "METRES,DAYS")
    ] = "0,0",
    range: Range = None, colormap: Colours = "", contours: Contours = False, title: Title = None,
    caption: Caption = None, width: Width = None, height: Height = None,
    deepest: Annotated[float | None, _text("Where axes of depth end.", "METRES")] = None,
    stretched: Annotated[
        bool, typer.Option("--stretched", help="Give the upper water more room.")
    ] = False,
    extent: Extent = None, projection: Projection = "auto", masked: Masked = "hatched",
    dpi: Annotated[int, _text("Pixels an inch.", "N")] = 300, as_json: Json = False,
) -> None:  # fmt: skip
    """Draw a figure of a product for publication: PNG, SVG or PDF."""
    from ..plots.figure import save_figure
    from ..plots.product_figure import product_figure
    from ..products.asked import Asked

    product = opened(paths, role)
    asked = Asked(
        kind, variable, None if lon is None and lat is None else (lon, lat), line,
        area, time, depth, mask, interpolation,  # type: ignore[arg-type]
        points, error, derived,
    )  # fmt: skip
    options = _look(range, colormap, contours, title, caption, width, height)
    options |= {"deepest": deepest, "stretched": stretched}
    if kind == "map":
        options |= {"projection": projection, "masked": masked, "line": line, "area": asked.area}
        options |= {
            "extent": _box(extent),
            "place": None if lon is None or lat is None else (lon, lat),
        }
    if kind == "area":
        grid = product.grid(variable)
        options |= {"depth": depth, "step": max(grid.times.find(time), 0)}
    beside = None
    if observations is not None:
        beside = _beside(product, asked, observations, parameter, around, window)
    made = product_figure(product, asked, beside, **options)
    written = save_figure(made, out, dpi=dpi)
    if is_job():
        save_figure(made, "picture.png", dpi=70)  # for the mail about it
    _tell(written, as_json, kind=kind, product=product.path, variable=product.named(variable),
          observations=None if beside is None else len(beside))  # fmt: skip


@app.command()
def animate(
    paths: Addresses,
    out: Annotated[Path, _text("File to write: .gif or .mp4.", "FILE")],
    along: Annotated[str, _text("What moves: time or depth.", "AXIS")] = "time",
    fps: Annotated[float, _text("Frames a second.", "N")] = 4.0,
    variable: Variable = "", depth: Depth = None, time: When = None, mask: Mask = None,
    error: ErrorShown = False, derived: Derived = "", role: Corrections = None, range: Range = None,
    colormap: Colours = "", contours: Contours = False, title: Title = None,
    caption: Caption = None, width: Width = None, height: Height = None, extent: Extent = None,
    projection: Projection = "auto", masked: Masked = "hatched",
    dpi: Annotated[int, _text("Pixels an inch.", "N")] = 150,
    progress: Annotated[
        str, _text("auto, json (lines on standard error) or none.", "KIND")
    ] = "auto",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Write an animation of a product's map along time or depth: GIF or MP4."""
    from ..plots.product_animation import animate as make
    from ..products.layers import Layer

    product = opened(paths, role)
    layer = Layer(product, variable, depth, time, mask, error, derived)
    options = _look(range, colormap, contours, title, caption, width, height)
    kind = "json" if as_json and progress == "auto" else progress
    frames = [0]

    with show.progress_bar(kind) as bar:

        def tell(done: int, total: int, text: str) -> None:
            frames[0] = total
            if bar is not None:
                bar(done, total, text)

        written = make(
            layer, along, out, fps=fps, dpi=dpi, progress=tell, extent=_box(extent),
            projection=projection, masked=masked, **options,
        )  # fmt: skip
    if len(paths) == 1 and Path(paths[0]).is_file():
        leave_picture(Path(paths[0]))
    _tell(written, as_json, kind="animation", product=product.path,
          variable=product.named(variable), along=along, frames=frames[0])  # fmt: skip


# ---- words ----------------------------------------------------------------------
def _look(
    range: str | None, colormap: str, contours: bool, title: str | None, caption: str | None,
    width: str | None, height: float | None,
) -> dict[str, Any]:  # fmt: skip
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


def _box(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(v) for v in text.split(","))
    except ValueError:
        raise BadRequest(f"--extent {text}: expected west, south, east and north.") from None
    return west, south, east, north


def _beside(
    product: Any, asked: Asked, path: Path, parameter: str, around: float, window: str
) -> Beside:
    from ..observations import open_collection
    from ..products.beside import observations_beside

    try:
        metres, days = (float(v) for v in window.split(","))
    except ValueError:
        raise BadRequest(f"--window {window}: expected metres and days, such as 10,15.") from None
    return observations_beside(
        product, asked, open_collection(path), window=(metres, days), around=around,
        parameter=parameter,
    )  # fmt: skip


def _tell(written: Path, as_json: bool, **facts: Any) -> None:
    """Tell people or programs what was written."""
    from ..words import size

    n = written.stat().st_size
    if as_json:
        told = {k: v for k, v in facts.items() if v is not None}
        show.show_json({"path": str(written), "bytes": n, **told})
    else:
        show.note(f"{written}: written ({size(n)}).")
