"""Rows of the queue as the browser shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.plots.colours import FLAG_OF

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.ranking import Badge, Ranking

__all__ = ["check_title", "matching", "queue_rows", "titled"]

FEW = 2
"""Badges of a row; of more, the rest is counted."""


def check_title(name: str) -> str:
    """Return the name of a check for people."""
    from sdcviz.qc.checks.table import CHECKS

    return CHECKS[name].title if name in CHECKS else name.replace("_", " ")


def titled(badge: Badge) -> list[Any]:
    """Return name, title, number, colour and words of a badge."""
    title, flag = check_title(badge.check), FLAG_OF.get(badge.flag, FLAG_OF["0"])
    does = "only reports" if badge.flag == "0" else f"proposes flag {flag.title}"
    return [badge.check, title, badge.number, flag.colour, f"{title}: {badge.number}, {does}"]


def queue_rows(
    c: Collection,
    ranking: Ranking,
    first: int,
    last: int,
    seen: NDArray[np.bool_],
    notes: Mapping[int, str] | None = None,
) -> list[dict[str, Any]]:
    """Return some places of the queue.

    Parameters
    ----------
    c : Collection
    ranking : Ranking
    first, last : int
        Places from and up to (without).
    seen : ndarray of bool, shape (n_stations,)
        Stations that are done.
    notes : mapping of int to str, optional
        What is told of a station besides: its residual from a product.
    """
    rows = ranking.rows[first:last]
    cruises, names = (_texts(c, name, rows) for name in ("cruise", "station"))
    times = np.datetime_as_string(c.time[rows], unit="m")
    out = []
    for i, row in enumerate(rows.tolist()):
        badges = [titled(badge) for badge in ranking.badges(first + i)]
        words = [f"{cruises[i] or 'No cruise'}, {names[i] or 'no name'}"]
        if not np.isnat(c.time[row]):
            words.append(f"{times[i].replace('T', ' ')} UTC")
        note = (notes or {}).get(row, "")
        words += [note] if note else []
        words += [badge[-1] for badge in badges]
        out.append(
            {
                "row": row,
                "station": names[i] or f"Station {row}",
                "cruise": cruises[i],
                "time": "" if np.isnat(c.time[row]) else times[i][:10],
                "done": bool(seen[row]),
                "note": note,
                "badges": badges[: FEW - bool(note)],
                "more": max(0, len(badges) - FEW + bool(note)),
                "none": _no_finding(c, row),
                "words": "\n".join(words),
            }
        )
    return out


def _texts(c: Collection, name: str, rows: NDArray[np.int64]) -> list[str]:
    coded = c.text(name)
    return ["" if code < 0 else coded.labels[code] for code in coded.codes[rows].tolist()]


def _no_finding(c: Collection, row: int) -> str:
    samples = int(c.offsets[row + 1] - c.offsets[row])
    low, high = float(c.depth_min[row]), float(c.depth_max[row])
    words = "1 sample" if samples == 1 else f"{samples} samples"
    if np.isfinite(low) and np.isfinite(high):
        from_to = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f}\N{EN DASH}{high:.0f}"
        words += f", {from_to} m"
    return words


def matching(c: Collection, rows: NDArray[np.int64], text: str) -> NDArray[np.bool_]:
    """Tell which stations have a text in cruise, name or LOCAL_CDI_ID, in any case."""
    wanted = text.casefold()
    found = np.zeros(len(rows), bool)
    for name in ("cruise", "station", "local_cdi_id"):
        coded = c.text(name)
        hits = np.array([*(wanted in label.casefold() for label in coded.labels), False])
        found |= hits[coded.codes[rows]]
    return found
