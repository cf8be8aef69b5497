"""The lines of the table of observations behind a value."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .panel_asked import Asked

__all__ = ["ROWS", "rows_of"]

ROWS = 200
"""Lines of the table; observations beyond weigh next to nothing, and it says so."""


def rows_of(asked: Asked, data: Any) -> list[dict[str, Any]]:
    """Return what the browser shows of the observations that weigh most."""
    some = data.isel(observation=slice(0, ROWS))
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
            **{name: _number(columns[name][k]) for name in ("lengths", "adds") if name in columns},
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
