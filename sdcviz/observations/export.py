"""Write a selection to a file that others can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.base import FlagChanges, WriteContext
from sdcviz.formats.model import Batch, Coded, Column, Parameter, Stations
from sdcviz.observations.build import STATION_TEXTS
from sdcviz.observations.kernels import restore
from sdcviz.observations.originals import original_odv
from sdcviz.observations.overlay import TIME
from sdcviz.observations.selection import Selection
from sdcviz.storage import storage_errors, written_whole

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["EXPORTS", "batches", "export", "export_each", "parts_of_files"]

EXPORTS = {"odv": "odv", "netcdf": "cf_netcdf", "parquet": "parquet", "csv": "delimited"}
"""Name for the user to name in the table of formats."""

_ENDINGS = {
    ".txt": "odv",
    ".odv": "odv",
    ".nc": "netcdf",
    ".parquet": "parquet",
    ".csv": "csv",
}
_PIECE = 500_000
_TOLD = ("id", "time", "user", "reason", "tool", "selection", "session", "software")


def export(selection: Selection, path: Path, form: str | None = None) -> Path:
    """Write a selection, see `Selection.export`."""
    form = form or _ENDINGS.get(path.suffix.lower(), "")
    if form not in EXPORTS:
        raise BadRequest(
            f"{form or path.name!r}: expected one of the formats {', '.join(EXPORTS)}."
        )
    with storage_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as beside:
        _write(selection, beside, form)
    return path


def export_each(selection: Selection, folder: Path, form: str | None = None) -> list[Path]:
    """Write the stations of each source file to a file of its own.

    ODV files come back as they were but for changed flags (see `original_odv`).

    Parameters
    ----------
    selection : Selection
    folder : Path
        Files in it with the same names are replaced.
    form : str, optional
        A key of `EXPORTS`; ODV by default.

    Returns
    -------
    list of Path
        One a source file of which stations are selected, named after it.
    """
    form = form or "odv"
    if form not in EXPORTS:
        raise BadRequest(f"{form!r}: expected one of the formats {', '.join(EXPORTS)}.")
    ending = next(e for e, f in _ENDINGS.items() if f == form)
    written: list[Path] = []
    for number, part in parts_of_files(selection):
        told = selection.collection.manifest["sources"][number]
        # Of an archive the name of the file in it; never a path that leads elsewhere.
        name = Path(told["name"].replace("\\", "/")).name.lstrip(".") or f"source{number}"
        if form != "odv" or "copy" not in told:
            name = f"{Path(name).stem}{ending}"
        taken = {path.name for path in written}
        path = folder / name
        n = 2
        while path.name in taken:
            path, n = folder / f"{Path(name).stem}_{n}{Path(name).suffix}", n + 1
        written.append(export(part, path, form))
    return written


def parts_of_files(selection: Selection) -> list[tuple[int, Selection]]:
    """Give the number of each source file, and what is selected of it."""
    source = selection.collection.source[selection.rows]
    return [
        (number, selection.part(np.flatnonzero(source == number)))
        for number in np.unique(source).tolist()
    ]


def _write(selection: Selection, path: Path, form: str) -> None:
    original = None
    if form == "odv":
        original = original_odv(selection, _steps(selection)[-1:])
    if original is not None:
        path.write_bytes(original)
        return
    context = _context(selection)
    if form == "netcdf":
        context = replace(context, changes=_changes(selection))
    _writer(form)(path, batches(selection), context)


def _writer(form: str) -> Callable[[Path, Iterable[Batch], WriteContext], None]:
    from sdcviz.formats import format_named

    write = format_named(EXPORTS[form]).write
    assert write is not None, f"{form} is in EXPORTS, so it can be written"
    return write


def _steps(selection: Selection) -> list[str]:
    """Tell how the selection came about."""
    c = selection.collection
    steps = [f"{h['created']} imported {h['stations']} stations" for h in c.about["history"]]
    if selection.filters:
        steps.append(f"selected: {selection.filters.to_json()[:2000]}")
    return steps


def _context(selection: Selection) -> WriteContext:
    import sdcviz
    from sdcviz.qc.sessions import history_line, sessions

    c = selection.collection
    used = np.unique(c.source[selection.rows])
    steps = _steps(selection)
    last = len(steps) - bool(selection.filters)
    steps[last:last] = [history_line(c, session) for session in sessions(c, selection.rows)]
    return WriteContext(
        title=c.name,
        labels=_labels(c, used),
        history=steps,
        software=f"sdcviz {getattr(sdcviz, '__version__', '')}".strip(),
        sources=[c.manifest["sources"][i]["name"] for i in used],
    )


def _changes(selection: Selection) -> FlagChanges | None:
    """Collect who changed flags of what is written; indices are those of the file."""
    from sdcviz.qc.sessions import changes_of

    c = selection.collection
    edits, batch, known = changes_of(c, selection.rows)
    if not len(edits):
        return None
    place = np.searchsorted(selection.rows, edits.station)
    order = _order(selection)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    sizes = selection.sample_counts
    begins = np.empty(len(order), np.int64)
    begins[order] = np.cumsum(sizes[order]) - sizes[order]
    if selection.mask is None:
        within, there = edits.sample.astype(np.int64), np.ones(len(edits), bool)
    else:
        asked = c.offsets[edits.station] + edits.sample
        found = np.searchsorted(selection.sample_numbers, asked)
        last = max(selection.n_samples - 1, 0)
        there = selection.sample_numbers[np.minimum(found, last)] == asked
        within = found - selection.offsets[place]
    of_station = edits.sample < 0
    kept = np.flatnonzero(there | of_station)
    keys = list(edits.keys)
    used = np.unique(c.source[selection.rows])
    names = {key: p.name for key, p in _names(c, [k for k in keys if k in c.keys], used).items()}
    of_sample = (np.array(keys, object) == TIME)[edits.parameter] & ~of_station
    batches_of = list(known.values())
    ids, back = np.unique(batch[kept], return_inverse=True)
    index = {b.id: i for i, b in enumerate(batches_of)}
    return FlagChanges(
        station=number[place][kept],
        sample=np.where(of_station, -1, begins[place] + within)[kept],
        parameter=np.where(of_sample, len(keys), edits.parameter.astype(np.int64))[kept],
        names=[*(names.get(key, key) for key in keys), "@sample_time"],
        old=edits.old[kept],
        new=edits.new[kept],
        batch=np.array([index[b] for b in ids.tolist()], np.int64)[back],
        notes=edits.take(kept).notes,
        batches=[
            {name: getattr(b, name) for name in _TOLD} | {"undoes": b.undoes or 0}
            for b in batches_of
        ],
    )


def _labels(c: Collection, used: NDArray) -> dict[str, str]:
    """Give the labels of parameters by the names that are written, where a label tells more."""
    there = {p["key"] for i in used for p in c.manifest["sources"][i]["parameters"]}
    names = _names(c, [key for key in c.keys if key in there], used)
    infos = ((names[p.key].name, p) for p in c.parameters if p.key in names)
    return {name: p.label for name, p in infos if not name.endswith(f" ({p.key})")}


# ---- as batches ---------------------------------------------------------
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
    keys = _keys(selection)
    names = _names(c, keys, np.unique(c.source[rows]))
    order = _order(selection)
    sizes = counts[order]
    ends = np.cumsum(sizes)
    first = 0
    while first < len(order):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + _PIECE, "right")))
        made = _batch(selection, order[first:last], keys, names)
        made.stations.index = np.arange(first, last, dtype=np.int32)
        yield made
        first = last


def _order(selection: Selection) -> NDArray[np.intp]:
    """Return the places of the stations in the order in which they are written."""
    c, rows = selection.collection, selection.rows
    return np.lexsort((c.station_index[rows], c.source[rows]))


def _keys(selection: Selection) -> list[str]:
    """Return the parameters that the files of the selection have."""
    c = selection.collection
    used = np.unique(c.source[selection.rows])
    there = {p["key"] for i in used for p in c.manifest["sources"][i]["parameters"]}
    return [key for key in c.keys if key in there]


def _names(c: Collection, keys: list[str], used: NDArray) -> dict[str, Parameter]:
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
