"""Write a selection to a file that others can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.base import WriteContext
from sdcviz.formats.model import Batch
from sdcviz.observations.batches import batches, keys_of, names_of
from sdcviz.observations.export_changes import changes_in
from sdcviz.observations.originals import original_odv
from sdcviz.observations.selection import Selection
from sdcviz.storage import storage_errors, written_whole

__all__ = ["EXPORTS", "export", "export_each", "parts_of_files"]

EXPORTS = {"odv": "odv", "netcdf": "cf_netcdf", "parquet": "parquet", "csv": "delimited"}
"""Name for the user to name in the table of formats."""

_ENDINGS = {
    ".txt": "odv",
    ".odv": "odv",
    ".nc": "netcdf",
    ".parquet": "parquet",
    ".csv": "csv",
}


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
        context = replace(context, changes=changes_in(selection))
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
        labels=_labels(selection, used),
        history=steps,
        software=f"sdcviz {getattr(sdcviz, '__version__', '')}".strip(),
        sources=[c.manifest["sources"][i]["name"] for i in used],
    )


def _labels(selection: Selection, used: NDArray) -> dict[str, str]:
    """Give the labels of parameters by the names that are written, where a label tells more."""
    c = selection.collection
    names = names_of(c, keys_of(selection), used)
    infos = ((names[p.key].name, p) for p in c.parameters if p.key in names)
    return {name: p.label for name, p in infos if not name.endswith(f" ({p.key})")}
