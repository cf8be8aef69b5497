"""``sdcviz divand --outdated`` and ``--rerun``: products whose observations changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from ..errors import BadRequest
from ..words import counted, number
from . import show

__all__ = ["OUTDATED", "box_of", "tell_again", "tell_outdated"]

OUTDATED = 1
"""Exit status of --outdated where observations changed."""

LISTED = 10
"""Changed observations that are listed for people; JSON has them all."""


def box_of(text: str | None) -> tuple[float, float, float, float] | None:
    """Read west, south, east, north."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BadRequest(
            f"--box {text!r} is no box; give WEST,SOUTH,EAST,NORTH, such as --box=-6,35,5,44."
        ) from None
    return west, south, east, north


def tell_outdated(product: Path, collection: Path | None, as_json: bool) -> None:
    """Say what changed since a product was made; status 1 if anything did."""
    from ..analyses.outdated import outdated

    found = outdated(product, collection)
    if as_json:
        show.show_json(found.document(most=len(found)))
    else:
        if found:
            some = found.document(most=LISTED)["observations"]
            show.show_rows(
                ["what", "station", "sample", "flag before", "now", "lon", "lat", "depth", "time"],
                [
                    [o["what"], o["station"], o["sample"], o["old"], o["flag"], f"{o['lon']:.4f}",
                     f"{o['lat']:.4f}", f"{o['depth']:g}", o["time"][:16]]
                    for o in some
                ],
            )  # fmt: skip
            if len(found) > LISTED:
                show.note(f"  and {number(len(found) - LISTED)} more; --json lists them.")
        typer.echo(found.sentence)
    if found:
        raise typer.Exit(OUTDATED)


def tell_again(
    product: Path,
    out: Path | None,
    tell: Callable[[dict[str, Any]], None],
    *,
    as_json: bool,
    **given: Any,
) -> None:
    """Analyse the surroundings of what changed, and say what came of it."""
    from ..analyses.rerun import rerun

    if out is None:
        raise BadRequest("Name the new product: --out new.nc.")
    report = rerun(product, out, tell=tell, **given)
    if as_json:
        show.show_json(report)
        return
    for sentence in report["warnings"]:
        show.note(f"  {sentence}")
    if report["left"]:
        show.note(f"  {counted(report['left'], 'change')} outside the box stay as they were.")
    if report["shifted"]:
        show.note(f"  {report['shifted']}")
    grid = report["grid"]
    show.note(
        f"{report['out']}: {', '.join(report['times'])} around "
        f"{', '.join(f'{edge:g}' for edge in report['box'])}; {report['changed']} "
        f"{grid['lon']} x {grid['lat']} points, {report['seconds']:g} s."
    )
