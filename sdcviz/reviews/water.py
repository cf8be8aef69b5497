"""Checks that need more than the field itself: density of the water, steps of the sea floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..words import counted
from .fields import FieldView, depth_words, place_words, share_words

if TYPE_CHECKING:
    from ..products.product import Product

__all__ = ["bathymetry", "inversions"]

_INVERSION = 0.01
"""kg/m3 that water may be lighter than what is above it: maps are not exact."""
_WORST = 10
_STEP = 2
"""Levels between two bottoms that are a step of the sea floor."""
_PAIRS = 100


def inversions(view: FieldView, second: Product | None) -> dict[str, Any]:
    """Find water that is lighter than what is above it.

    Parameters
    ----------
    view : FieldView
        Temperature or salinity.
    second : Product, optional
        The other one of the two; else it is looked for in the product itself.
    """
    told: dict[str, Any] = {
        "check": "inversion", "title": "Density inversions", "share": None, "count": None,
        "of": None, "severity": "none", "worst": [],
    }  # fmt: skip
    quantity = view.product.quantity_of(view.variable)
    if quantity not in ("temperature", "salinity"):
        told["sentence"] = "Not looked at. The field is neither temperature nor salinity."
        return told
    other = "salinity" if quantity == "temperature" else "temperature"
    if not view.grid.has_depth or view.grid.shape[1] < 2:
        told["sentence"] = "Not looked at. The field has one level."
        return told
    beside = _companion(view, second, other)
    if isinstance(beside, str):
        told["sentence"] = f"Not looked at. {beside}"
        return told
    both = (view, beside) if quantity == "temperature" else (beside, view)
    return _count(view, both, told)


def _companion(view: FieldView, second: Product | None, other: str) -> FieldView | str:
    source = second or view.product
    for name in source.variables:
        if source.quantity_of(name) != other:
            continue
        a, b = view.grid, source.grid(name)
        if a.shape != b.shape or not all(
            x.shape == y.shape and np.allclose(x, y, atol=1e-4)
            for x, y in ((a.lon, b.lon), (a.lat, b.lat), (a.depth, b.depth))
        ):
            return f"{name} of {source.name} lies on another grid."
        return FieldView(source, name)
    if second is not None:
        return f"{second.name} has no {other}."
    return f"Density needs {other} as well; name its product."


def _count(view: FieldView, both: tuple[FieldView, FieldView], told: dict[str, Any]) -> dict:
    import gsw

    lon, lat = view.lonlat()
    depth = view.grid.depth
    count = of = 0
    worst: list[dict[str, Any]] = []
    box = None
    levels: set[int] = set()
    for step in view.steps:
        before: tuple[NDArray, NDArray] | None = None
        for z in range(view.grid.shape[1]):
            warm, salty = (both[k].layer(step, z) for k in (0, 1))
            if warm is None or salty is None:
                before = None
                continue
            p = gsw.p_from_z(-depth[z], lat)
            sa = gsw.SA_from_SP(salty, p, lon, lat)
            ct = gsw.CT_from_t(sa, warm, p)
            if before is not None:
                middle = gsw.p_from_z(-(depth[z] + depth[z - 1]) / 2, lat)
                with np.errstate(invalid="ignore"):
                    off = gsw.rho(sa, ct, middle) - gsw.rho(*before, middle)
                    bad = off < -_INVERSION
                of += int(np.isfinite(off).sum())
                if bad.any():
                    count += int(bad.sum())
                    levels.add(z)
                    spots = view.spots(step, z, bad, off, _WORST)
                    worst = sorted([*worst, *spots], key=lambda s: s["value"])[:_WORST]
                    own = [lon[bad].min(), lat[bad].min(), lon[bad].max(), lat[bad].max()]
                    box = own if box is None else [
                        min(box[0], own[0]), min(box[1], own[1]),
                        max(box[2], own[2]), max(box[3], own[3]),
                    ]  # fmt: skip
            before = sa, ct
    share = count / of if of else 0.0
    told |= {"share": share, "count": count, "of": of, "worst": worst, "box": box}
    if not count:
        told["sentence"] = "No water is lighter than what is above it by more than 0.01 kg/m³."
        return told
    one = worst[0]
    told["severity"] = (
        "major" if share > 0.02 and one["value"] < -0.1 else "minor" if share > 1e-3 else "note"
    )
    deep = depth_words([depth[z] for z in levels])
    words = (view.step_name(one["step"]), _place(one))
    told["sentence"] = (
        f"{counted(count, 'value')} ({share_words(share)} of the field), {deep}, are lighter than "
        f"the water above them by more than 0.01 kg/m³; the worst by {-one['value']:.2g} kg/m³ at "
        f"{one['depth']:g} m, {', '.join(w for w in words if w)}."
    )
    return told


def _place(one: dict[str, Any]) -> str:
    lon, lat = one["lon"], one["lat"]
    return place_words((lon - 0.5, lat - 0.5, lon + 0.5, lat + 0.5))


def bathymetry(view: FieldView) -> dict[str, Any]:
    """Tell whether the field has steps where the sea floor beneath has.

    Neighbours whose bottoms lie some levels apart are compared with all others, at levels that
    both have. Fronts follow the edge of the shelf in the sea as well: this asks for a look.
    """
    told: dict[str, Any] = {
        "check": "bathymetry", "title": "Gradients that follow the sea floor", "share": None,
        "count": None, "of": None, "severity": "none", "worst": [],
    }  # fmt: skip
    deepest = np.full(view.grid.shape[2:], -1)
    for z, layer in view.levels(0):
        deepest[np.isfinite(layer)] = z
    across = deepest[:, 1:], deepest[:, :-1]
    sea = (across[0] >= 0) & (across[1] >= 0)
    steps = sea & (np.abs(across[0] - across[1]) >= _STEP)
    if steps.sum() < _PAIRS:
        told["sentence"] = "Not looked at. The mask of the product shows no steps of the sea floor."
        return told
    ratios, levels = [], []
    for z, layer in view.levels(0):
        d = np.abs(np.diff(layer, axis=1)).astype(np.float64)
        known = np.isfinite(d)
        on, off = known & steps, known & sea & ~steps
        if on.sum() < _PAIRS // 2 or off.sum() < _PAIRS:
            continue
        usual = float(np.sqrt(np.mean(d[off] ** 2)))
        if usual > 0:
            ratios.append(float(np.sqrt(np.mean(d[on] ** 2))) / usual)
            levels.append(z)
    if not ratios:
        told["sentence"] = "Not looked at. Too few neighbours lie on steps of the sea floor."
        return told
    worst = int(np.argmax(ratios))
    ratio = float(np.median(ratios))
    told |= {"share": None, "count": int(steps.sum()), "of": int(sea.sum()), "value": ratio}
    told["severity"] = "minor" if ratio > 6 else "note" if ratio > 3 else "none"
    told["where"] = {"step": 0, "level": levels[worst]}
    told["sentence"] = (
        f"Across steps of the sea floor neighbours differ {ratio:.2g} times as much as elsewhere "
        f"(median of {counted(len(ratios), 'level')}; {ratios[worst]:.2g} times at "
        f"{view.depth_of(levels[worst]):g} m)."
    )
    return told
