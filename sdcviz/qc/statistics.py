"""How flags are spread, as they were imported and as they stand, and who changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.common import runs_of
from sdcviz.formats.flags import LABELS
from sdcviz.formats.model import L20, MISSING
from sdcviz.qc.model import PLACES

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations import Collection

__all__ = ["BY", "centre_counts", "changes", "flag_counts", "tally"]

BY: dict[str, str] = {
    "user": "Operator",
    "reason": "Reason",
    "tool": "Made with",
    "check": "Check",
    "parameter": "Parameter",
    "data_centre": "Data centre",
}
"""What changes can be counted by, with the names for people."""

_CHUNK = 4_000_000


def flag_counts(collection: Collection) -> pd.DataFrame:
    """Count the flags of each parameter, of depth, of time and of position.

    Parameters
    ----------
    collection : Collection

    Returns
    -------
    DataFrame
        ``parameter`` (key), ``label``, ``flag`` (L20 code), ``meaning``, ``before`` (as
        imported) and ``after`` (as they stand): the flags of samples; those of time and
        position are of stations. Flags that never occur are left out.
    """
    import pandas as pd

    imported = {p["key"]: p["flags"] for p in collection.manifest["parameters"]}
    rows = []
    for info in collection.parameters:
        both = {code: (imported[info.key].get(code, 0), info.flags.get(code, 0)) for code in L20}
        rows += _rows(info.key, info.label, both)
    for key, label in PLACES.items():
        name = f"{key[1:]}_flag"
        columns = collection.imported_flags(key), getattr(collection, name)
        before, after = (np.bincount(column, minlength=256) for column in columns)
        both = {code: (int(before[ord(code)]), int(after[ord(code)])) for code in L20}
        rows += _rows(key, label, both)
    return pd.DataFrame(rows, columns=["parameter", "label", "flag", "meaning", "before", "after"])


def _rows(key: str, label: str, both: dict[str, tuple[int, int]]) -> list[tuple]:
    return [(key, label, code, LABELS[code], *pair) for code, pair in both.items() if any(pair)]


def centre_counts(collection: Collection, key: str) -> pd.DataFrame:
    """Count the flags of a parameter by data centre.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter.

    Returns
    -------
    DataFrame
        ``edmo``, ``data_centre`` (name), ``stations`` and ``values`` that it has,
        ``unchecked`` (flag 0), ``suspect`` (3) and ``bad`` (4) before and after, as in
        ``bad_before`` and ``bad_after``; the centre with most values first.

    Raises
    ------
    NotFound
        There is no such parameter.
    """
    import pandas as pd

    from sdcviz.vocabularies import label

    codes, centre = np.unique(collection.edmo, return_inverse=True)
    before = _by_centre(collection, collection.imported_flags(key), centre, len(codes))
    after = _by_centre(collection, collection.flags(key), centre, len(codes))
    columns = {
        "edmo": codes,
        "data_centre": [label("EDMO", str(code)) if code > 0 else "" for code in codes],
        "stations": np.bincount(centre[collection.has(key)], minlength=len(codes)),
        "values": before.sum(axis=1) - before[:, MISSING],
    }
    for name, code in (("unchecked", "0"), ("suspect", "3"), ("bad", "4")):
        columns[f"{name}_before"] = before[:, ord(code)]
        columns[f"{name}_after"] = after[:, ord(code)]
    frame = pd.DataFrame(columns)
    return frame[frame["values"] > 0].sort_values("values", ascending=False, ignore_index=True)


def _by_centre(
    c: Collection, flags: NDArray[np.uint8], centre: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Count flags (columns: 256 codes) by data centre, some stations at a time."""
    out = np.zeros(n * 256, np.int64)
    for first, last in runs_of(c.offsets, _CHUNK):
        lengths = np.diff(c.offsets[first : last + 1])
        pair = np.repeat(centre[first:last] * 256, lengths)
        pair += flags[c.offsets[first] : c.offsets[last]]
        out += np.bincount(pair, minlength=len(out))
    return out.reshape(n, 256)


