"""What a letter to a data centre holds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

__all__ = ["KINDS", "Attachment", "Item", "Letter", "Totals", "one_line"]

KINDS: dict[str, str] = {
    "flag": "Flags of values",
    "position": "Position",
    "date": "Date and time",
    "duplicate": "Duplicates",
    "bottom": "Depth below the bottom",
    "unit": "Units",
    "metadata": "Other metadata",
}
"""What an item is about; all but the first are anomalies of metadata."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def one_line(text: object, longest: int = 500) -> str:
    """Make a text of a file or a person fit one line: no breaks, no control characters."""
    plain = " ".join(_BREAKS.sub(" ", str(text)).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


class Item(NamedTuple):
    """One thing that a data centre is asked to correct, or to reject with a reason.

    Attributes
    ----------
    number : int
        From 1, as in all parts of the letter.
    kind : str
        Key of `KINDS`.
    station : str
        Identity of the station in the collection.
    local_cdi_id, cruise, name : str
        What the data centre knows it by.
    parameter : str
        Key of the parameter; empty for a whole station.
    label : str
        Name of the parameter for people.
    old, new : str
        L20 codes; empty where no flag was changed.
    values : int
        Values concerned.
    what : str
        In words: reason, or what a check found.
    """

    number: int
    kind: str
    station: str
    local_cdi_id: str
    cruise: str
    name: str
    parameter: str
    label: str
    old: str
    new: str
    values: int
    what: str


@dataclass(frozen=True)
class Totals:
    """How much was changed."""

    cdis: int
    stations: int
    values: int
    flags: Counter[tuple[str, str, str]]  # label of the parameter, old, new
    reasons: Counter[str]
    people: tuple[str, ...]


class Attachment(NamedTuple):
    """A file that goes with a letter."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class Letter:
    """What is said to one data centre.

    Attributes
    ----------
    id : str
        32 hex digits; names its case.
    edmo : int
        EDMO code of the holding data centre; 0: unknown.
    centre : str
        Its name.
    collection, collection_id, version : str
        Name, identity and snapshot of the collection.
    author, contact : str
        Who wrote it, and where to answer.
    written : datetime
        In UTC.
    answer_by : date
        Until when an answer is asked for.
    since : str
        From when changes were looked at; empty: from the beginning.
    span : tuple of str
        Times of the first and the last change.
    last_batch : int
        Newest batch of the journal that it tells of.
    items : tuple of Item
        What is asked for.
    totals : Totals
    confirmed : int
        Values that had not been checked and were found good; they are no items.
    withheld : int
        Stations whose values are left out, since they are restricted.
    plotted, plottable : int
        Stations with a plot, and those that could have one.
    attachments : tuple of Attachment
    """

    id: str
    edmo: int
    centre: str
    collection: str
    collection_id: str
    version: str
    author: str
    contact: str
    written: datetime
    answer_by: date
    since: str
    span: tuple[str, str]
    last_batch: int
    items: tuple[Item, ...]
    totals: Totals
    confirmed: int = 0
    withheld: int = 0
    plotted: int = 0
    plottable: int = 0
    attachments: tuple[Attachment, ...] = field(default=(), repr=False)

    @property
    def addressee(self) -> str:
        """Name and EDMO code of the data centre."""
        return f"{self.centre} (EDMO {self.edmo})" if self.edmo else self.centre

    @property
    def subject(self) -> str:
        """Subject of the mail, on one line."""
        return one_line(
            f"Quality control of {one_line(self.collection, 100)}, version {self.version}: "
            f"{one_line(self.addressee, 100)}, {self.written:%Y-%m-%d}"
        )

    @property
    def stem(self) -> str:
        """Begin of the names of its files."""
        return f"edmo_{self.edmo}" if self.edmo else "edmo_unknown"

    def of_kind(self, *kinds: str) -> list[Item]:
        """Return the items about something."""
        return [item for item in self.items if item.kind in kinds]
