"""What the checks found, as a rule asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.model import PLACES, Findings
from sdcviz.qc.rules.pieces import Piece
from sdcviz.qc.rules.residuals import FIELDS

__all__ = ["Found"]


class Found:
    """Findings in the order of stations.

    Parameters
    ----------
    findings : Findings
    checks : sequence of str
        Checks that were run and may have found nothing.
    """

    def __init__(self, findings: Findings, checks: Sequence[str] = ()) -> None:
        self.findings = findings.take(np.argsort(findings.station, kind="stable"))
        self.checks = tuple(dict.fromkeys([*findings.checks, *checks]))

    def name(self, word: str) -> str | None:
        """Return the check that a word means: case, blanks and hyphens don't matter."""
        plain = _plain(word)
        return next((name for name in self.checks if _plain(name) == plain), None)

    def _about(self, name: str | None, key: str) -> Findings:
        """Keep what one check, or any, found on a parameter, its place or its whole station."""
        f = self.findings
        named = [i for i, k in enumerate(f.keys) if k == key or k in PLACES]
        kept = (f.parameter < 0) | np.isin(f.parameter, named)
        if name is not None:
            # those that found nothing come after the others and have no findings
            kept &= f.check == self.checks.index(name)
        return f.take(kept)

    def marks(self, name: str | None, key: str) -> Callable[[Piece], NDArray[np.bool_]]:
        """Tell which samples of a piece a check found; with the station, all of its samples.

        Parameters
        ----------
        name : str or None
            Check; None: any.
        key : str
            Parameter that was checked.
        """
        about = self._about(name, key)

        def get(piece: Piece) -> NDArray[np.bool_]:
            out = np.zeros(piece.n, bool)
            at, sample = _placed(about, piece)
            whole = np.zeros(len(piece.rows), bool)
            whole[at[sample < 0]] = True
            if not piece.stations_only:
                one = sample >= 0
                out[piece.offsets[at[one]] + sample[one]] = True
            return out | piece.repeat(whole)

        return get

    def residuals(self, key: str) -> Callable[[Piece], NDArray[np.float64]] | None:
        """Give the distance from analysis or climatology where a check found it too great."""
        name = next((c for r in FIELDS for c in self.checks if _plain(c) == r), None)
        if name is None or key not in self.findings.keys:
            return None
        about = self._about(name, key)
        about = about.take(about.sample >= 0)

        def get(piece: Piece) -> NDArray[np.float64]:
            out = np.full(piece.n, np.nan)
            if not piece.stations_only:
                at, sample = _placed(about, piece)
                first, last = np.searchsorted(about.station, [piece.rows[0], piece.rows[-1] + 1])
                known = np.isin(about.station[first:last], piece.rows)
                out[piece.offsets[at] + sample] = about.value[first:last][known]
            return out

        return get


def _placed(found: Findings, piece: Piece) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return place of the station in the piece, and sample, of the findings on it."""
    if not len(piece.rows):
        return np.empty(0, np.int64), np.empty(0, np.int32)
    first, last = np.searchsorted(found.station, [piece.rows[0], piece.rows[-1] + 1])
    station, sample = found.station[first:last], found.sample[first:last]
    known = np.isin(station, piece.rows)
    return np.searchsorted(piece.rows, station[known]), sample[known]


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", word.strip()).casefold()
