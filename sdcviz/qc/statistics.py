"""How flags are spread, as they were imported and as they stand, and who changed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.flags import LABELS
from sdcviz.formats.model import L20, MISSING
from sdcviz.qc.model import PLACES

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations import Collection

__all__ = ["BY", "centre_counts", "flag_counts", "tally"]

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
    first = 0
    while first < c.n_stations:
        last = int(np.searchsorted(c.offsets, c.offsets[first] + _CHUNK, "right")) - 1
        last = min(max(last, first + 1), c.n_stations)
        lengths = np.diff(c.offsets[first : last + 1])
        pair = np.repeat(centre[first:last] * 256, lengths)
        pair += flags[c.offsets[first] : c.offsets[last]]
        out += np.bincount(pair, minlength=len(out))
        first = last
    return out.reshape(n, 256)


def tally(changes: pd.DataFrame, by: str) -> pd.DataFrame:
    """Count changes of flags.

    Parameters
    ----------
    changes : DataFrame
        One row a change or a run of equal changes: ``batch``, ``time``, ``user``,
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
    counts = found.groupby(by, sort=True).agg(
        changes=("samples", "sum"),
        to_bad=("to_bad", "sum"),
        to_good=("to_good", "sum"),
        stations=("station", "nunique"),
        batches=("batch", "nunique"),
        first=("time", "min"),
        last=("time", "max"),
    )
    return counts.reset_index().sort_values("changes", ascending=False, ignore_index=True)
