"""What a letter says of a station and its samples, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..model import PLACES
from .model import one_line

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["WITHHELD", "Told", "Words"]

WITHHELD = "left out: the station is restricted"


@dataclass(frozen=True)
class Told:
    """One station as a letter names it."""

    row: int
    id: str
    local_cdi_id: str
    cruise: str
    name: str
    time: str
    restricted: bool


@dataclass
class Words:
    """Names of the stations and parameters of a collection.

    Parameters
    ----------
    collection : Collection
    restricted : ndarray of bool, shape (n_stations,)
        Stations whose values are left out.
    """

    collection: Collection
    restricted: NDArray[np.bool_]
    _known: dict[int, Told] = field(default_factory=dict)

    def station(self, row: int) -> Told:
        """Name a station."""
        if row not in self._known:
            c = self.collection
            time = c.time[row]
            self._known[row] = Told(
                row=row,
                id=c.station_id(row),
                local_cdi_id=self._text("local_cdi_id", row),
                cruise=self._text("cruise", row),
                name=self._text("station", row),
                time="" if np.isnat(time) else f"{np.datetime_as_string(time, 's')}Z",
                restricted=bool(self.restricted[row]),
            )
        return self._known[row]

    def known(self) -> list[Told]:
        """Return the stations that were named so far."""
        return list(self._known.values())

    def _text(self, name: str, row: int) -> str:
        if name not in self.collection.text_names:
            return ""
        coded = self.collection.text(name)
        code = int(coded.codes[row])
        return "" if code < 0 else one_line(coded.labels[code])

    @cached_property
    def labels(self) -> dict[str, str]:
        """Name of each parameter, and of what else has flags."""
        return PLACES | {p.key: one_line(p.label) for p in self.collection.parameters}

    def label(self, key: str) -> str:
        """Name a parameter."""
        return self.labels.get(key, key)

    def reason(self, reason: str, row: int) -> str:
        """Give a reason; numbers in one may be values, which stay here if restricted."""
        plain = one_line(reason)
        hidden = self.restricted[row] and any(letter.isdigit() for letter in plain)
        return WITHHELD if hidden else plain
