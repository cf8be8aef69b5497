"""Pieces of stations for checks that need more than one look at the collection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.checks.base import Piece
from sdcviz.qc.checks.limits import Limits, Rules, Thresholds

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["pieces", "regions_of", "rule_of_samples"]

_SAMPLES = 1_000_000


def regions_of(
    limits: Limits, collection: Collection, rows: NDArray[np.int64]
) -> NDArray[np.int16]:
    """Find the region of some stations: an index in ``limits.regions``."""
    places = Thresholds("", limits.regions, {}, {})
    return places.region_of(collection.lon[rows], collection.lat[rows])


def pieces(
    collection: Collection, limits: Limits, rows: NDArray[np.int64], samples: int = _SAMPLES
) -> Iterator[Piece]:
    """Cut stations into pieces of about so many samples, one in memory at a time.

    Parameters
    ----------
    collection : Collection
    limits : Limits
        Whose regions are meant.
    rows : ndarray of int64
        Stations, sorted.
    samples : int
        In one piece.
    """
    # A station without samples costs too.
    ends = np.cumsum(np.maximum(np.diff(collection.offsets)[rows], 20))
    region = regions_of(limits, collection, rows)
    a = 0
    while a < len(rows):
        before = int(ends[a - 1]) if a else 0
        b = max(a + 1, int(np.searchsorted(ends, before + samples, "right")))
        yield Piece(collection, rows[a:b], region[a:b])
        a = b


def rule_of_samples(rules: Rules, piece: Piece) -> NDArray[np.int64]:
    """Find the first rule for each sample's region and depth layer; -1 where there is none.

    A rule for all depths also counts where the depth is unknown.
    """
    out = np.full(piece.n_samples, -1, np.int64)
    for region in np.unique(piece.region).tolist():
        here = (piece.region == region)[piece.station]
        for n in range(int(rules.last[region]) - 1, int(rules.first[region]) - 1, -1):
            top, bottom = rules.top[n], rules.bottom[n]
            if np.isinf(top) and np.isinf(bottom):
                out[here] = n
            else:
                out[here & (piece.depth >= top) & (piece.depth < bottom)] = n
    return out
