"""Stations and samples as tables for people: pandas and xarray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sdcviz.errors import BadRequest, NotFound
from sdcviz.formats.model import FEATURES, Coded
from sdcviz.observations.build import STATION_TEXTS

if TYPE_CHECKING:
    import xarray as xr

    from sdcviz.observations.collection import Collection
    from sdcviz.observations.selection import Selection

__all__ = [
    "find_station",
    "near",
    "page_rows",
    "profile_frame",
    "sample_frame",
    "station_frame",
    "to_xarray",
]

EARTH_KM = 6371.0088

_SORTABLE = {
    "row": None,
    "longitude": "lon",
    "latitude": "lat",
    "time": "time",
    "data_centre": "edmo",
    "bottom_depth": "bottom_depth",
    "depth_min": "depth_min",
    "depth_max": "depth_max",
    "feature": "feature",
    "source": "source",
    "index": "station_index",
}


def codes_as_text(codes: NDArray[np.uint8]) -> NDArray:
    """Turn ASCII codes into one-letter strings."""
    return np.ascontiguousarray(codes).view("S1").astype(str).astype(object)


def _texts(coded: Coded, rows: NDArray[np.int64]) -> list[str]:
    """Decode the texts of some stations."""
    codes = coded.codes[rows]
    used, place = np.unique(codes, return_inverse=True)
    table = np.array(["" if u < 0 else coded.labels[int(u)] for u in used], object)
    return list(table[place]) if len(used) else []


def station_frame(
    c: Collection, rows: NDArray[np.int64], counts: NDArray[np.int64] | None = None
) -> pd.DataFrame:
    """Make the table of some stations.

    Parameters
    ----------
    c : Collection
    rows : ndarray of int64
        Stations, in the order wanted.
    counts : ndarray of int64, optional
        Selected samples of each; all by default.

    Returns
    -------
    DataFrame
        Indexed by row number.
    """
    lengths = c.offsets[rows + 1] - c.offsets[rows]
    names = np.array([s["name"] for s in c.manifest["sources"]] or [""], object)
    shas = np.array([s["sha256"][:16] for s in c.manifest["sources"]] or [""], object)
    return pd.DataFrame(
        {
            **{name: _texts(c.text(name), rows) for name in STATION_TEXTS},
            "time": c.time[rows],
            "longitude": c.lon[rows],
            "latitude": c.lat[rows],
            "depth_min": c.depth_min[rows],
            "depth_max": c.depth_max[rows],
            "bottom_depth": c.bottom_depth[rows],
            "samples": lengths if counts is None else counts,
            "data_centre": c.edmo[rows],
            "feature": np.array(FEATURES, object)[c.feature[rows]],
            "position_flag": codes_as_text(c.position_flag[rows]),
            "time_flag": codes_as_text(c.time_flag[rows]),
            "source": names[c.source[rows]],
            "id": [
                f"{sha}:{index}"
                for sha, index in zip(shas[c.source[rows]], c.station_index[rows], strict=True)
            ],
        },
        index=pd.Index(rows, name="row"),
    )


def page_rows(
    selection: Selection, page: int, page_size: int, sort: str | None, descending: bool
) -> NDArray[np.int64]:
    """Choose the elements of `selection.rows` that make one page."""
    c, rows = selection.collection, selection.rows
    if page < 1 or page_size < 1:
        raise BadRequest(f"There is no page {page} of {page_size} stations; pages count from 1.")
    order: NDArray[np.int64] = np.arange(len(rows))
    if sort:
        descending = descending != sort.startswith("-")
        order = np.argsort(_sort_key(c, selection, sort.lstrip("-")), kind="stable")
        if descending:
            order = order[::-1]
    return order[(page - 1) * page_size : page * page_size]


def _sort_key(c: Collection, selection: Selection, name: str) -> NDArray:
    rows = selection.rows
    if name == "samples":
        return selection.sample_counts
    if name in ("id", *c.text_names):
        if name == "id":
            return c.source[rows].astype(np.int64) << 32 | c.station_index[rows]
        coded = c.text(name)
        rank = np.empty(len(coded.labels) + 1, np.int64)
        rank[-1] = -1
        rank[np.argsort(np.array(list(coded.labels), object), kind="stable")] = np.arange(
            len(coded.labels)
        )
        return rank[coded.codes[rows]]
    if name not in _SORTABLE:
        known = ", ".join(["samples", "id", *c.text_names, *_SORTABLE])
        raise BadRequest(f"Stations can't be sorted by {name!r}. There are: {known}.")
    attribute = _SORTABLE[name]
    return rows if attribute is None else getattr(c, attribute)[rows]


def _column(c: Collection, key: str, a: int, b: int) -> tuple[Any, NDArray[np.uint8]]:
    values, flags = c.values(key), c.flags(key)
    if isinstance(values, Coded):
        return Coded(values.codes[a:b], values.labels).texts(), flags[a:b]
    return values[a:b], flags[a:b]


def profile_frame(c: Collection, i: int) -> pd.DataFrame:
    """Make the table of the samples of station `i`: the parameters that its file has."""
    a, b = int(c.offsets[i]), int(c.offsets[i + 1])
    columns: dict[str, Any] = {
        "depth": c.depth[a:b],
        "depth_flag": codes_as_text(c.depth_flag[a:b]),
    }
    if c.sample_time is not None and not np.isnat(c.sample_time[a:b]).all():
        columns["time"] = c.sample_time[a:b]
    for key in c.keys:
        stored, stored_flags = c.stored(key), c.stored(key, "flags")
        assert stored is not None and stored_flags is not None
        start = stored[1][i]
        if start < 0 or not _in_file(c, i, key):
            continue
        run = slice(start, start + b - a)
        values: Any = stored[0][run]
        if c.parameter(key).kind == "text":
            values = Coded(values, c.labels(key)).texts()
        columns[key] = values
        columns[f"{key}_flag"] = codes_as_text(stored_flags[0][run])
    frame = pd.DataFrame(columns, index=pd.RangeIndex(a, b, name="sample"))
    raw = list(c.raw_text(a, b))
    if raw:
        frame.attrs["raw_text"] = raw
    return frame


def _in_file(c: Collection, i: int, key: str) -> bool:
    """Tell whether the file of a station has a column of this parameter."""
    return any(p["key"] == key for p in c.manifest["sources"][c.source[i]]["parameters"])


def sample_frame(selection: Selection, keys: tuple[str, ...] = ()) -> pd.DataFrame:
    """Make the table of the selected samples, all parameters if none is named."""
    c = selection.collection
    chosen = keys or tuple(c.keys)
    samples = selection.samples(*chosen)
    columns: dict[str, Any] = {
        "station": samples["station"],
        "time": samples["time"],
        "longitude": samples["lon"],
        "latitude": samples["lat"],
        "depth": samples["depth"],
        "depth_flag": codes_as_text(samples["depth_flag"]),
    }
    for key in chosen:
        values = samples[key]
        columns[key] = values.texts() if isinstance(values, Coded) else values
        columns[f"{key}_flag"] = codes_as_text(samples[f"{key}_flag"])
    return pd.DataFrame(columns, index=pd.Index(samples["sample"], name="sample"))


def to_xarray(selection: Selection, keys: tuple[str, ...] = ()) -> xr.Dataset:
    """Make a contiguous ragged array (CF conventions, chapter 9) of the selection."""
    import xarray as xr

    c, rows = selection.collection, selection.rows
    chosen = keys or tuple(c.keys)
    samples = selection.samples(*chosen)
    found: dict[str, Any] = {
        "lon": ("station", c.lon[rows], {"units": "degrees_east", "standard_name": "longitude"}),
        "lat": ("station", c.lat[rows], {"units": "degrees_north", "standard_name": "latitude"}),
        "time": ("station", c.time[rows], {"standard_name": "time"}),
        "row_size": ("station", selection.sample_counts, {"sample_dimension": "sample"}),
        "depth": (
            "sample",
            samples["depth"],
            {"units": "m", "positive": "down", "standard_name": "depth"},
        ),
    }
    for name in STATION_TEXTS:
        label = "station_name" if name == "station" else name
        found[label] = ("station", np.array(_texts(c.text(name), rows), object))
    for key in chosen:
        info, values = c.parameter(key), samples[key]
        data = np.array(values.texts(), object) if isinstance(values, Coded) else values
        found[key] = ("sample", data, {"long_name": info.label, "units": info.unit})
        found[f"{key}_flag"] = ("sample", codes_as_text(samples[f"{key}_flag"]))
    data_set = xr.Dataset(found, coords={"station": rows}, attrs={"title": c.name})
    return data_set.set_coords(["lon", "lat", "time", "depth"])


def find_station(c: Collection, text: str) -> NDArray[np.int64]:
    """Find all stations that a text names, see `Collection.find_station`."""
    text = str(text).strip()
    sha, _, index = text.rpartition(":")
    if len(sha) == 16 and index.isdigit():
        hits = [i for i, s in enumerate(c.manifest["sources"]) if s["sha256"].startswith(sha)]
        rows = np.flatnonzero(np.isin(c.source, hits) & (c.station_index == int(index)))
        if rows.size:
            return rows
    for name in ("local_cdi_id",):
        rows = _with_text(c, name, text)
        if rows.size:
            return rows
    for cut in (i for i, letter in enumerate(text) if letter == "/"):
        rows = np.intersect1d(
            _with_text(c, "cruise", text[:cut].strip()),
            _with_text(c, "station", text[cut + 1 :].strip()),
        )
        if rows.size:
            return rows
    if text.isdigit() and int(text) < c.n_stations:
        return np.array([int(text)])
    raise NotFound(
        f"There is no station {text!r} in {c.name}. Give its identity, its LOCAL_CDI_ID, "
        f"cruise/station, or a row number from 0 to {c.n_stations - 1}."
    )


def _with_text(c: Collection, name: str, text: str) -> NDArray[np.int64]:
    coded = c.text(name)
    code = next((i for i, label in enumerate(coded.labels) if label == text), None)
    return np.empty(0, np.int64) if code is None else np.flatnonzero(coded.codes == code)


def near(
    c: Collection, lon: float, lat: float, radius_km: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find stations within a great-circle distance, the nearest first."""
    from sdcviz.observations.conditions import candidates

    reach = np.degrees(radius_km / EARTH_KM)
    south, north = lat - reach, lat + reach
    widest = max(abs(south), abs(north))
    wide = 180.0 if widest >= 90 else reach / np.cos(np.radians(widest)) * 1.01
    rows = candidates(c, [(lon - wide, south, lon + wide, north)])
    x, y = np.radians(c.lon[rows]), np.radians(c.lat[rows])
    x0, y0 = np.radians(lon), np.radians(lat)
    with np.errstate(invalid="ignore"):
        chord = np.sin((y - y0) / 2) ** 2 + np.cos(y) * np.cos(y0) * np.sin((x - x0) / 2) ** 2
        distance = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
        kept = np.flatnonzero(distance <= radius_km)
    kept = kept[np.argsort(distance[kept], kind="stable")]
    return rows[kept], distance[kept]
