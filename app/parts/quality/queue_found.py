"""What checks found, summed up once for everything that the queue tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sdcviz.formats.flags import worst
from sdcviz.words import counted, minute

from .queue_rows import titled

if TYPE_CHECKING:
    from sdcviz.qc.model import Findings
    from sdcviz.qc.store import Run

__all__ = ["Found"]


@dataclass(frozen=True)
class Found:
    """Counts and words of a run of checks.

    Attributes
    ----------
    badges : list of list
        Of each check that found something, see `titled`; that with most findings first.
    orders : list of [key, title]
        Orders of the queue that make sense.
    words : str
        How much was found, when, by whom; empty where no check ran.
    skipped : list of str
        Why checks were not run.
    proposals : str
        How many findings propose a flag; empty if none does.
    """

    badges: list[list[Any]] = field(default_factory=list)
    orders: list[list[str]] = field(default_factory=list)
    words: str = ""
    skipped: list[str] = field(default_factory=list)
    proposals: str = ""

    @classmethod
    def of(cls, findings: Findings | None, run: Run | None) -> Found:
        """Sum up findings, and the run that they are from."""
        from sdcviz.qc.ranking import DEPARTURES, ORDERS

        skipped = list(run.skipped.values()) if run else []
        words = _words(run) if run else ""
        if not findings:
            return cls([], [["course", ORDERS["course"]]], words, skipped)
        counts = findings.counts()
        far = any(counts.get(name) for name in DEPARTURES)
        orders = [[key, title] for key, title in ORDERS.items() if far or key != "residual"]
        n = int(np.count_nonzero(findings.flag != ord("0")))
        return cls(_badges(findings, counts), orders, words, skipped, counted(n, "flag") * (n > 0))


def _badges(findings: Findings, counts: dict[str, int]) -> list[list[Any]]:
    from sdcviz.qc.ranking import Badge

    pairs = np.unique(findings.check.astype(np.int64) << 8 | findings.flag)
    out = []
    for number, name in enumerate(findings.checks):
        flags = (pairs[pairs >> 8 == number] & 255).astype(np.uint8)
        if len(flags):
            out.append(titled(Badge(name, counts[name], chr(worst(*flags[:, None])[0]))))
    return sorted(out, key=lambda badge: -badge[2])


def _words(run: Run) -> str:
    stations = len(np.unique(run.findings.station))
    found = f"{counted(len(run.findings), 'finding')} at {counted(stations, 'station')}"
    if not stations:
        found = f"{counted(len(run.checks), 'check')} found nothing"
    by = f" by {run.user}" if run.user else ""
    return f"{found}, {minute(run.time)}{by}."
