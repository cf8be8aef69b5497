"""What made a value: the observations around it and the weight of each."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.errors import BadRequest, NotFound
from sdcviz.words import counted, number

from .panel_asked import Asked, Panel, missing, near_samples, near_stations
from .panel_fields import failed

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.products.influence import Covariance
    from sdcviz.products.used import Used

__all__ = ["made_panels"]

_ROWS = 200
"""Lines of the table; observations beyond weigh next to nothing, and it says so."""


def made_panels(asked: Asked) -> list[Panel]:
    """Return the table of the observations behind the value at the place."""
    return [failed("place-made", "What made this value?", _made, asked)]


def _made(asked: Asked) -> Panel:
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
    nearest = f"the {number(n)} nearest of " if n < total else ""
    unit = f" {asked.unit}" if asked.unit else ""
    shown = {
        "kind": "table", "title": "What made this value?", "sentence": "" if n else (
            "No observation of this time step within 3 correlation lengths: the value is that "
            "of the background."
        ),
        "value": f"{here:.4g}{unit}", "unit": asked.unit,
        "lengths": {
            "horizontal": covariance.horizontal, "vertical": covariance.vertical,
            "epsilon2": covariance.epsilon2, "stated": stated is not None,
            "source": covariance.source, "deep": asked.depth is not None,
        },
        "rows": _rows(asked, data),
        "note": f"{nearest}{counted(total, 'observation')} within 3 correlation lengths, {source}; "
        f"their weights add up to {float(data.attrs['sum_of_weights']):.2f}",
        "about": (
            "The weights w solve (C + R) w = c for these observations together, so neighbours "
            "share theirs: C and c are DIVAnd's Matérn covariances at their distances in lengths, "
            "R is epsilon²" + (", over the weight in its cluster" if covariance.cluster else "") +
            ". Coasts, currents and lengths that vary over the map are left out."
        ),
        "place": [lon, lat],
    }  # fmt: skip
    return Panel("place-made", shown, data, {"method": "influence", "arguments": {}})


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
        return used_of(asked.product, asked.step), "out of those the product was made of"
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


# ---- the table --------------------------------------------------------------------------
def _rows(asked: Asked, data: Any) -> list[dict[str, Any]]:
    some = data.isel(observation=slice(0, _ROWS))
    columns = {n: some[n].to_numpy() for n in [*some.data_vars, *some.coords]}
    station = _known_stations(asked, [str(i) for i in columns["id"]])
    out = []
    for k in range(some.sizes["observation"]):
        full = str(columns["id"][k])
        edmo = int(columns["edmo"][k])
        prefix = f"{edmo}-"
        time = columns["time"][k]
        out.append({
            "weight": _number(columns["weight"][k]), "km": _number(columns["distance"][k]),
            "lengths": _number(columns["lengths"][k]),
            "correlation": _number(columns["correlation"][k]),
            "depth": _number(columns["depth"][k]), "value": _number(columns["observed"][k]),
            "residual": _number(columns["residual"][k]),
            "cdi": full.removeprefix(prefix) if edmo else full,
            "cruise": str(columns["cruise"][k]), "centre": _centre(edmo),
            "time": "" if np.isnat(time) else str(time.astype("datetime64[D]")),
            "lon": _number(columns["lon"][k]), "lat": _number(columns["lat"][k]),
            "station": station.get(full, -1),
        })  # fmt: skip
    return out


def _number(value: Any) -> float | None:
    return float(f"{float(value):.6g}") if np.isfinite(value) else None


@lru_cache(maxsize=1024)
def _centre(edmo: int) -> str:
    from sdcviz.vocabularies import label

    return label("EDMO", str(edmo)) if edmo else ""


def _known_stations(asked: Asked, ids: list[str]) -> dict[str, int]:
    """Find stations of the open collection by "EDMO-LOCAL_CDI_ID"."""
    if asked.selection is None:
        return {}
    data = asked.selection.collection
    if "local_cdi_id" not in data.text_names:
        return {}
    local = data.text("local_cdi_id")
    wanted = {name.partition("-")[2] for name in ids}
    codes = [k for k, label in enumerate(local.labels) if label in wanted]
    rows = np.flatnonzero(np.isin(local.codes, codes))
    found = zip(np.asarray(data.edmo)[rows], local.take(rows).texts(), rows, strict=True)
    return {f"{edmo}-{name}": int(row) for edmo, name, row in found}
