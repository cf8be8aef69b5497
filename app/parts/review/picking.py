"""What a pick shows of a review, and what a finding picks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .brushing import DIMENSIONS, LISTS, Residuals

__all__ = ["DIMENSIONS", "answer", "box_of", "cleaned", "for_page", "pick_of", "view_of"]

_ROOM = 0.6
"""What is shown around the box of a finding, as a share of it."""
_KNOWN = 20
"""Rows of one cruise that the page gets."""


def for_page(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a review without what its page never shows: skill of three and more dimensions."""
    skill = dict(document.get("skill") or {})
    rows = skill.get("rows") or []
    skill["rows"] = [r for r in rows if sum(r.get(d) is not None for d in DIMENSIONS) <= 2]
    skill["all"] = len(rows)
    cruises = [
        {**one, "rows": (one.get("rows") or [])[:_KNOWN]} for one in document.get("cruises") or []
    ]
    return {**document, "skill": skill, "cruises": cruises}


def box_of(document: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the product of a review."""
    box = (document.get("product") or {}).get("box") or (-180.0, -80.0, 180.0, 85.0)
    west, south, east, north = map(float, box)
    return west, max(south, -85.0), east if east > west else east + 360.0, min(north, 85.0)


def cleaned(brush: Any) -> dict[str, Any]:
    """Return a pick as the browser or a comment gives it, without what can't be used."""
    told: dict[str, Any] = {}
    if not isinstance(brush, Mapping):
        return told
    for name in LISTS:
        wanted = brush.get(name)
        many = wanted if isinstance(wanted, list) else [wanted]
        if wanted is not None and many and all(isinstance(v, int) for v in many):
            told[name] = many
    box = view_of(brush.get("box"))
    if box is not None:
        told["box"] = box
    return told


def view_of(given: Any) -> list[float] | None:
    """Return west, south, east, north; None where that is no box."""
    try:
        west, south, east, north = (float(v) for v in given)
    except (TypeError, ValueError):
        return None
    if not all(np.isfinite([west, south, east, north])) or west >= east or south >= north:
        return None
    return [west, max(south, -89.0), east, min(north, 89.0)]


def answer(
    residuals: Residuals,
    document: Mapping[str, Any],
    brush: Mapping[str, Any],
    view: Sequence[float],
    data: Any = None,
) -> dict[str, Any]:
    """Return map, histogram, curves and tables of a pick.

    Parameters
    ----------
    residuals : Residuals
    document : mapping
        The review.
    brush : mapping
        See `brushing`.
    view : sequence of float
        West, south, east, north of the map.
    data : Collection, optional
        The one that was reviewed: it tells the names of the worst casts.
    """
    picked = residuals.pick(brush)
    told = document.get("residuals") or {}
    edges = (told.get("histogram") or {}).get("edges") or [-1.0, 0.0, 1.0]
    found: dict[str, Any] = {
        "n": residuals.n if picked is None else len(picked),
        "of": residuals.n,
        "view": list(view),
        "cells": residuals.cells(brush, view),
        "histogram": residuals.histogram(picked, edges),
    }
    if picked is not None:
        found["scores"] = residuals.scores(picked)
        found["casts"] = _named(residuals.casts(picked), data)
        for name in ("cruise", "edmo"):
            found[name] = residuals.groups(name, picked)
        for name in ("against_depth", "against_time", "against_value"):
            if bins := (told.get(name) or {}).get("edges"):
                found[name] = residuals.binned(name, picked, bins)
    return found


def _named(casts: list[dict[str, Any]], data: Any) -> list[dict[str, Any]]:
    if data is None or not casts or max(one["row"] for one in casts) >= data.n_stations:
        return casts
    rows = np.array([one["row"] for one in casts])
    known = {"cruise": "cruise", "platform": "platform", "local_cdi_id": "id"}
    for name, key in known.items():
        if name in data.text_names:
            for one, text in zip(casts, data.text(name).take(rows).texts(), strict=True):
                one[key] = str(text)
    for one, code in zip(casts, data.edmo[rows].tolist(), strict=True):
        one["edmo"] = int(code)
    return casts


def pick_of(
    finding: Mapping[str, Any],
    document: Mapping[str, Any],
    residuals: Residuals,
    months: Sequence[int],
) -> tuple[dict[str, Any], list[float] | None]:
    """Return pick and view of a finding.

    Parameters
    ----------
    months : sequence of int
        Month (from 0) of each step of the product; empty where unknown.
    """
    view = finding.get("view") or {}
    brush = cleaned(finding.get("pick") or finding.get("cell"))
    if not brush:
        brush = _derived(finding, view, document, residuals, months)
    box = view_of(view.get("box"))
    if box is None:
        return brush, None
    if "area" not in brush and "row" not in brush and "cruise" not in brush:
        brush["box"] = box
    brush = _with_samples(brush, residuals)
    west, south, east, north = box
    # A finding of one cell still shows what lies around it.
    lon = max((east - west) * _ROOM, 1.0)
    lat = max((north - south) * _ROOM, 1.0)
    return brush, view_of([west - lon, south - lat, east + lon, north + lat])


def _with_samples(brush: dict[str, Any], residuals: Residuals) -> dict[str, Any]:
    """Leave out what a finding need not be about until there are samples to look at."""
    for left_out in ((), ("layer", "level"), ("layer", "level", "month")):
        some = {name: many for name, many in brush.items() if name not in left_out}
        picked = residuals.pick(some)
        if picked is None or len(picked):
            return some
    return {}  # of a place without samples: all, with the map there


def _derived(
    finding: Mapping[str, Any],
    view: Mapping[str, Any],
    document: Mapping[str, Any],
    residuals: Residuals,
    months: Sequence[int],
) -> dict[str, Any]:
    """Find out what a finding is about by its level, its step and its cruise."""
    brush: dict[str, Any] = {}
    skill = document.get("skill") or {}
    if view.get("cruise"):
        names = [one.get("cruise") for one in document.get("cruises") or []]
        return {"cruise": [names.index(view["cruise"])]} if view["cruise"] in names else {}
    if isinstance(view.get("row"), int):
        return {"row": [view["row"]]}
    if view.get("areas"):
        brush["area"] = [int(k) for k in view["areas"]]
    n = len(skill.get("layers") or ())
    depth = view.get("depth")
    if view.get("layers"):
        first, last = view["layers"]
        brush["layer"] = list(range(int(first), int(last) + 1))
    elif depth is not None and len(residuals.columns["depth"]):
        near = np.argmin(np.abs(residuals.columns["depth"] - float(depth)))
        brush["layer"] = [int(residuals.columns["layer"][near])]
    numbers = list(skill.get("month_numbers") or range(1, 13))[: len(skill.get("months") or ())]
    if view.get("months"):
        first, last = view["months"]
        run = [(int(first) - 1 + k) % 12 + 1 for k in range((int(last) - int(first)) % 12 + 1)]
        brush["month"] = [numbers.index(m) for m in run if m in numbers]
    elif isinstance(view.get("step"), int) and view["step"] < len(months):
        month = months[view["step"]] + 1
        brush["month"] = [numbers.index(month)] if month in numbers else []
    whole = {"layer": n, "month": len(numbers)}
    return {k: v for k, v in brush.items() if v and len(v) != whole.get(k)}
