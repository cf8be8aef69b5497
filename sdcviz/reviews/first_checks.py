"""Findings of the physical checks, the coverage, the comparisons and the casts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import counted, number
from .first import finding

if TYPE_CHECKING:
    from .fields import FieldView

__all__ = ["other_findings"]

_WEIGHTS = {
    "negative": 20.0,
    "freezing": 20.0,
    "inversion": 15.0,
    "tile": 15.0,
    "overshoot": 8.0,
    "month": 8.0,
    "drift": 4.0,
}
"""Scores of checks that find much."""
_LINES = 5
_MUCH = 1.5
"""Spread of residuals over what is expected, or the other way round, that is worth a word."""


def other_findings(
    document: dict[str, Any],
    jumps: list[dict[str, Any]],
    normal: NDArray[np.float64],
    view: FieldView,
) -> list[dict[str, Any]]:
    """Say what the physical checks, the coverage and the casts tell.

    Parameters
    ----------
    document : dict
    jumps : list of dict
        Groups of straight lines across which the field jumps.
    normal : ndarray of float64
        Normalised residuals.
    view : FieldView
    """
    out = [_tile(group) for group in jumps[:_LINES]]
    for check in document["physical"]:
        if check["severity"] == "none" or check["check"] == "tile":
            continue
        spot = (check["worst"] or [{}])[0]
        where = check.get("where") or {}
        about = {
            "step": where.get("step", spot.get("step")),
            "level": where.get("level", spot.get("level")),
            "box": spot.get("box") or where.get("box") or _around(spot) or check.get("box"),
        }
        if about["level"] is not None:
            about["depth"] = view.depth_of(about["level"])
        share = check["share"] or 0
        score = _WEIGHTS.get(check["check"], 1.0) * min(1.0, 0.2 + (share * 100) ** 0.5)
        kind = "jump" if check["check"] == "month" else check["check"]
        out.append(finding(kind, check["severity"], check["sentence"], score, about))
    for kind in ("reference", "previous"):
        found = document[kind]
        if found is not None:
            spot = found["largest"][0]
            usual = document["residuals"]["histogram"]["robust_sd"]
            much = found["rows"][-1]["rms"] / max(usual, 1e-12)
            about = {k: spot[k] for k in ("step", "level", "depth")} | {"field": "difference"}
            about["box"] = _around(spot)
            severity = "minor" if much > 3 else "note"
            out.append(finding(kind, severity, found["sentence"], min(much, 5), about))
    out += [_misfit(one) for one in document["consistency"] if not 1 / _MUCH < one["ratio"] < _MUCH]
    holes = document["coverage"].get("holes")
    if holes is not None and holes > 0.25:
        severity = "minor" if holes > 0.5 else "note"
        out.append(
            finding(
                "coverage", severity,
                f"The relative error is above 0.5 in {100 * holes:.0f} % of the water: the product "
                "tells little more there than its background.",
                10 * holes, {"field": "error", "step": 0, "level": 0, "depth": view.depth_of(0)},
            )
        )  # fmt: skip
    far = int((np.abs(normal) > 10).sum())
    if far and document["worst"]:
        one = document["worst"][0]
        share = far / len(normal)
        out.append(
            finding(
                "worst", "minor" if share > 0.001 else "note",
                f"{counted(far, 'sample')} of {number(len(normal))} "
                f"{'lies' if far == 1 else 'lie'} more than ten times the "
                f"usual misfit off the product; the worst cast is {one['cruise'] or one['id']} "
                f"{one['station']} of {str(one['time'])[:10]} ({one['largest']:+.3g} {view.unit} "
                f"at {one['depth']:g} m).",
                5 + 100 * share,
                {
                    "field": "residual", "box": _around(one), "depth": one["depth"],
                    "row": one["row"],
                },
            )
        )  # fmt: skip
    return out


def _misfit(one: dict[str, Any]) -> dict[str, Any]:
    ratio = one["ratio"]
    which = "that the product used" if one["used"] else "that the product did not use"
    sentence = (
        f"Residuals at the {counted(one['n'], 'sample')} {which} spread {ratio:.2g} times as far "
        "as its epsilon2 and the variance of its background say: the errors that it states are "
        f"too {'great' if ratio < 1 else 'small'}."
    )
    far = max(ratio, 1 / max(ratio, 1e-6))
    view = {"field": "error", "step": 0, "level": 0}
    return finding("misfit", "minor" if ratio > _MUCH else "note", sentence, min(far, 5), view)


def _tile(group: dict[str, Any]) -> dict[str, Any]:
    about = {k: group[k] for k in ("step", "level", "depth", "box")}
    score = _WEIGHTS["tile"] * min(1.0, 0.3 + (group["share"] * 10) ** 0.5)
    found = finding("tile", group["severity"], group["sentence"], score, about)
    return found | {"places": [line["box"] for line in group["lines"]]}


def _around(spot: dict[str, Any]) -> tuple[float, float, float, float] | None:
    if spot.get("lon") is None or spot.get("lat") is None:
        return None
    return (spot["lon"] - 1.5, spot["lat"] - 1.0, spot["lon"] + 1.5, spot["lat"] + 1.0)
