"""Stations that another tab hands to the Quality tab, in the order in which to look at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Handed", "send_to_quality"]


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
    session: Session, rows: Iterable[int], why: str, scores: Iterable[Any] | None = None
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
    session.param.update(**update)


def _words(score: Any) -> str:
    return score if isinstance(score, str) else f"{float(score):.3g}"
