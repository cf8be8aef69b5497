"""The blocks of a review, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..words import counted
from .bounds import bounds
from .casts import worst_casts
from .collocated import Collocated
from .comparing import compare
from .coverage import coverage
from .cruises import Sources, groups, judged, normalised
from .drawn import Drawn
from .expected import consistency
from .fields import FieldView
from .first import SEVERITIES, bias_findings, bounded, cruise_findings, ranked, typeset
from .first_checks import other_findings
from .jumps import tiles
from .months import months
from .residuals import diagrams, distributions
from .scan import biases, without
from .skill import rows_of
from .strata import Strata
from .water import bathymetry, inversions

if TYPE_CHECKING:
    from ..observations.collection import Collection
    from ..products.product import Product

__all__ = ["assemble"]

_TITLES = {
    "coverage": "Coverage", "residuals": "Residuals", "skill": "Skill", "cruises": "Cruises",
    "reference": "Reference", "previous": "Previous version", "physical": "Physical checks",
    "worst": "Worst casts",
}  # fmt: skip
_CRUISES = 500


def assemble(
    product: Product,
    variable: str,
    collection: Collection,
    parameter: str,
    samples: Collocated,
    sources: Sources,
    strata: Strata,
    others: dict[str, Product | None],
    told: Callable[[str], None],
) -> dict[str, Any]:
    """Make all blocks of `review.json` but what identifies the review."""
    view = FieldView(product, variable)
    grid = product.grid(variable)
    told("Scores")
    rows = rows_of(samples, strata, sources.cluster)
    made: dict[str, Any] = {
        "skill": {**strata.document(), "levels": grid.depth if grid.has_depth else [], "rows": rows}
    }
    made |= diagrams(rows, strata)
    made["consistency"] = consistency(samples)
    edges = grid.level_edges if grid.has_depth else None
    made["residuals"] = distributions(samples, edges)
    made["coverage"] = coverage(samples, strata, sources, collection, product, variable)
    told("Cruises and casts")
    normal, scale = normalised(samples.residual, strata)
    found = biases(samples, scale, strata, sources.cluster)
    free = without(samples, scale, found, sources.cluster)
    cruises = judged(samples, free, scale, strata, sources, Drawn.of(product, samples))
    centres = groups(samples, normal, sources, "centre")
    made["cruises"], made["centres"] = cruises[:_CRUISES], _named(centres)
    made["worst"] = worst_casts(samples, normal, sources, collection, parameter)
    told("Checks of the field")
    quantity = product.quantity_of(variable)
    made["physical"] = [
        inversions(view, others.get("second")), *bounds(view, samples, quantity), tiles(view),
        *months(view), bathymetry(view),
    ]  # fmt: skip
    told("Comparisons")
    for kind, word in (("reference", "the reference"), ("previous", "the previous version")):
        other = others.get(kind)
        made[kind] = None if other is None else compare(view, other, strata, word)
    for said in (*made["physical"], made["reference"], made["previous"]):
        if said is not None:
            said["sentence"] = typeset(said["sentence"])
    findings = bias_findings(found, samples, strata, view)
    edges = next(c for c in made["physical"] if c["check"] == "tile")
    jumps = bounded(findings, edges)
    edges.pop("groups", None)
    findings += cruise_findings(cruises, samples, free, scale, sources, view)
    findings += other_findings(made, jumps, free, view)
    made["first"] = ranked(findings)
    made["blocks"] = _blocks(made, view.unit)
    return made


def _named(centres: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from ..vocabularies import label

    for one in centres:
        code = one.pop("centre")
        one["edmo"], one["centre"] = code, label("EDMO", code) if code > 0 else "unknown"
        one["rows"] = []
    return centres


def _blocks(made: dict[str, Any], unit: str) -> list[dict[str, Any]]:
    whole = next(r for r in made["skill"]["rows"] if _is_all(r))
    cover = made["coverage"]
    failed = [c for c in made["physical"] if c["severity"] in ("major", "minor")]
    bad = sum(f["kind"] == "cruise" for f in made["first"])
    holes = (
        ""
        if cover["holes"] is None
        else f"; relative error above 0.5 in {100 * cover['holes']:.0f} % of the water"
    )
    middle = made["residuals"]["histogram"]["median"]
    spread = made["residuals"]["histogram"]["robust_sd"]
    decimals = int(np.clip(2 - np.ceil(np.log10(max(spread, 1e-9))), 0, 6))
    summaries = {
        "coverage": f"{counted(whole['n'], 'sample')} of {counted(cover['stations'], 'station')}"
        f"{holes}.",
        "residuals": f"Median {_signed(middle, decimals)} {unit}, "
        f"usual spread {spread:.2g} {unit}.",
        "skill": f"Bias {_signed(whole['bias'], decimals)} {unit}, RMSE {whole['rmse']:.2g} {unit}"
        + (
            f"; {100 * whole['within1']:.0f} % within the expected misfit."
            if np.isfinite(whole["within1"])
            else "."
        ),
        "cruises": f"{bad or 'None'} of {counted(len(made['cruises']), 'cruise')} "
        f"{'stands' if bad < 2 else 'stand'} out.",
        "reference": _compared(made["reference"]),
        "previous": _compared(made["previous"]),
        "physical": f"{counted(len(failed), 'check')} of {len(made['physical'])} found something."
        if failed
        else "Nothing was found.",
        "worst": f"The worst cast is {made['worst'][0]['rms']:.3g} times the "
        f"{'usual' if np.isnan(whole['within1']) else 'expected'} misfit off."
        if made["worst"]
        else "",
    }
    return [
        {
            "key": key, "title": title, "summary": typeset(summaries[key]),
            "severity": min(
                (f["severity"] for f in made["first"] if f["block"] == key),
                key=SEVERITIES.index, default="none",
            ),
        }
        for key, title in _TITLES.items()
    ]  # fmt: skip


def _signed(value: float, decimals: int) -> str:
    rounded = round(value, decimals)
    return f"{rounded:+.{decimals}f}" if rounded else f"{0:.{decimals}f}"


def _is_all(row: dict[str, Any]) -> bool:
    return all(row[k] is None for k in ("layer", "month", "area", "decade"))


def _compared(found: dict[str, Any] | None) -> str:
    return "Nothing was given to compare with." if found is None else str(found["sentence"])
