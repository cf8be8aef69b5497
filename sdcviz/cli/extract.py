"""``sdcviz extract``: profile, time series, Hovmöller diagram and section out of a product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import app, show
from .arguments import Csv, Json
from .product import Addresses, Corrections, opened

if TYPE_CHECKING:
    import xarray as xr

__all__: list[str] = []

extract = typer.Typer(
    help="Take profiles, time series, Hovmöller diagrams and sections out of a product.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(extract, name="extract")

Variable = Annotated[str, typer.Option(help="Field; the likeliest one by default.", metavar="NAME")]
Lon = Annotated[float, typer.Option(help="Degrees east.", metavar="DEGREES")]
Lat = Annotated[float, typer.Option(help="Degrees north.", metavar="DEGREES")]
Depth = Annotated[float | None, typer.Option(help="Metres, positive down.", metavar="METRES")]
When = Annotated[
    str | None,
    typer.Option(help="Number of the step from 0, its label (July), or a date.", metavar="TIME"),
]
Track = Annotated[
    str, typer.Option(help='Corners, such as "3,42 5,41.5".', metavar='"LON,LAT LON,LAT"')
]
Points = Annotated[int, typer.Option(help="Points along the line.", metavar="N")]
Mask = Annotated[
    str | None,
    typer.Option(
        help="L1, L2, or the greatest relative error variance, such as 0.3.", metavar="MASK"
    ),
]
Method = Annotated[
    str, typer.Option(help="bilinear (over sea points) or nearest.", metavar="METHOD")
]
Out = Annotated[
    Path | None, typer.Option(help="Write a NetCDF file (or .csv) instead.", metavar="FILE")
]


@extract.command()
def profile(
    paths: Addresses, lon: Lon, lat: Lat, variable: Variable = "", time: When = None,
    mask: Mask = None, interpolation: Method = "bilinear", role: Corrections = None,
    as_json: Json = False, as_csv: Csv = False, out: Out = None,
) -> None:  # fmt: skip
    """Values at all depths of a place."""
    show.one_form(as_json, as_csv)
    found = opened(paths, role).profile(
        lon, lat, time, variable=variable, mask=mask, interpolation=interpolation
    )
    _give(found, as_json, as_csv, out)


@extract.command()
def timeseries(
    paths: Addresses, lon: Lon, lat: Lat, depth: Depth = None, variable: Variable = "",
    mask: Mask = None, interpolation: Method = "bilinear", role: Corrections = None,
    as_json: Json = False, as_csv: Csv = False, out: Out = None,
) -> None:  # fmt: skip
    """Values of all times at a place and depth: the seasonal cycle of a climatology."""
    show.one_form(as_json, as_csv)
    found = opened(paths, role).timeseries(
        lon, lat, depth, variable=variable, mask=mask, interpolation=interpolation
    )
    _give(found, as_json, as_csv, out)


@extract.command()
def hovmoller(
    paths: Addresses,
    lon: Annotated[float | None, typer.Option(help="Degrees east.", metavar="DEGREES")] = None,
    lat: Annotated[float | None, typer.Option(help="Degrees north.", metavar="DEGREES")] = None,
    line: Annotated[
        str | None,
        typer.Option(help='Corners, such as "3,42 5,41.5".', metavar='"LON,LAT LON,LAT"'),
    ] = None,
    depth: Depth = None, points: Points = 200, variable: Variable = "", mask: Mask = None,
    interpolation: Method = "bilinear", role: Corrections = None, as_json: Json = False,
    as_csv: Csv = False, out: Out = None,
) -> None:  # fmt: skip
    """Depth against time at a place; along a line, row or column: distance against time."""
    show.one_form(as_json, as_csv)
    found = opened(paths, role).hovmoller(
        lon, lat, line=line, depth=depth, points=points, variable=variable, mask=mask,
        interpolation=interpolation,
    )  # fmt: skip
    _give(found, as_json, as_csv, out)


@extract.command()
def section(
    paths: Addresses, line: Track, time: When = None, points: Points = 200,
    variable: Variable = "", mask: Mask = None, interpolation: Method = "bilinear",
    role: Corrections = None, as_json: Json = False, as_csv: Csv = False, out: Out = None,
) -> None:  # fmt: skip
    """Values along a line at all depths."""
    show.one_form(as_json, as_csv)
    found = opened(paths, role).section(
        line, time, points=points, variable=variable, mask=mask, interpolation=interpolation
    )
    _give(found, as_json, as_csv, out)


def _give(found: xr.Dataset, as_json: bool, as_csv: bool, out: Path | None) -> None:
    from ..products.export import document, table, write

    sentences = [found.attrs[k] for k in ("assumed", "sentence", "warnings") if k in found.attrs]
    if out is not None:
        write(found, out)
        show.note(f"{out}: written.")
    if as_json:
        show.show_json(document(found))
    elif as_csv:
        show.show_csv(table(found))
    elif out is None:
        rows = table(found)
        show.show_rows(list(rows.columns), rows.itertuples(index=False))
    for sentence in sentences:
        show.note(sentence)
