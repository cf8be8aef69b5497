"""``sdcviz figure``: a picture of a product for publication."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import BadRequest
from . import app
from . import figure_options as options
from .events import is_job
from .extract import Depth, Mask, Method, Points, Variable, When
from .figure_options import text
from .product import Addresses, Corrections, opened

__all__: list[str] = []


@app.command()
def figure(
    paths: Addresses,
    out: Annotated[Path, text("File to write: .png, .svg or .pdf.", "FILE")],
    kind: Annotated[
        str,
        text("map, profile, timeseries, hovmoller, section, area, census or ts.", "KIND"),
    ] = "map",
    variable: Variable = "", lon: options.Lon = None, lat: options.Lat = None,
    line: options.Track = None, area: options.Where = None, depth: Depth = None,
    time: When = None, mask: Mask = None, interpolation: Method = "bilinear",
    points: Points = 200, error: options.ErrorShown = False, derived: options.Derived = "",
    role: Corrections = None,
    partner: Annotated[str, text("Of a T-S diagram: the field of the other axis.", "NAME")] = "",
    observations: options.Observations = None, selection: options.Chosen = None,
    parameter: options.Parameter = "",
    around: Annotated[float, text("Dots: so far from place or line.", "KM")] = 50.0,
    window: options.Window = "0,0", dots: options.Dots = "observations",
    compare: options.Compare = "", other: options.Other = "",
    other_variable: options.OtherVariable = "", other_time: options.OtherTime = None,
    other_derived: options.OtherDerived = "", other_role: options.OtherRole = None,
    split: options.Split = None, spread: options.Spread = None,
    range: options.Range = None, colormap: options.Colours = "",
    contours: options.Contours = False, title: options.Title = None,
    caption: options.Caption = None, width: options.Width = None, height: options.Height = None,
    deepest: Annotated[float | None, text("Where axes of depth end.", "METRES")] = None,
    stretched: Annotated[
        bool, typer.Option("--stretched", help="Give the upper water more room.")
    ] = False,
    extent: options.Extent = None, projection: options.Projection = "auto",
    masked: options.Masked = "hatched",
    dpi: Annotated[int, text("Pixels an inch.", "N")] = 300, as_json: options.Json = False,
) -> None:  # fmt: skip
    """Draw a figure of a product for publication: PNG, SVG or PDF."""
    from ..plots.figure import save_figure
    from ..plots.product_figure import product_figure
    from ..products.asked import Asked
    from ..products.beside import observations_beside

    product = opened(paths, role)
    asked = Asked(
        kind, variable, None if lon is None and lat is None else (lon, lat), line,
        area, time, depth, mask, interpolation,  # type: ignore[arg-type]
        points, error, derived, partner if kind == "ts" else "",
    )  # fmt: skip
    given: dict[str, Any] = options.look(
        range, colormap, contours, title, caption, width, height
    ) | {"deepest": deepest, "stretched": stretched}  # fmt: skip
    comparison = options.compared(
        product, compare, other, (other_variable, other_time, other_derived), other_role, split,
        spread,
    )  # fmt: skip
    if kind == "map":
        given |= {
            "projection": projection, "masked": masked, "line": line, "area": asked.area,
            "extent": options.box(extent), "dots": dots, "comparison": comparison,
            "place": None if lon is None or lat is None else (lon, lat),
        }  # fmt: skip
    elif comparison is not None:
        raise BadRequest(f"A {kind} can't be compared; leave out --compare.")
    if kind == "area":
        grid = product.grid(variable)
        given |= {"depth": depth, "step": max(grid.times.find(time), 0)}
    beside = None
    if observations is not None:
        beside = observations_beside(
            product, asked, options.observed(observations, selection),
            window=options.window_of(window), around=around, parameter=parameter,
            residuals=dots == "residuals",
        )  # fmt: skip
    made = product_figure(product, asked, beside, **given)
    written = save_figure(made, out, dpi=dpi)
    if is_job():
        save_figure(made, "picture.png", dpi=70)  # for the mail about it
    n = None if beside is None else len(beside)
    options.tell(written, as_json, kind=kind, product=product.path,
                 variable=product.named(variable), observations=n)  # fmt: skip
