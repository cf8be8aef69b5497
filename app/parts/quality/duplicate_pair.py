"""Two stations side by side: their profiles and what is known of them, as texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["REJECTED", "pair_of", "titles_of"]

REJECTED = ("3", "4")
MOST = 4000
"""Samples of a station that are drawn; of longer ones every second, third, ..."""

_FIELDS = {
    "cruise": "Cruise",
    "station": "Station",
    "time": "Time (UTC)",
    "longitude": "Longitude",
    "latitude": "Latitude",
    "platform": "Platform",
    "data_centre": "Data centre",
    "local_cdi_id": "LOCAL_CDI_ID",
    "samples": "Samples",
    "depth_min": "From [m]",
    "depth_max": "To [m]",
    "bottom_depth": "Bottom [m]",
    "feature": "Kind",
    "source": "File",
    "id": "Identity",
}


def titles_of(data: Collection, rows: NDArray[np.int64]) -> list[str]:
    """Name stations: cruise, station and day."""
    cruise, station = (data.text(name) for name in ("cruise", "station"))
    out = []
    for row in rows.tolist():
        names = [t.labels[t.codes[row]] if t.codes[row] >= 0 else "" for t in (cruise, station)]
        day = "" if np.isnat(data.time[row]) else str(data.time[row])[:10]
        out.append(" · ".join(part for part in (" ".join(names).strip(), day) if part))
    return out


def pair_of(data: Collection, a: int, b: int, key: str) -> dict[str, Any]:
    """Return what the tool shows of a pair.

    Parameters
    ----------
    data : Collection
    a, b : int
        Rows.
    key : str
        Parameter of the profiles.

    Returns
    -------
    dict
        ``titles``, ``fields`` (title, text of a, text of b, whether they differ),
        ``profiles`` (depth, value and whether it is rejected, of a and of b),
        ``thinned`` (of how many samples one is drawn).
    """
    rows = np.array([a, b])
    profiles = [_profile(data, row, key) for row in (a, b)]
    return {
        "titles": titles_of(data, rows),
        "fields": _fields(data, rows),
        "profiles": [{k: v for k, v in p.items() if k != "every"} for p in profiles],
        "thinned": max(p["every"] for p in profiles),
    }


def _fields(data: Collection, rows: NDArray[np.int64]) -> list[list[Any]]:
    from sdcviz.observations.tables import station_frame
    from sdcviz.vocabularies import label

    frame = station_frame(data, rows)
    out = []
    for name, title in _FIELDS.items():
        texts = [_text(value) for value in frame[name]]
        if name == "data_centre":
            texts = [f"{label('EDMO', t)} ({t})" if t != "0" else "" for t in texts]
        if any(texts):
            out.append([title, *texts, texts[0] != texts[1]])
    return out


def _text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value)[:19] if value == value else ""
    if isinstance(value, float | np.floating):
        return f"{value:.7g}" if np.isfinite(value) else ""
    return str(value)


def _profile(data: Collection, row: int, key: str) -> dict[str, Any]:
    first, last = int(data.offsets[row]), int(data.offsets[row + 1])
    stored, flags = data.stored(key), data.stored(key, "flags")
    if not key or stored is None or flags is None or stored[1][row] < 0:
        return {"depth": [], "value": [], "bad": [], "every": 1}
    start = int(stored[1][row])
    values = stored[0][start : start + last - first].astype(np.float64)
    codes = flags[0][start : start + last - first]
    depth = data.depth[first:last].astype(np.float64)
    known = np.flatnonzero(np.isfinite(values) & np.isfinite(depth))
    every = -(-len(known) // MOST) or 1
    known = known[::every]
    return {
        "depth": depth[known].round(3).tolist(),
        "value": values[known].tolist(),
        "bad": np.isin(codes[known], [ord(c) for c in REJECTED]).tolist(),
        "every": every,
    }
