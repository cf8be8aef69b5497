"""What made a value: the observations around it and the weight of each.

Of a product that sdcviz analysed the weights are those of the analysis itself, which a process
beside the server computes (`question`, `answered`). Of others they are those of an optimal
interpolation of the nearest observations (`made_panels`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.errors import BadRequest, NotFound
from sdcviz.words import counted, number

from .panel_asked import Asked, Panel, missing, near_samples, near_stations
from .panel_fields import failed
from .panel_made_rows import rows_of

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.products.influence import Covariance
    from sdcviz.products.used import Used

__all__ = ["answered", "made_panels", "question"]

_KEY, _TITLE = "place-made", "What made this value?"
_FAR = 0.5
"""Share of the spread of the observations by which a value that is rebuilt may be off."""


def made_panels(asked: Asked, why: str = "") -> list[Panel]:
    """Return the table by optimal interpolation.

    Parameters
    ----------
    asked : Asked
    why : str
        Why it is not by the analysis itself; empty: the product has none.
    """
    return [failed(_KEY, _TITLE, lambda a: _approximate(a, why), asked)]


def question(asked: Asked) -> dict[str, Any] | None:
    """Return what to ask the process that computes the weights of the analysis.

    Returns
    -------
    dict or None
        For `sdcviz.analyses.behind`; None where there is no such analysis, no value, or other
        lengths were entered.
    """
    product = asked.product
    there = product.source.variables
    ours = "recipe" in product.attrs and "slice_notes" in there and "residual_slice" in there
    if not ours or asked.place is None or asked.choice.get("lengths"):
        return None
    if not Path(product.path).is_file() or not np.isfinite(_value(asked, *asked.place)[0]):
        return None
    lon, lat = asked.place
    return {
        "product": str(product.path), "variable": asked.variable, "number": _number_of(asked),
        "lon": lon, "lat": lat, "depth": asked.depth,
    }  # fmt: skip


def answered(asked: Asked, told: dict[str, Any] | None, error: str) -> list[Panel]:
    """Return the table by the weights of the analysis; by optimal interpolation where it failed."""
    if told is None:
        return made_panels(asked, error)
    here = _value(asked, *(asked.place or (np.nan, np.nan)))[0]
    off = abs(told["value"] - here)
    if told["transformed"] == "" and off > _FAR * max(float(np.std(told["anomaly"])), 1e-12):
        again = f"{told['value']:.4g} instead of {here:.4g}"
        return made_panels(asked, f"the recipe in the product gives {again} here")
    return [failed(_KEY, _TITLE, lambda a: _exact(a, here, told), asked)]


def _exact(asked: Asked, here: float, told: dict[str, Any]) -> Panel:
    from sdcviz.products.influence import covariance_of, listed
    from sdcviz.products.used import used_of

    assert asked.place is not None
    stated = covariance_of(asked.product, asked.depth, asked.step)
    some = used_of(asked.product, _number_of(asked)).take(told["rows"])
    unit, log = asked.unit, told["transformed"]
    attrs = {
        "formula": "w = inv(R) H inv(A) e, A = inv(B) + H' inv(R) H: the row of the gain of the "
        "analysis, with its mask, lengths and errors",
        "part": told["part"] or "the whole grid",
        "background": told["background"],
        "rebuilt": told["value"],
        "total": told["count"],
        "sum_of_weights": told["sum"],
    }
    more: dict[str, Any] = {}
    if log:
        attrs["transformation"] = log
    else:
        adds = told["weight"] * told["anomaly"]
        more["adds"] = adds, {"units": unit or "1", "long_name": "weight times anomaly"}
    data = listed(asked.product, (*asked.place, asked.depth), some, told["weight"], more, attrs)
    part = f"the grid within {told['part'].removesuffix(' around')}" if told["part"] else ""
    shown = _shown(asked, here, data, stated) | {
        "exact": True,
        "sum": f"Weights of the analysis itself{f', solved on {part}' if part else ''}.",
        "note": f"{counted(told['count'], 'observation')} count; their weights add up to "
        f"{told['sum']:.2f}" + (f"; a weight holds for the {log} of values" if log else ""),
        "about": (
            "The row of the gain K = B H' inv(H B H' + R) for this place, with the coasts, levels, "
            "lengths, currents and errors of the recipe in the product. Adds: the weight times the "
            "observation's distance from the background."
        ),
    }  # fmt: skip
    return Panel(_KEY, shown, data, {"method": "influence", "arguments": {}})


def _approximate(asked: Asked, why: str) -> Panel:
    from sdcviz.products.influence import covariance_of, influence

    if asked.place is None:
        raise BadRequest("Tap a place on the map.")
    lon, lat = asked.place
    here, said = _value(asked, lon, lat)
    if not np.isfinite(here):
        raise BadRequest(str(said or "There is no value at this depth: it is below the bottom."))
    used, source = _observations(asked)
    stated = covariance_of(asked.product, asked.depth, asked.step)
    covariance = _chosen(asked, stated)
    data = influence(asked.product, lon, lat, asked.depth, asked.step, used, covariance)
    n, total = data.sizes["observation"], int(data.attrs["total"])
    nearest = f"The {number(n)} nearest of " if n < total else ""
    shown = _shown(asked, here, data, covariance) | {
        "exact": False,
        "sentence": "" if n else (
            "No observation of this time within 3 correlation lengths: the value is that of the "
            "background."
        ),
        "sum": "Approximate weights, of the observations around alone, as if there were no coasts"
        + (f": {why.rstrip('.')}." if why else "."),
        "note": f"{nearest}{counted(total, 'observation')} within 3 correlation lengths, {source}; "
        f"their weights add up to {float(data.attrs['sum_of_weights']):.2f}",
        "about": (
            "Optimal interpolation: the weights w solve (C + R) w = c for these observations "
            "together, so neighbours share theirs. C and c are DIVAnd's covariances at their "
            "distances in lengths, R is epsilon²"
            + (", over the weight in its cluster" if covariance.cluster else "") +
            ". The background is taken as their mean; coasts, currents and lengths that vary over "
            "the map are left out."
        ),
    }  # fmt: skip
    shown["lengths"] |= {"stated": stated is not None}
    return Panel(_KEY, shown, data, {"method": "influence", "arguments": {}})


def _shown(asked: Asked, here: float, data: Any, covariance: Covariance | None) -> dict[str, Any]:
    """Return what both kinds of weights show."""
    unit = f" {asked.unit}" if asked.unit else ""
    rebuilt = data.attrs.get("rebuilt")
    shown: dict[str, Any] = {
        "kind": "table", "title": _TITLE, "value": f"{here:.4g}{unit}", "unit": asked.unit,
        "rows": rows_of(asked, data), "place": list(asked.place or ()), "rebuilt": "",
    }  # fmt: skip
    if rebuilt is not None:
        shown["rebuilt"] = (
            f"Rebuilt {rebuilt:.4g} of {here:.4g}{unit}; background {data.attrs['background']:.4g}"
        )
    if covariance is not None:
        shown["lengths"] = {
            "horizontal": covariance.horizontal, "vertical": covariance.vertical,
            "epsilon2": covariance.epsilon2, "stated": True, "source": covariance.source,
            "deep": asked.depth is not None,
        }  # fmt: skip
    return shown


def _number_of(asked: Asked) -> int:
    """Return the number of the time as the file counts."""
    order = asked.grid.order.get("time") if asked.grid.has_time else None
    return asked.step if order is None else int(order[asked.step])


def _value(asked: Asked, lon: float, lat: float) -> tuple[float, str]:
    """Return the value at the place, depth and step, and what there is to say of it."""
    product, variable = asked.product, asked.variable
    if asked.grid.has_time:
        at = product.timeseries(lon, lat, asked.depth, variable=variable, **asked.how)
        return float(at["value"][asked.step]), str(at.attrs.get("sentence", ""))
    if asked.grid.has_depth:
        at = product.profile(lon, lat, variable=variable, **asked.how)
        z = int(np.abs(asked.grid.depth - (asked.depth or 0)).argmin())
        return float(at["value"][z]), str(at.attrs.get("sentence", ""))
    found = product.at(lon=[lon], lat=[lat], variable=variable, **asked.how)
    return float(found["value"][0]), ""


def _chosen(asked: Asked, stated: Covariance | None) -> Covariance:
    """Take what the visitor entered, else what the product tells, else a guess that is named."""
    from sdcviz.products.influence import Covariance

    entered = asked.choice.get("lengths")
    if isinstance(entered, dict):
        try:
            numbers = [float(entered[k]) for k in ("horizontal", "vertical", "epsilon2")]
        except (KeyError, TypeError, ValueError):
            raise BadRequest("Lengths and epsilon² have to be numbers.") from None
        return Covariance(*numbers, stated.cluster if stated else None, "as entered")
    if stated is not None:
        return stated
    levels = asked.grid.depth
    step = float(np.median(np.diff(levels))) if len(levels) > 1 else 0.0
    return Covariance(
        100.0, 2 * step, 1.0, None, "a guess, since the product does not tell: enter yours"
    )


def _observations(asked: Asked) -> tuple[Used, str]:
    """Return the observations of the step: those of the product, else of the collection."""
    from sdcviz.products.used import Used, used_of

    try:
        return used_of(asked.product, _number_of(asked)), "out of those the product was made of"
    except NotFound:
        if asked.selection is None:
            raise NotFound(
                f"{asked.product.name} does not hold its observations; open the collection it was "
                "made of."
            ) from None
    from sdcviz.products.window import in_time

    if why := missing(asked):
        raise NotFound(f"{asked.product.name} does not hold its observations. {why}")
    far = 3 * float((asked.choice.get("lengths") or {}).get("horizontal") or 100.0)
    key = asked.product.quantity_of(asked.variable)
    found = near_samples(asked, near_stations(asked, far), key)
    own = np.isfinite(found["value"]) & ~found["bad"]
    if asked.grid.has_time:
        own &= in_time(asked.grid.times, found["time"], asked.step, asked.window[1])
    f = {k: v[own] for k, v in found.items()}
    place = {k: f[k] for k in ("lon", "lat", "depth", "time", "value")}
    residual = asked.product.at(place, variable=asked.variable, **asked.how)["residual"].to_numpy()
    data = asked.selection.collection
    row = f["station"]
    cruise, cdi = (_texts(data, name, row) for name in ("cruise", "local_cdi_id"))
    edmo = np.asarray(data.edmo)[row].astype(np.int64)
    ids = np.array([f"{e}-{c}" for e, c in zip(edmo, cdi, strict=True)], dtype=str)
    return Used(
        f["lon"], f["lat"], f["depth"], f["time"], f["value"].astype(np.float64), residual,
        ids, cruise, edmo,
    ), "out of the open collection, without bad flags"  # fmt: skip


def _texts(data: Collection, name: str, rows: Any) -> Any:
    try:
        return np.array(data.text(name).take(rows).texts(), np.str_)
    except NotFound:
        return np.full(len(rows), "")
