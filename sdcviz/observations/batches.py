"""A selection as the batches that writers of files take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.common import offsets_of, runs_of
from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations
from sdcviz.observations.build import STATION_TEXTS
from sdcviz.observations.kernels import restore
from sdcviz.observations.selection import Selection

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["batches", "names_of", "order_of"]

_PIECE = 500_000


def batches(selection: Selection) -> Iterator[Batch]:
    """Give a selection as the batches that writers take, files one after another.

    Parameters
    ----------
    selection : Selection

    Yields
    ------
    Batch
        About 500 000 samples; all have the same columns. Stations are
        numbered anew, as several files become one.
    """
    c, rows, counts = selection.collection, selection.rows, selection.sample_counts
    keys = keys_of(selection)
    names = names_of(c, keys, np.unique(c.source[rows]))
    order = order_of(selection)
    for first, last in runs_of(offsets_of(counts[order]), _PIECE):
        made = _batch(selection, order[first:last], keys, names)
        made.stations.index = np.arange(first, last, dtype=np.int32)
        yield made


def order_of(selection: Selection) -> NDArray[np.intp]:
    """Return the places of the stations in the order in which they are written."""
    c, rows = selection.collection, selection.rows
    return np.lexsort((c.station_index[rows], c.source[rows]))


def keys_of(selection: Selection) -> list[str]:
    """Return the parameters that the files of the selection have."""
    c = selection.collection
    used = np.unique(c.source[selection.rows])
    there = {p["key"] for i in used for p in c.manifest["sources"][i]["parameters"]}
    return [key for key in c.keys if key in there]


def names_of(c: Collection, keys: list[str], used: NDArray) -> dict[str, Parameter]:
    """Name each parameter: as its file does if only one does, and no name twice."""
    found: dict[str, Parameter] = {}
    taken: set[str] = set()
    for key in keys:
        told = [p for i in used for p in c.manifest["sources"][i]["parameters"] if p["key"] == key]
        alike = {(p["name"], p["unit"], p["p01"], p["p06"]) for p in told}
        info = c.parameter(key)
        entry: dict[str, Any] = (
            told[0]
            if len(alike) == 1
            else {"name": info.name, "unit": info.unit, "p01": info.p01, "p06": info.p06}
        )
        name = entry["name"] if entry["name"] not in taken else f"{entry['name']} ({key})"
        taken.add(name)
        found[key] = Parameter(
            name=name,
            unit=entry["unit"],
            p01=entry["p01"],
            p06=entry["p06"],
            standard_name=told[0]["standard_name"],
            instrument=entry.get("instrument", ""),
            kind=told[0]["kind"],
        )
    return found


def _batch(
    whole: Selection, index: NDArray[np.int64], keys: list[str], names: dict[str, Parameter]
) -> Batch:
    """Collect some stations of a selection, in the order of `index`."""
    c, rows = whole.collection, whole.rows[index]
    # Selections are sorted; the file's order is restored afterwards.
    part = whole.part(np.sort(index))
    place = np.searchsorted(part.rows, rows)
    sizes = part.sample_counts[place]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    moved = np.arange(int(offsets[-1])) + np.repeat(part.offsets[:-1][place] - offsets[:-1], sizes)
    samples = part.samples(*keys)
    columns = [_column(c, samples, key, names[key], moved, part) for key in keys]
    depth = part.take(c.depth)
    made = Batch(
        stations=_stations(c, rows),
        offsets=offsets,
        columns=columns,
        depth=(restore(depth) if depth.dtype == np.float32 else depth)[moved],
        depth_flag=part.take(c.depth_flag)[moved],
        row=part.take(c.row).astype(np.int64)[moved],
    )
    if c.sample_time is not None and c.sample_time_flag is not None:
        time = part.take(c.sample_time.view(np.int64)).view("datetime64[ms]")[moved]
        if not np.isnat(time).all():
            made.time = time
            made.time_flag = part.take(c.sample_time_flag)[moved]
    made.raw_text = _raw_text(c, part, moved, keys)
    return made


def _column(
    c: Collection,
    samples: Any,
    key: str,
    parameter: Parameter,
    moved: NDArray[np.int64],
    part: Selection,
) -> Column:
    values = samples[key]
    if isinstance(values, Coded):
        values = values.take(moved)
    else:
        values = values[moved]
    column = Column(parameter, values, samples[f"{key}_flag"][moved])
    stored = c.stored(key, "source_flags")
    if stored is not None:
        column.source_flags = part.take(*stored, ord("9"))[moved]
        scales = {
            p["scale"]
            for i in np.unique(c.source[part.rows])
            for p in c.manifest["sources"][i]["parameters"]
            if p["key"] == key
        }
        if len(scales) == 1 and scales != {"L20"}:
            column.scale = scales.pop()
        else:  # flags of several scales can't stand in one column
            column.source_flags = None
    return column


def _raw_text(
    c: Collection, part: Selection, moved: NDArray[np.int64], keys: list[str]
) -> list[tuple[int, int, str]]:
    """Find the texts that stand where a value is no number."""
    if not part.n_samples:
        return []
    numbers = part.sample_numbers
    back = np.empty_like(moved)
    back[moved] = np.arange(len(moved))
    found = []
    for sample, key, text in c.raw_text(int(numbers[0]), int(numbers[-1]) + 1):
        i = int(np.searchsorted(numbers, sample))
        if i < len(numbers) and numbers[i] == sample and key in keys:
            found.append((int(back[i]), keys.index(key), text))
    return found


def _few(coded: Coded, rows: NDArray[np.int64]) -> Coded:
    """Take some stations' texts with only the labels that they use."""
    used, codes = np.unique(coded.codes[rows], return_inverse=True)
    gone = int(used.size and used[0] < 0)
    labels = [coded.labels[int(u)] for u in used[gone:]]
    return Coded((codes - gone).astype(np.int32), labels)


def _stations(c: Collection, rows: NDArray[np.int64]) -> Stations:
    texts = {name: _few(c.text(name), rows) for name in c.text_names}
    return Stations(
        lon=c.lon[rows],
        lat=c.lat[rows],
        time=c.time[rows],
        **{name: texts[name] for name in STATION_TEXTS},
        edmo=c.edmo[rows],
        bottom_depth=c.bottom_depth[rows],
        position_flag=c.position_flag[rows],
        time_flag=c.time_flag[rows],
        feature=c.feature[rows],
        index=c.station_index[rows],
        extra={
            name: coded
            for name, coded in texts.items()
            if name not in STATION_TEXTS and (coded.codes >= 0).any()
        },
    )
