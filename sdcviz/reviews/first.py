"""What a reviewer should see first: findings in sentences, ranked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..products.times import MONTHS
from ..words import counted
from .collocated import Collocated
from .cruises import MAJOR, Sources, odd
from .scan import Bias
from .strata import Strata, spans

if TYPE_CHECKING:
    from .extent import Extent
    from .fields import FieldView

__all__ = [
    "SEVERITIES",
    "bias_findings",
    "bounded",
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
_TYPICAL = 0.8
"""Median normalised residual of a cruise that is called bad."""
_DRAWN = 1.3
"""A product that is off so many times as much without a cruise was drawn to it."""
_BESIDE = 0.2
"""Share of the samples of a cruise that have others near; with less nobody tells who is right."""
_MOSTLY = 0.6
_GAPS = re.compile(r" +(?= |[,;.)])(?!\.\d)")  # where a field has no unit
_MINUS = re.compile(r"(?<![\w–-])-(?=\d)")


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
        own, extent = one.members, one.extent
        box = extent.box or _around(samples, own)
        words = (_area(one, strata), _months(extent.months, strata), _depths(extent.levels, view))
        where = ", ".join(w for w in words if w)
        sign = "lower" if one.bias > 0 else "higher"
        sentence = (
            f"The product is {abs(one.bias):.2g} {view.unit} {sign} than the observations in "
            f"{where or 'all of it'} ({counted(one.n, 'sample')} of "
            f"{counted(one.clusters, 'cruise')})."
        )
        level = int(np.bincount(samples.level[own]).argmax())
        about = {
            "step": int(np.bincount(np.maximum(samples.step[own], 0)).argmax()), "level": level,
            "depth": view.depth_of(level), "box": box, "field": "residual",
            "levels": extent.levels, "steps": np.unique(samples.step[own]).tolist(),
            "months": [strata.months[m] for m in extent.months],
        }  # fmt: skip
        severity = "major" if major else "minor"
        more = {"pick": _pick(extent, strata, view), "bias": one.bias, "n": one.n,
                "sure": one.sure, "size": one.size}  # fmt: skip
        out.append(finding("bias", severity, sentence, one.sure * min(one.size, 3), about) | more)
    return out


def _around(samples: Collocated, own: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    lon, lat = samples.lon[own], samples.lat[own]
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _pick(extent: Extent, strata: Strata, view: FieldView) -> dict[str, Any]:
    """Tell which levels, months and places a page shows of it; what is all is left out."""
    picked: dict[str, Any] = {
        "level": list(range(extent.levels[0], extent.levels[1] + 1)),
        "month": list(extent.months),
        "area": list(extent.areas),
    }
    whole = {"level": view.grid.shape[1], "month": len(strata.months), "area": len(strata.areas)}
    told = {k: v for k, v in picked.items() if v and len(v) < whole[k]}
    return told if extent.box is None else {**told, "box": list(extent.box)}


def _area(one: Bias, strata: Strata) -> str:
    extent = one.extent
    if extent.areas:
        titles = [strata.areas[k].title for k in extent.areas]
        return " and ".join(t if t[:1].isdigit() else f"the {t}" for t in titles)
    if extent.box is None:
        return ""
    seas = {strata.areas[k].title.partition(" (")[0] for k in one.areas}
    sea = seas.pop() if len(seas) == 1 else ""
    where = spans(extent.box)
    return f"the {sea} ({where})" if sea and not sea[:1].isdigit() else where


def _months(months: tuple[int, ...], strata: Strata) -> str:
    if len(months) >= len(strata.months):
        return ""
    names = strata.month_names
    first, last = names[months[0]], names[months[-1]]
    return first if first == last else f"{first} to {last}"


def _depths(levels: tuple[int, int], view: FieldView) -> str:
    """Name a run of levels by the depths of the first and the last one."""
    if not view.grid.has_depth or levels == (0, view.grid.shape[1] - 1):
        return ""
    low, high = view.depth_of(levels[0]), view.depth_of(levels[1])
    if levels[1] == view.grid.shape[1] - 1:
        return f"from {low:g} m down"
    return f"{low:g} m" if low == high else f"{low:g}–{high:g} m"


def bounded(findings: list[dict[str, Any]], tiles: dict[str, Any]) -> list[dict[str, Any]]:
    """Give biases the straight edges that bound them; return findings of the others.

    Parameters
    ----------
    findings : list of dict
        Of `bias_findings`; sentence and places of some are completed.
    tiles : dict
        The check of `jumps.tiles`.
    """
    from .jumps import edge_words

    left = []
    for group in tiles.get("groups", []):
        own = next((f for f in findings if _bounds(group, f)), None)
        if own is None:
            left.append(group)
            continue
        own.setdefault("edges", []).extend(group["lines"])
    for one in findings:
        lines = one.pop("edges", [])
        if lines:
            one["places"] = [line["box"] for line in lines]
            words = "; ".join(edge_words(line) for line in lines)
            edges = "A straight edge bounds" if len(lines) == 1 else "Straight edges bound"
            one["sentence"] = typeset(f"{one['sentence']} {edges} it: {words}.")
    return left


def _bounds(group: dict[str, Any], bias: dict[str, Any]) -> bool:
    """Tell whether the edges of a patch are where a bias ends."""
    view = bias["view"]
    steps, levels = zip(*group["layers_of"], strict=True)
    first, last = view["levels"]
    season = np.mean(np.isin(steps, view["steps"]))
    deep = np.mean([first - 1 <= k <= last + 1 for k in levels])
    west, south, east, north = view["box"]
    x, y = max((east - west) / 4, 1.0), max((north - south) / 4, 1.0)
    inside = [
        west - x <= line["lon"] <= east + x and south - y <= line["lat"] <= north + y
        for line in group["lines"]
    ]
    return bool(season > _MOSTLY and deep > _MOSTLY and all(inside))


def cruise_findings(
    cruises: list[dict[str, Any]],
    samples: Collocated,
    free: NDArray[np.float64],
    scale: NDArray[np.float64],
    sources: Sources,
    view: FieldView,
) -> list[dict[str, Any]]:
    """Say which cruises do not fit, whatever is off in the product around them.

    Parameters
    ----------
    cruises : list of dict
        As `cruises.judged` gives them.
    samples : Collocated
    free, scale : ndarray of float64
        Normalised residuals without the biases of the product, and what they were divided by.
    sources : Sources
    view : FieldView
    """
    out = []
    for one in cruises[:20]:
        score, far = one["score"], one["shift"]
        own = sources.cruise == sources.cruises.index(one["cruise"])
        if not odd(one) or abs(np.median(free[own])) < _TYPICAL:
            continue
        time = samples.time[own]
        level = int(np.bincount(samples.level[own]).argmax())
        word = "above" if far > 0 else "below"
        when = f", {_date(time.min())}" + (
            f" to {_date(time.max())}" if _date(time.max()) != _date(time.min()) else ""
        )
        box = _around(samples, own)
        bias = float(np.median(free[own] * scale[own]))
        alone = one["beside"] < _BESIDE
        more = " No other cruise is near: it may be the product that is off." if alone else ""
        if abs(one.get("own", 0)) > _DRAWN * abs(bias):
            more += (
                f" The product was drawn to it, and would lie about {abs(one['own']):.2g} "
                f"{view.unit} off without it."
            )
        about = {
            "step": int(np.bincount(np.maximum(samples.step[own], 0)).argmax()),
            "level": level, "depth": view.depth_of(level), "box": box,
            "field": "residual", "cruise": one["cruise"],
        }  # fmt: skip
        out.append(
            finding(
                "cruise",
                "major" if score >= MAJOR and not alone else "minor",
                f"Cruise {one['cruise']} lies {abs(bias):.2g} {view.unit} {word} the product all "
                f"along ({counted(one['stations'], 'station')}, {counted(one['n'], 'sample')}; "
                f"{spans(box)}{when}).{more}",
                score,
                about,
            )
        )
    return out


def _date(time: np.datetime64) -> str:
    if np.isnat(time):
        return "undated"
    text = str(time.astype("datetime64[M]"))
    return f"{MONTHS[int(text[5:7]) - 1]} {text[:4]}"
