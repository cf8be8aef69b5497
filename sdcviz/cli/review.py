"""``sdcviz review``: what a product is worth beside observations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..words import counted, number
from . import app, show
from .events import is_job

__all__: list[str] = []

_SHOWN = 12


@app.command()
def review(
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="Product to review.")],
    collection: Annotated[
        Path, typer.Argument(metavar="COLLECTION", help="Observations to compare it with.")
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder for review.json, report.html and residuals.", metavar="FOLDER"),
    ],
    variable: Annotated[
        str, typer.Option(help="Field; the likeliest one by default.", metavar="NAME")
    ] = "",
    parameter: Annotated[
        str,
        typer.Option(help="Of the collection; what the field measures by default.", metavar="KEY"),
    ] = "",
    reference: Annotated[
        str | None, typer.Option(help="Climatology to compare with.", metavar="PRODUCT")
    ] = None,
    previous: Annotated[
        str | None, typer.Option(help="Earlier version to compare with.", metavar="PRODUCT")
    ] = None,
    second: Annotated[
        str | None,
        typer.Option(
            help="Salinity of a temperature or the other way round, for the density.",
            metavar="PRODUCT",
        ),
    ] = None,
    areas: Annotated[
        str, typer.Option(help="grid, or a GeoJSON file of polygons.", metavar="FILE")
    ] = "grid",
    independent: Annotated[
        bool,
        typer.Option("--independent", help="Leave out stations that the product was made of."),
    ] = False,
    selection: Annotated[
        Path | None,
        typer.Option(help="JSON file of filters: which observations.", metavar="FILE"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON document: what to see first, and scores.")
    ] = False,
    progress: Annotated[
        str, typer.Option(help="auto, json (lines on standard error) or none.", metavar="KIND")
    ] = "auto",
) -> None:
    """Review a product: skill, coverage, cruises that do not fit, physical checks, a report."""
    from ..reviews.run import review as make
    from .options import read_filters

    kind = "json" if as_json and progress == "auto" else progress
    with show.progress_bar(kind) as bar:
        found = make(
            product, collection, out, variable=variable, parameter=parameter,
            reference=reference, previous=previous, second=second, areas=areas,
            independent=independent, filters=read_filters(selection), progress=bar,
        )  # fmt: skip
    if is_job():
        _leave_picture(out, found["unit"])
    told = _report(found, out)
    if as_json:
        show.show_json(told)
        return
    show.show_rows(
        ["", "block", "what to see first"],
        [[f["severity"], f["block"], f["sentence"]] for f in found["first"][:_SHOWN]],
    )
    for sentence in found["warnings"]:
        show.note(f"  {sentence}")
    left = ", ".join(f"{number(n)} {k}" for k, n in found["left_out"].items() if n)
    show.note(
        f"{counted(found['samples'], 'sample')} compared"
        + (f" (left out: {left})." * bool(left) or ".")
    )
    for block in found["blocks"]:
        show.note(f"  {block['title']}: {block['summary']}")
    show.note(f"Report: {out / 'report.html'}")
    _tell(told)


def _leave_picture(folder: Path, unit: str) -> None:
    """Leave the map of the residuals for the mail about the job."""
    from ..reviews.figures import map_picture

    map_picture(folder, unit, Path("picture.png"))


def _tell(report: dict[str, Any]) -> None:
    """Tell the job, if this is one, what came of it."""
    from .events import tell_job

    tell_job("result", report=report)


def _report(found: dict[str, Any], out: Path) -> dict[str, Any]:
    """Shorten a review to what a notice tells; the names are those of an analysis."""
    whole = next(
        r for r in found["skill"]["rows"]
        if all(r[k] is None for k in ("layer", "month", "area", "decade"))
    )  # fmt: skip
    left = found["left_out"]
    important = [f["sentence"] for f in found["first"] if f["severity"] in ("major", "minor")]
    return {
        "out": str(out),
        "review": str(out / "review.json"),
        "unit": found["unit"],
        "observations": found["samples"] + sum(left.values()),
        "used": found["samples"],
        "left_out": left,
        "rmse": whole["rmse"],
        "bias": whole["bias"],
        "major": sum(f["severity"] == "major" for f in found["first"]),
        "minor": sum(f["severity"] == "minor" for f in found["first"]),
        "first": found["first"][:_SHOWN],
        "blocks": found["blocks"],
        "worst": [
            {"residual": w["largest"], "station": w["station"] or w["id"], "time": w["time"],
             "depth": w["depth"]}
            for w in found["worst"][:3]
        ],
        "warnings": [*found["warnings"], *important],
    }  # fmt: skip
