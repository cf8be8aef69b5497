"""The card beside the table of samples: one sample, its history, and what flags would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import SdcvizError
from sdcviz.plots.colours import FLAG_OF
from sdcviz.qc.model import DEPTH, PLACES, Edits
from sdcviz.words import counted, minute

from .found_words import found_title, found_words

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.model import Findings

    from ...desk import Desk

__all__ = ["card_of"]

HINT = (
    "Pick samples in a plot or here: Shift picks a range, Ctrl one more. "
    "Click on a flag to change it."
)
TOOLS = {
    "hand": "by hand", "table": "in the table", "rule": "by a rule", "check": "by checks",
    "undo": "undone", "redo": "done again", "reading": "by a reading",
}  # fmt: skip


def card_of(
    desk: Desk, key: str, picks: tuple[NDArray, NDArray], clicked: tuple[int, int] | None
) -> dict[str, Any]:
    """Return what the card shows.

    Parameters
    ----------
    desk : Desk
    key : str
        Parameter whose flag is told, or a key of `PLACES`.
    picks : (ndarray, ndarray)
        Station and number of the picked samples.
    clicked : (int, int) or None
        The sample that was clicked.
    """
    data = desk.data
    if data is None or (not len(picks[0]) and clicked is None):
        return {"hint": HINT}
    state: dict[str, Any] = {"title": f"{counted(len(picks[0]), 'sample')} picked"}
    if clicked is None and len(picks[0]) == 1:
        clicked = int(picks[0][0]), int(picks[1][0])
    if clicked is not None:
        state |= _one(data, *clicked, key, desk.findings)
    if len(picks[0]):
        state["impact"] = _impact(data, key, *picks)
    return state


def _flag(code: str) -> list[str]:
    flag = FLAG_OF.get(code, FLAG_OF["0"])
    return [flag.title, flag.colour]


def _one(
    data: Collection, row: int, sample: int, key: str, findings: Findings | None
) -> dict[str, Any]:
    """Tell of one sample: its depth, value, findings, and all changes of its flag."""
    at = int(data.offsets[row]) + sample
    depth = float(data.depth[at])
    facts = []
    label = PLACES.get(key)
    if key and label is None:
        label = data.parameter(key).label
        code = chr(data.flag_at(key, [row], [sample])[0])
        facts.append([f"{label}: {_flag(code)[0]}", _flag(code)[1]])
    code = chr(data.flag_at(DEPTH, [row], [sample])[0])
    facts.append([f"Depth: {_flag(code)[0]}", _flag(code)[1]])
    title = f"Sample {sample + 1}" + (f", {depth:g} m" if np.isfinite(depth) else "")
    # Position and time are flags of the station.
    number = -1 if key in PLACES and key != DEPTH else sample
    entries = data.journal.history(data, row, number, key) if key else []
    return {
        "title": title,
        "facts": facts,
        "found": _found(data, findings, row, sample),
        "history": [
            [
                entry.note,
                _flag(entry.old),
                _flag(entry.new),
                f"{minute(entry.time)}, {entry.user or 'somebody'}, "
                f"{TOOLS.get(entry.tool, entry.tool)}",
                entry.reason or "no reason given",
            ]
            for entry in reversed(entries)
        ],
    }


def _found(data: Collection, findings: Findings | None, row: int, sample: int) -> list[list[str]]:
    if findings is None:
        return []
    found = findings.of_station(row)
    found = found.take(found.sample == sample)
    out = []
    for i in range(len(found)):
        key = found.keys[found.parameter[i]] if found.parameter[i] >= 0 else ""
        one = found.take(np.array([i]))
        check = found.checks[found.check[i]]
        words = found_words(data, check, key, one)
        out.append([found_title(data, check, key), words, _flag(chr(found.flag[i]))[1]])
    return out


def _impact(data: Collection, key: str, station: NDArray, sample: NDArray) -> str:
    """Say what it does to the mean around that the picked samples are bad, or would do."""
    from sdcviz.qc.impact import impact

    if not key or key in PLACES or data.parameter(key).kind == "text":
        return ""
    now = data.flag_at(key, station, sample)
    bad = (now == ord("3")) | (now == ord("4"))
    there = now != ord("9")
    would = bool((there & ~bad).any())
    chosen = there & ~bad if would else bad
    if not chosen.any():
        return ""
    old, new = (now[chosen], ord("4")) if would else (ord("1"), now[chosen])
    try:
        found = impact(data, key, Edits.of(key, station[chosen], sample[chosen], old, new))
    except SdcvizError as error:
        return str(error)
    if found is None:
        return ""
    words = found.sentence(would)
    return f"If bad, {words[0].lower()}{words[1:]}" if would else words
