"""What the visitor has selected, and what is shown of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sdcviz.words import counted, number

from .. import library
from ..session import Session

if TYPE_CHECKING:
    from sdcviz.observations import Selection

__all__ = ["SHOWN_BY", "chosen", "counts", "shown"]

SHOWN_BY = (
    "collection", "collection_version", "explored_flags", "selection", "brush", "depth", "time",
    "months", "parameter", "value", "flags", "box", "polygon", "has", "cruises", "platforms",
    "data_centres", "sources",
)  # fmt: skip
"""Parameters of a session that change what `chosen` and `shown` give."""


def chosen(session: Session) -> Selection | None:
    """Return the selected stations that pass the filters; None where nothing is selected."""
    data = session.data
    if data is None or not len(session.selection):
        return None
    return library.select_shared(data, replace(session.filters, rows=session.selection))


def shown(session: Session) -> Selection | None:
    """Return what a table lists or an export writes.

    That is the brushed part of the selection, else the selection, else all
    that passes the filters; None where no collection is open.
    """
    data = session.data
    if data is not None and len(session.selection) and session.brush is not None:
        return library.select_shared(data, replace(session.filters, rows=session.brush))
    return chosen(session) or session.filtered


def counts(selection: Selection) -> str:
    """Return ``12 of 1 234 stations, 600 of 61 700 samples`` of a selection."""
    c = selection.collection
    return (
        f"{number(selection.n_stations)} of {counted(c.n_stations, 'station')}, "
        f"{number(selection.n_samples)} of {counted(c.n_samples, 'sample')}"
    )
