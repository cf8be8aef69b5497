"""The product of a part that was analysed again, alone or in the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .again import Again, version_after
from .driver import make_meta
from .metadata import Meta
from .model import Axes, SliceResult
from .parts import Parts
from .recipe_file import write_recipe
from .rerun_merge import Alone, Shift, Whole
from .worst import Worst

__all__ = ["write_again"]


def write_again(again: Again, parts: Parts, out: Path, merge: bool) -> dict[str, Any]:
    """Write what was analysed again.

    Parameters
    ----------
    again : Again
    parts : Parts
        With the slices of its times.
    out : Path
    merge : bool
        The whole product; else the part alone.

    Returns
    -------
    dict
        What came of it; see `rerun`.
    """
    from .product import write_product

    whole = Whole(again, parts)
    made = whole if merge else Alone(whole)
    version = version_after(again.plan.recipe.metadata.version)
    recipe = made.recipe.model_copy(
        update={"metadata": made.recipe.metadata.model_copy(update={"version": version})}
    )
    plan = again.plan
    loaders = made.loaders()
    write_product(
        out,
        write_recipe(recipe),
        _meta(again, parts, version, whole.shift),
        made.axes,
        made.mask,
        plan.points,
        loaders,
        recipe.thresholds if recipe.error != "none" else {},
    )
    return _report(again, made.axes, made.mask, out, loaders, whole.shift)


def _meta(again: Again, parts: Parts, version: str, shift: Shift | None) -> Meta:
    attrs, record = again.record.attrs, again.record
    west, south, east, north = again.core
    times = ", ".join(again.plan.slices[k].label for k in again.numbers)
    told = again.changed.sentence.removeprefix("Out of date: ").rstrip(".")
    told = told if again.changed else "no observation changed"
    meta = make_meta(again.plan, parts)
    previous = " ".join(filter(None, (record.path.name, str(attrs.get("product_id", "")))))
    return replace(
        meta,
        variable=record.field,
        version=version,
        history=str(attrs.get("history", "")),
        done=(
            f"analysed again by sdcviz divand --rerun around {west:g}, {south:g}, {east:g}, "
            f"{north:g} ({times}): {told}; previous product {previous}"
            + (f". {shift.sentence(again.plan.meaning['unit'])}" if shift else "")
        ),
        previous=previous,
    )


def _report(
    again: Again,
    axes: Axes,
    mask: NDArray[np.bool_],
    out: Path,
    loaders: list[Callable[[], SliceResult]],
    shift: Shift | None,
) -> dict[str, Any]:
    plan = again.plan
    slices, squares, used = [], 0.0, 0
    worst = Worst(plan.points)
    for one, load in zip(axes.slices, loaders, strict=True):
        result = load()
        slices.append({**result.notes, "centre": str(one.centre)})
        worst.add(one.label, result)
        squares += float(np.sum(result.residuals[result.used] ** 2))
        used += int(result.used.sum())
    return {
        "out": str(out),
        "product": str(again.record.path),
        "changed": again.changed.sentence,
        "counts": again.changed.counts,
        "box": list(again.core),
        "left": again.left,
        "times": [plan.slices[k].label for k in again.numbers],
        "observations": len(plan.points),
        "used": used,
        "rmse": float(np.sqrt(squares / used)) if used else None,
        "unit": plan.meaning["unit"],
        "worst": worst.report(),
        "grid": {
            "lon": len(axes.lon),
            "lat": len(axes.lat),
            "depth": len(axes.depth),
            "times": len(axes.slices),
            "sea_points": int(mask.sum()),
        },
        "slices": slices,
        "shift": None if shift is None else shift._asdict(),
        "shifted": "" if shift is None else shift.sentence(plan.meaning["unit"]),
        "warnings": list(plan.warnings),
    }
