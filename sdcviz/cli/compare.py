"""``sdcviz compare``: the difference of two gridded products."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import BadRequest
from . import app, show
from .arguments import Json
from .product import opened

__all__: list[str] = []


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="FIRST", help="Product: file or address.")],
    second: Annotated[
        str, typer.Argument(metavar="SECOND", help="What is subtracted from it: another product.")
    ],
    variable: Annotated[
        str, typer.Option(help="Field of the first; the likeliest one by default.", metavar="NAME")
    ] = "",
    other_variable: Annotated[
        str, typer.Option(help="Field of the second; the same by default.", metavar="NAME")
    ] = "",
    depth: Annotated[
        float | None, typer.Option(help="Metres, positive down.", metavar="METRES")
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            help="Number of the step from 0, its label (July), or a date.", metavar="TIME"
        ),
    ] = None,
    other_time: Annotated[
        str | None, typer.Option(help="Of the second; the same time by default.", metavar="TIME")
    ] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            help="L1, L2, or the greatest relative error variance of both.", metavar="MASK"
        ),
    ] = None,
    derived: Annotated[
        str,
        typer.Option(help="Of what is made of the fields: iso:14, mld, a formula.", metavar="WHAT"),
    ] = "",
    spread: Annotated[
        list[float] | None,
        typer.Option(
            help="Standard deviation of the background, of both or (given twice) of each.",
            metavar="SD",
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Mask nothing within the combined error.")
    ] = False,
    as_json: Json = False,
    out: Annotated[
        Path | None, typer.Option(help="Write a NetCDF file (or .csv).", metavar="FILE")
    ] = None,
) -> None:
    """Subtract one product from another, masked within their combined error."""
    from ..products import Layer, difference
    from ..products.pairs import beside

    if spread and len(spread) > 2:
        raise BadRequest("--spread: give one number for both products, or two.")
    given = None if not spread else spread[0] if len(spread) == 1 else (spread[0], spread[1])
    a, b = opened([first], None), opened([second], None)
    layer = Layer(a, variable, depth, time, mask, derived=derived)
    step = b.grid(other_variable).times.find(other_time) if other_time is not None else -1
    if other_time is not None and step < 0:
        raise BadRequest(f"{b.name} does not cover {other_time}.")
    found = difference(layer, beside(layer, b, other_variable, step, derived), not whole, given)
    if out is not None:
        from ..products.export import write

        write(found.dataset(), out)
        show.note(f"{out}: written.")
    told = found.statistics() | {"unit": found.unit}
    if as_json:
        show.show_json(told | {"first": a.path, "second": b.path, "sentence": found.sentence})
        return
    _tell(told)
    show.note(found.sentence)


def _tell(told: dict[str, Any]) -> None:
    show.show_rows(
        ["cells", "mean", "sd", "rms", "least", "most", "beyond", "unit"],
        [[
            told["cells"], *(_number(told[k]) for k in ("mean", "sd", "rms", "least", "most")),
            "" if told["beyond"] is None else f"{100 * told['beyond']:.0f} %", told["unit"],
        ]],
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
