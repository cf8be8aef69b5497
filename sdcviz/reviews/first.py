"""What a reviewer should see first: findings in sentences, ranked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..products.times import MONTHS
from ..words import counted
from .collocated import Collocated
from .cruises import Sources
from .parts import box_of
from .scan import Bias
from .strata import Strata, spans

if TYPE_CHECKING:
    from .fields import FieldView

__all__ = [
    "SEVERITIES",
    "bias_findings",
    "cruise_findings",
    "finding",
    "ranked",
    "typeset",
]

SEVERITIES = ("major", "minor", "note", "none")
_BLOCKS = {
    "bias": "skill", "cruise": "cruises", "centre": "cruises", "worst": "worst",
    "coverage": "coverage", "misfit": "skill", "previous": "previous", "reference": "reference",
}  # fmt: skip
_MAJOR_BIAS, _SURE_BIAS = 1.0, 4.5
_MAJOR_CRUISE, _MINOR_CRUISE = 6.0, 4.0
_FAR_CRUISE, _TYPICAL = 1.5, 0.8
_GAPS = re.compile(r" +(?= |[,;.)])(?!\.\d)")  # where a field has no unit
_MINUS = re.compile(r"(?<![\w–-])-(?=\d)")
"""Mean and median normalised residual of a cruise that is called bad."""


def ranked(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Order findings: the major ones first, then by their score, kinds taking turns.

    So that ten bad cruises do not hide the negative values.
    """
    out = []
    for severity in SEVERITIES:
        kinds: dict[str, list[dict[str, Any]]] = {}
        for one in sorted(findings, key=lambda f: -f["score"]):
            if one["severity"] == severity:
                kinds.setdefault(one["kind"], []).append(one)
        queues = list(kinds.values())
        while any(queues):
            out += sorted((q.pop(0) for q in queues if q), key=lambda f: -f["score"])
    return out


def typeset(sentence: str) -> str:
    """Write numbers below zero with a minus sign."""
    return _GAPS.sub("", _MINUS.sub("−", sentence))


def finding(
    kind: str, severity: str, sentence: str, score: float, view: dict[str, Any]
) -> dict[str, Any]:
    """Make a finding; `view` is completed."""
    whole = {"step": None, "level": None, "depth": None, "box": None, "field": "value", **view}
    return {
        "kind": kind, "severity": severity, "block": _BLOCKS.get(kind, "physical"),
        "sentence": typeset(sentence), "score": float(score), "view": whole,
    }  # fmt: skip


def bias_findings(
    found: list[Bias], samples: Collocated, strata: Strata, view: FieldView
) -> list[dict[str, Any]]:
    """Say where and when the product is too high or too low."""
    out = []
    for one in found:
        major = one.size >= _MAJOR_BIAS and one.sure >= _SURE_BIAS
        own = one.members
        area = _area(one, strata)
        months = _months(one, strata)
        layers = _layers(one, strata)
        sign = "lower" if one.bias > 0 else "higher"
        where = ", ".join(w for w in (area, months, layers) if w)
        sentence = (
            f"The product is {abs(one.bias):.2g} {view.unit} {sign} than the observations in "
            f"{where or 'all of it'} ({counted(one.n, 'sample')} of "
            f"{counted(one.clusters, 'cruise')})."
        )
        box = (
            box_of(one.areas, strata)
            if one.areas
            else (
                float(samples.lon[own].min()), float(samples.lat[own].min()),
                float(samples.lon[own].max()), float(samples.lat[own].max()),
            )
        )  # fmt: skip
        level = int(np.bincount(samples.level[own]).argmax())
        step = int(np.bincount(np.maximum(samples.step[own], 0)).argmax())
        about = {
            "step": step, "level": level, "depth": view.depth_of(level), "box": box,
            "field": "residual", "areas": list(one.areas),
            "layers": one.layers, "months": [strata.months[m] for m in one.months]
            if strata.months else None,
        }  # fmt: skip
        severity = "major" if major else "minor"
        out.append(
            finding("bias", severity, sentence, one.sure * min(one.size, 3), about)
            | {
                "pick": _pick(one, strata),
                "bias": one.bias,
                "n": one.n,
                "sure": one.sure,
                "size": one.size,
            }
        )
    return out


