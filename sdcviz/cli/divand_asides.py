"""What ``sdcviz divand`` does besides an analysis: examples, previews, studies, checks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from ..errors import BadRequest
from ..storage import storage_errors
from ..words import counted, number
from . import show

__all__ = [
    "tell_check",
    "tell_example",
    "tell_export",
    "tell_outliers",
    "tell_preview",
    "tell_study",
]

FINDINGS = 1
"""Exit status of --check where something is wrong."""
LISTED = 20
"""Observations that are listed for people; JSON has them all."""


def tell_example(out: Path | None, collection: Path | None) -> None:
    """Write a recipe with comments."""
    from ..analyses import example_recipe

    text = example_recipe(_seen_from(out, collection) if collection else "my_collection")
    if out is None:
        sys.stdout.write(text)
        return
    if out.exists():
        raise BadRequest(f"{out} is there already; name a new file for the example.")
    with storage_errors(out):
        out.write_text(text, encoding="utf-8")
    show.note(f"{out}: change it, then: sdcviz divand {out} --out product.nc")


def _seen_from(out: Path | None, collection: Path) -> str:
    """Return the collection's path as the recipe file sees it; paths are seen from its folder."""
    if out is None or collection.expanduser().is_absolute():
        return str(collection.expanduser())
    whole, folder = collection.absolute(), out.expanduser().absolute().parent
    try:
        return str(whole.relative_to(folder))
    except ValueError:
        # Through links a path upwards leads elsewhere than it reads.
        return os.path.relpath(whole.resolve(), folder.resolve())


def tell_check(product: Path, as_json: bool) -> None:
    """Compare a product with the layout that DIVAnd's users and programs expect."""
    from ..analyses import check_layout

    findings = check_layout(product)
    if as_json:
        show.show_json({"product": product, "findings": findings})
    else:
        for sentence in findings:
            typer.echo(sentence)
        told = counted(len(findings), "finding") if findings else "nothing is wrong with it"
        show.note(f"{product}: {told}.")
    if findings:
        raise typer.Exit(FINDINGS)


def tell_preview(
    recipe: Path, time: str | None, level: float | None, as_json: bool, out: Path | None
) -> None:
    """Analyse one time and level on a coarse grid."""
    if out is not None:
        raise BadRequest("A preview writes no product; leave out --out, or --preview.")
    from ..analyses import preview

    seen = preview(recipe, time=time, level=level)
    if as_json:
        show.show_json(seen.document())
        return
    for sentence in seen.warnings:
        show.note(sentence)
    show.note(seen.sentence())


def tell_export(recipe: Path, folder: Path, as_json: bool) -> None:
    """Write the problem for DIVAnd.jl."""
    from ..analyses import export_julia

    report = export_julia(recipe, folder)
    if as_json:
        show.show_json(report)
        return
    for sentence in report["warnings"]:
        show.note(sentence)
    show.note(
        f"{report['folder']}: {counted(report['slices'], 'time slice')} for DIVAnd.jl. Run its "
        f"driver on it, then: sdcviz divand {recipe} --import-julia {folder} --out product.nc"
    )


def tell_study(
    recipe: Path, time: str | None, level: float | None, as_json: bool, out: Path | None
) -> None:
    """Try several lengths and error variances."""
    if out is not None:
        raise BadRequest("A study writes no product; leave out --out, or --study.")
    from ..analyses.study import study

    cells = list(study(recipe, time=time, level=level))
    best = min(cells, key=lambda cell: cell.score)
    if as_json:
        told = [cell.document() for cell in cells]
        show.show_json({"trials": told, "best": best.document()})
        return
    show.show_rows(
        ["length (km)", "epsilon2", "misfit of what was left out", ""],
        [
            [f"{c.length / 1000:g}", f"{c.epsilon2:g}", f"{c.score:.4g}", "best" * (c is best)]
            for c in cells
        ],
    )


def tell_outliers(recipe: Path, as_json: bool) -> None:
    """List the observations that look like errors, before anything is analysed."""
    from ..analyses.outliers import outliers_of
    from ..analyses.plan import make_plan
    from ..analyses.recipe_file import make_recipe

    plan = make_plan(make_recipe(recipe))
    found = outliers_of(plan)
    listed = found.document(plan.points)
    if as_json:
        told = {"recipe": recipe, "total": found.total, "count": len(found)}
        show.show_json(told | {"observations": listed})
        return
    if listed:
        show.show_rows(
            ["station", "cruise", "lon", "lat", "depth", "time", "value", "off", "robust sd"],
            [
                [o["station"], o["cruise"], f"{o['lon']:.4f}", f"{o['lat']:.4f}",
                 f"{o['depth']:g}", o["time"][:16], f"{o['value']:g}", f"{o['off']:+.3g}",
                 f"{o['score']:.0f}"]
                for o in listed[:LISTED]
            ],
        )  # fmt: skip
    if len(listed) > LISTED:
        show.note(f"  and {number(len(listed) - LISTED)} more; --json lists them.")
    nothing = f"None of {counted(found.total, 'observation')} is far off those around it."
    typer.echo(found.sentence(plan.points, plan.meaning["unit"]) or nothing)
