"""Copy as Python: the few lines that give the same selection and plot in a notebook."""

from __future__ import annotations

from dataclasses import fields
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import number

__all__ = ["rows", "snippet"]

FUNCTIONS = {
    "map": "station_map",
    "profiles": "profiles",
    "ts": "ts_diagram",
    "time_series": "time_series",
    "seasonal_cycle": "seasonal_cycle",
    "histogram": "histogram",
    "scatter": "scatter",
}
"""Kind of plot to the function that draws it."""
_UNCOLOURED = ("seasonal_cycle", "histogram")


def snippet(selection: Any, kind: str, *keys: str, colour_by: str = "") -> str:
    """Write the Python lines that repeat a selection and its plot.

    Parameters
    ----------
    selection : Selection
        What is shown.
    kind : str
        A key of `FUNCTIONS`.
    *keys : str
        Parameters of the plot, in the order of its function.
    colour_by : str
        Colour of the plot; empty for the usual one.

    Returns
    -------
    str
        Runs as it is where sdcviz is installed and the collection is there.
    """
    from .. import __version__

    if kind not in FUNCTIONS:
        raise BadRequest(f"There is no plot {kind!r}; choose one of {', '.join(FUNCTIONS)}.")
    collection = selection.collection
    lines = [
        f"# sdcviz {__version__}: {number(selection.n_stations)} stations, "
        f"{number(selection.n_samples)} samples of {collection.name}",
    ]
    if selection.filters.rows is not None:
        lines += [
            f"# Station rows count in snapshot {collection.snapshot}; "
            "after another import select anew."
        ]
    lines += [
        "import sdcviz",
        "",
        f"collection = sdcviz.open_collection({str(collection.path)!r})",
        *where_lines(selection.filters),
        _call(kind, keys, colour_by),
    ]
    return "\n".join(lines) + "\n"


def where_lines(filters: Any) -> list[str]:
    """Write the conditions that are set, one a line."""
    conditions: list[str] = []
    for field in fields(filters):
        value = getattr(filters, field.name)
        if value in (None, ()):
            continue
        if field.name == "rows":
            conditions += ["    rows=sdcviz.plots.rows(", *_literals(filters.row_numbers), "    ),"]
        else:
            conditions.append(f"    {field.name}={value!r},")
    if not conditions:
        return ["selection = collection.where()"]
    return ["selection = collection.where(", *conditions, ")"]


def _literals(numbers: NDArray[np.int64]) -> list[str]:
    # A break after a comma only: the pieces are joined again by Python.
    text = ", ".join(_runs(numbers))
    return [f'        "{piece} "' for piece in wrap(text, 80)] or ['        ""']


def _runs(numbers: NDArray[np.int64]) -> list[str]:
    """Write sorted numbers as runs, ``["3-7", "9"]``."""
    if not len(numbers):
        return []
    first = np.flatnonzero(np.r_[True, np.diff(numbers) != 1])
    last = np.r_[first[1:], len(numbers)] - 1
    pairs = zip(numbers[first].tolist(), numbers[last].tolist(), strict=True)
    return [str(a) if a == b else f"{a}-{b}" for a, b in pairs]


def _call(kind: str, keys: tuple[str, ...], colour_by: str) -> str:
    arguments = ["selection", *(repr(k) for k in keys)]
    if colour_by and kind not in _UNCOLOURED:
        arguments.append(f"colour_by={colour_by!r}")
    return f"sdcviz.plots.{FUNCTIONS[kind]}({', '.join(arguments)})"


def rows(text: str) -> NDArray[np.int64]:
    """Read station rows that `snippet` wrote.

    Parameters
    ----------
    text : str
        Numbers and runs, as ``"3-7, 9"``.

    Returns
    -------
    ndarray of int64
        The rows.

    Raises
    ------
    BadRequest
        The text holds something else.
    """
    found = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        first, _, last = part.partition("-")
        try:
            found.append(np.arange(int(first), int(last or first) + 1))
        except ValueError:
            raise BadRequest(
                f"{part!r} is no station row; give numbers and runs, as 3-7, 9."
            ) from None
    return np.concatenate(found) if found else np.empty(0, np.int64)