def changes(collection: Collection) -> pd.DataFrame:
    """List the changes of flags that stand, those that were undone left out.

    Parameters
    ----------
    collection : Collection

    Returns
    -------
    DataFrame
        One row a flag and change, see `tally`. ``check`` is the name of the check that
        set it, ``"passed"`` where a sample passed all of them, and empty for people.
    """
    import pandas as pd

    from sdcviz.vocabularies import label

    journal = collection.journal
    batches = {b.id: b for b in journal.batches(collection)}
    undone: set[int] = set()
    for number, one in sorted(batches.items(), reverse=True):
        if one.undoes is not None and number not in undone:
            undone.add(one.undoes)
    edits, batch = journal.edits(collection)
    stands = [n for n, one in batches.items() if one.undoes is None and n not in undone]
    kept = np.isin(batch, stands)
    edits, batch = edits.take(kept), batch[kept]
    used, which = np.unique(batch, return_inverse=True)
    heads = [batches[n] for n in used.tolist()]

    def of_batch(values: list[str]) -> Any:
        return pd.Categorical.from_codes(*_coded(values, which))

    notes = edits.notes or [""] * len(edits)
    automatic = np.array([one.tool == "check" for one in heads], bool)[which]
    checks = [
        (note.split(" ", 1)[0].rstrip(",") or "passed") if by_check else ""
        for note, by_check in zip(notes, automatic.tolist(), strict=True)
    ]
    codes, centre = np.unique(collection.edmo[edits.station], return_inverse=True)
    centres = [label("EDMO", str(code)) if code > 0 else "unknown" for code in codes.tolist()]
    return pd.DataFrame(
        {
            "batch": batch,
            "time": of_batch([one.time for one in heads]),
            "user": of_batch([one.user for one in heads]),
            "reason": of_batch([one.reason for one in heads]),
            "tool": of_batch([one.tool for one in heads]),
            "check": pd.Categorical(checks),
            "data_centre": pd.Categorical.from_codes(*_coded(centres, centre)),
            "station": edits.station,
            "parameter": pd.Categorical.from_codes(edits.parameter, list(edits.keys)),
            "old": edits.old.view("S1").astype(str),
            "new": edits.new.view("S1").astype(str),
            "samples": 1,
        }
    )


def _coded(values: list[str], which: NDArray) -> tuple[NDArray, list[str]]:
    """Return codes and categories of values that are picked by number; equal values share one."""
    labels = list(dict.fromkeys(values))
    places = {label: i for i, label in enumerate(labels)}
    codes = np.array([places[value] for value in values], np.int64)
    return (codes[which] if len(codes) else np.empty(0, np.int64)), labels


def tally(changes: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count changes of flags.

    Parameters
    ----------
    changes : DataFrame
        One row a change or a run of equal changes (see `changes`): ``batch``, ``time``, ``user``,
        ``reason``, ``tool``, ``check``, ``data_centre``, ``station``, ``parameter``,
        ``old``, ``new`` and ``samples``, how many it stands for.
    by : str
        A key of `BY`.

    Returns
    -------
    DataFrame
        The value of `by`, ``changes`` (flags that were set), ``to_bad`` (those to 3
        or 4), ``to_good`` (to 1 or 2), ``stations``, ``batches``, ``first`` and ``last``
        (time); most changes first.

    Raises
    ------
    BadRequest
        Changes can't be counted by that.
    """
    if by not in BY:
        raise BadRequest(f"Changes can't be counted by {by!r}. There are: {', '.join(BY)}.")
    found = changes.assign(
        to_bad=changes["samples"].where(changes["new"].isin(["3", "4"]), 0),
        to_good=changes["samples"].where(changes["new"].isin(["1", "2"]), 0),
    )
    counts = found.groupby(by, sort=True, observed=True).agg(
        changes=("samples", "sum"),
        to_bad=("to_bad", "sum"),
        to_good=("to_good", "sum"),
        stations=("station", "nunique"),
        batches=("batch", "nunique"),
        first=("batch", "min"),
        last=("batch", "max"),
    )
    # Batches are numbered in the order of their times.
    when = found.drop_duplicates("batch").set_index("batch")["time"].astype(str)
    for name in ("first", "last"):
        counts[name] = counts[name].map(when)
    return counts.reset_index().sort_values("changes", ascending=False, ignore_index=True)
