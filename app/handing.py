"""Stations that another tab hands to the Quality tab, in the order in which to look at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.words import number

if TYPE_CHECKING:
    from sdcviz.observations import Collection

    from .session import Session

__all__ = ["Handed", "open_in_quality", "send_to_quality", "station_name"]


@dataclass(frozen=True, eq=False)
class Handed:
    """A queue made elsewhere.

    Attributes
    ----------
    rows : ndarray of int64
        Stations, the first to look at first.
    why : str
        For people, over the queue: "Residuals of Monthly temperature".
    notes : mapping of int to str
        What is told beside a station.
    of : tuple
        The collection and snapshot whose rows they are.
    """

    rows: NDArray[np.int64]
    why: str
    notes: Mapping[int, str] = field(default_factory=dict)
    of: tuple[Any, ...] = ()


def send_to_quality(
    session: Session,
    rows: Iterable[int],
    why: str,
    scores: Iterable[Any] | None = None,
    parameter: str = "",
) -> None:
    """Show the Quality tab with these stations in its queue, and the first of them.

    Parameters
    ----------
    session : Session
    rows : iterable of int
        Stations of the open collection, the first to look at first; repeated ones count once.
    why : str
        For people.
    scores : iterable, optional
        A number or a short text beside each station.
    parameter : str
        What is flagged there, where the collection has it; as before if empty.
    """
    given = [int(row) for row in rows]
    told = [""] * len(given) if scores is None else [_words(score) for score in scores]
    notes: dict[int, str] = {}
    for row, note in zip(given, told, strict=True):
        notes.setdefault(row, note)
    ordered = np.array(list(notes), np.int64)
    handed = Handed(ordered, why, notes, (session.collection, session.collection_version))
    update: dict[str, Any] = {"handed": handed, "tab": "quality"}
    if len(ordered):
        update["station"] = int(ordered[0])
    _go(session, parameter, update)


def open_in_quality(session: Session, row: int, parameter: str = "") -> None:
    """Show the Quality tab with one station; its queue stays.

    Parameters
    ----------
    session : Session
    row : int
        Station of the open collection.
    parameter : str
        What is flagged there, where the collection has it; as before if empty.
    """
    _go(session, parameter, {"station": row, "tab": "quality"})


def station_name(data: Collection | None, row: int | None) -> str:
    """Name a station by its cruise and its own name; empty for none."""
    if data is None or row is None:
        return ""
    texts = (data.text(name).take(np.array([row])).texts()[0] for name in ("cruise", "station"))
    return " · ".join(t for t in texts if t) or f"station {number(row + 1)}"


def _go(session: Session, parameter: str, update: dict[str, Any]) -> None:
    data = session.data
    if parameter and data is not None and parameter in data.keys:
        session.parameter = parameter
    if "station" in update:
        session.station = None  # the same one again is news, too
    session.param.update(**update)


def _words(score: Any) -> str:
    return score if isinstance(score, str) else f"{float(score):.3g}"
