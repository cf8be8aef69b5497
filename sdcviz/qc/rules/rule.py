"""Rules: which samples meet a condition that an operator wrote.

``temperature > 30 and depth < 10 and month in (6, 7, 8)``

Something that is not known meets no condition, neither a comparison nor its
opposite: ``not depth < 10`` is ``depth >= 10``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.formats.flags import RANK
from sdcviz.formats.model import L20
from sdcviz.qc.model import DEPTH, PLACES, POSITION, TIME, Edits, Findings
from sdcviz.qc.rules.conditions import Conditions
from sdcviz.qc.rules.found import Found
from sdcviz.qc.rules.grammar import read_rule
from sdcviz.qc.rules.pieces import PIECE_SAMPLES, Piece, pieces
from sdcviz.qc.rules.terms import Binder
from sdcviz.qc.rules.tree import Join, Node

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["Rule", "changes", "parse"]

Hits = tuple[NDArray[np.int64], NDArray[np.int32]]


def parse(text: str) -> Rule:
    """Read a rule.

    Parameters
    ----------
    text : str
        For example ``gradient(temperature) > 2 and inside(0, 30, 10, 45)``;
        see `WORDS` and `FUNCTIONS`.

    Raises
    ------
    RuleError
        The text is no rule. Words are looked up later, in a collection.
    """
    return Rule(text, read_rule(text))


@dataclass(frozen=True)
class Rule:
    """A condition on samples; see `parse`.

    Examples
    --------
    >>> rule = parse("temperature > 30 and depth < 10")
    >>> stations, samples = rule.hits(collection, "temperature")  # doctest: +SKIP
    """

    text: str
    tree: Node

    def hits(
        self,
        collection: Collection,
        parameter: str,
        rows: NDArray[np.int64] | None = None,
        *,
        findings: Findings | None = None,
        size: int = PIECE_SAMPLES,
    ) -> Hits:
        """Find the samples that have a value of a parameter and meet the rule.

        Parameters
        ----------
        collection : Collection
        parameter : str
            Parameter that shall be flagged; ``"@depth"``, ``"@time"`` and
            ``"@position"`` too.
        rows : ndarray of int64, optional
            Stations to look at; all by default.
        findings : Findings, optional
            What ``check(...)`` looks at; by default what was saved last.
        size : int
            About so many samples are looked at in one go.

        Returns
        -------
        stations : ndarray of int64
            Row of the station of each hit, ascending.
        samples : ndarray of int32
            Number of the sample in its station; -1 is the station itself, for
            its position and its time.

        Raises
        ------
        RuleError
            A word has no meaning in this collection.
        NotFound
            There is no such parameter.
        BadRequest
            The parameter is computed and has no flags.
        """
        _may_be_flagged(collection, parameter)
        bound = _Bound(self, collection, parameter, findings)
        chosen = np.arange(collection.n_stations) if rows is None else np.unique(rows)
        chosen = bound.stations(chosen.astype(np.int64))
        found = [bound.find(part) for part in pieces(collection, chosen, size)]
        stations = np.concatenate([np.empty(0, np.int64), *(f[0] for f in found)])
        samples = np.concatenate([np.empty(0, np.int32), *(f[1] for f in found)])
        return stations, samples

    def edits(
        self,
        collection: Collection,
        parameter: str,
        flag: str,
        rows: NDArray[np.int64] | None = None,
        *,
        findings: Findings | None = None,
        keep_worse: bool = True,
    ) -> Edits:
        """Set a flag wherever the rule hits; what has it already is left out.

        Parameters
        ----------
        collection, parameter, rows, findings
            See `hits`.
        flag : str
            L20 code.
        keep_worse : bool
            Leave flags that are worse than `flag`.

        Returns
        -------
        Edits

        Raises
        ------
        BadRequest
            `flag` is no code of L20.
        """
        if len(flag) != 1 or flag not in L20:
            raise BadRequest(f"{flag!r} is no flag. Give codes of L20: {', '.join(L20)}.")
        stations, samples = self.hits(collection, parameter, rows, findings=findings)
        old = collection.flag_at(parameter, stations, samples)
        return Edits.of(parameter, stations, samples, old, flag).take(
            changes(old, flag, keep_worse=keep_worse)
        )


def changes(old: NDArray[np.uint8], flag: str, *, keep_worse: bool = True) -> NDArray[np.bool_]:
    """Tell which flags another one replaces.

    Parameters
    ----------
    old : ndarray of uint8
        ASCII of L20 codes.
    flag : str
        The new code.
    keep_worse : bool
        Leave flags that are worse.
    """
    changed = old != ord(flag)
    return changed & (RANK[old] > RANK[ord(flag)]) if keep_worse else changed


def _may_be_flagged(collection: Collection, parameter: str) -> None:
    if parameter in PLACES:
        return
    collection.parameter(parameter)
    if parameter.startswith("derived:"):
        raise BadRequest(f"{parameter} is computed and has no flags; flag what it is computed of.")


class _Bound:
    """A rule whose words have their meaning in one collection.

    Parameters
    ----------
    rule : Rule
    collection : Collection
    parameter : str
        What is flagged.
    findings : Findings or None
        None: those saved last.
    """

    def __init__(
        self, rule: Rule, collection: Collection, parameter: str, findings: Findings | None
    ) -> None:
        self.collection, self.parameter = collection, parameter

        def load() -> Found | None:
            if findings is not None:
                return Found(findings)
            from sdcviz.qc.store import load_run

            run = load_run(collection)
            return None if run is None else Found(run.findings, run.checks)

        conditions = Conditions(Binder(rule.text, collection, parameter, load))
        tree = rule.tree
        parts = tree.items if isinstance(tree, Join) and tree.word == "and" else (tree,)
        terms = [conditions.condition(part) for part in parts]
        self._of_station = [t for t in terms if t.of_station]
        self._of_sample = [t for t in terms if not t.of_station]

    # ---- finding -------------------------------------------------------
    def stations(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keep the stations that meet the conditions on stations."""
        for term in self._of_station:
            rows = rows[term.get(Piece(self.collection, rows, True))[0]]
        return rows

    def find(self, rows: NDArray[np.int64]) -> Hits:
        """Find the hits of some stations."""
        piece = Piece(self.collection, rows)
        mask = self._mask(piece) & self._present(piece)
        at = np.flatnonzero(mask)
        stations, samples = rows[piece.station[at]], piece.number[at].astype(np.int32)
        if self.parameter not in (POSITION, TIME):
            return stations, samples
        return self._of_whole(rows, stations, samples)

    def _of_whole(
        self, rows: NDArray[np.int64], stations: NDArray[np.int64], samples: NDArray[np.int32]
    ) -> Hits:
        """Turn hits of samples into hits of stations, those without samples too."""
        c = self.collection
        bare = rows[c.offsets[rows] == c.offsets[rows + 1]]
        more = bare[self._mask(Piece(c, bare, True))]
        own = np.zeros(len(stations), bool)
        if self.parameter == TIME and c.sample_time is not None:
            own = ~np.isnat(c.sample_time[c.offsets[stations] + samples])
        whole = np.unique(np.concatenate([stations[~own], more]))
        stations = np.concatenate([whole, stations[own]])
        samples = np.concatenate([np.full(len(whole), -1, np.int32), samples[own]])
        order = np.lexsort((samples, stations))
        return stations[order], samples[order]

    def _mask(self, piece: Piece) -> NDArray[np.bool_]:
        mask = np.ones(piece.n, bool)
        for term in self._of_sample:
            if mask.any():
                mask &= term.get(piece)[0]
        return mask

    def _present(self, piece: Piece) -> NDArray[np.bool_]:
        """Tell which samples have what is flagged."""
        key = self.parameter
        if key == DEPTH:
            return np.isfinite(piece.depth())
        if key in PLACES:
            return np.ones(piece.n, bool)
        if self.collection.parameter(key).kind == "text":
            return piece.texts(key).codes >= 0
        return np.isfinite(piece.values(key))