def _pick(one: Bias, strata: Strata) -> dict[str, list[int]]:
    """Tell which layers, months and areas a page shows of it; all are left out."""
    n = len(strata.months)
    length = (one.months[1] - one.months[0]) % n + 1
    picked = {
        "layer": list(range(one.layers[0], one.layers[1] + 1)),
        "month": [(one.months[0] + k) % n for k in range(length)],
        "area": list(one.areas),
    }
    whole = {"layer": len(strata.layers), "month": n, "area": len(strata.areas)}
    return {k: v for k, v in picked.items() if v and len(v) < whole[k]}


def _area(one: Bias, strata: Strata) -> str:
    if not one.areas or len(strata.areas) == 1:
        return ""
    title = strata.areas[one.areas[0]].title
    if len(one.areas) > 1:
        seas = {strata.areas[k].title.partition(" (")[0] for k in one.areas}
        where = spans(box_of(one.areas, strata))
        sea = seas.pop() if len(seas) == 1 else ""
        title = f"{sea} ({where})" if sea and not sea[:1].isdigit() else where
    return title if title[:1].isdigit() else f"the {title}"


def _months(one: Bias, strata: Strata) -> str:
    n = len(strata.months)
    first, last = one.months
    if (last - first) % n == n - 1:
        return ""
    names = strata.month_names
    return names[first] if first == last else f"{names[first]} to {names[last]}"


def _layers(one: Bias, strata: Strata) -> str:
    first, last = one.layers
    low, high = strata.edges[first], strata.edges[last + 1]
    if (first, last) == (0, len(strata.layers) - 1):
        return ""
    return f"below {low:g} m" if last == len(strata.layers) - 1 else f"{low:g}–{high:g} m"


def cruise_findings(
    cruises: list[dict[str, Any]],
    others: tuple[dict[str, dict[str, Any]], ...],
    samples: Collocated,
    normal: NDArray[np.float64],
    sources: Sources,
    view: FieldView,
) -> list[dict[str, Any]]:
    """Say which cruises do not fit, whatever is off in the product around them.

    `others` are their scores against their neighbours, and without the biases of the product.
    """
    out = []
    for one in cruises[:20]:
        told = [one, *(other[one["cruise"]] for other in others)]
        score = min(t["score"] for t in told)
        far = min((t["shift"] for t in told), key=abs)
        own = sources.cruise == sources.cruises.index(one["cruise"])
        if (
            one["stations"] < 3
            or abs(np.median(normal[own])) < _TYPICAL
            or score < _MINOR_CRUISE
            or abs(far) < _FAR_CRUISE
        ):
            continue
        time = samples.time[own]
        level = int(np.bincount(samples.level[own]).argmax())
        word = "above" if one["shift"] > 0 else "below"
        when = f", {_date(time.min())}" + (
            f" to {_date(time.max())}" if _date(time.max()) != _date(time.min()) else ""
        )
        box = (
            float(samples.lon[own].min()), float(samples.lat[own].min()),
            float(samples.lon[own].max()), float(samples.lat[own].max()),
        )  # fmt: skip
        bias = float(np.median(samples.residual[own]))
        out.append(
            finding(
                "cruise",
                "major" if score >= _MAJOR_CRUISE else "minor",
                f"Cruise {one['cruise']} lies {abs(bias):.2g} {view.unit} {word} the product all "
                f"along ({counted(one['stations'], 'station')}, {counted(one['n'], 'sample')}; "
                f"{spans(box)}{when}).",
                score,
                {
                    "step": int(np.bincount(np.maximum(samples.step[own], 0)).argmax()),
                    "level": level, "depth": view.depth_of(level), "box": box,
                    "field": "residual", "cruise": one["cruise"],
                },
            )
        )  # fmt: skip
    return out


def _date(time: np.datetime64) -> str:
    if np.isnat(time):
        return "undated"
    text = str(time.astype("datetime64[M]"))
    return f"{MONTHS[int(text[5:7]) - 1]} {text[:4]}"
