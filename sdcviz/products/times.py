"""The time steps of a product: instants, or months and seasons of a climatology."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadRequest
from ..words import counted

__all__ = ["MONTHS", "OUTSIDE", "Times", "When", "short_label"]

When = int | str | datetime.date | np.datetime64 | None
"""How a time step is named: its number from 0, its label, or a date."""

MONTHS = tuple(calendar.month_name[1:])
OUTSIDE = -1
"""Number of the step of a time that the product does not cover."""

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Times:
    """Time steps in their order.

    Attributes
    ----------
    values : ndarray of datetime64[ms]
        NaT where the file's times can't be decoded.
    labels : tuple of str
        For people: "January", "January–March 1991–2010", "2003-07-16".
    bounds : ndarray of datetime64[ms], shape (n, 2), or None
        First and last moment of each step where the file tells them.
    months : tuple of (frozenset of int), or ()
        Months of each step of a climatology; empty for instants.
    warning : str
        What is wrong with the times of the file; empty if nothing is.
    """

    values: NDArray[np.datetime64]
    labels: tuple[str, ...]
    bounds: NDArray[np.datetime64] | None = None
    months: tuple[frozenset[int], ...] = ()
    warning: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def climatology(self) -> bool:
        """Whether the steps are months or seasons of many years."""
        return bool(self.months)

    @cached_property
    def known(self) -> bool:
        """Whether the steps have dates, or months."""
        return self.climatology or not np.isnat(self.values).any()

    @cached_property
    def edges(self) -> NDArray[np.datetime64]:
        """Where one instant's step ends and the next begins: n + 1 times."""
        ms = self.values.astype(np.int64)
        if len(ms) == 1 and self.bounds is not None:
            return self.bounds[0]
        if len(ms) == 1:
            half = np.int64(_DAY / np.timedelta64(1, "ms")) // 2
            return np.array([ms[0] - half, ms[0] + half]).astype("datetime64[ms]")
        middle = ms[:-1] + np.diff(ms) // 2
        ends = 2 * ms[0] - middle[0], 2 * ms[-1] - middle[-1]
        return np.concatenate([ends[:1], middle, ends[1:]]).astype("datetime64[ms]")

    def steps(self, when: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Find the step of each time; `OUTSIDE` where the product has none.

        Of a climatology that is the step with the month, among several the one whose years
        hold the time; of instants the nearest.
        """
        moment = np.asarray(when, "datetime64[ms]")
        if len(self) == 0:
            return np.zeros(moment.shape, np.int64)
        if self.climatology:
            return self._seasonal(moment)
        found = np.searchsorted(self.edges, moment, "right") - 1
        # The very end belongs to the last step.
        found = np.where(moment == self.edges[-1], len(self) - 1, found)
        inside = (found >= 0) & (found < len(self)) & ~np.isnat(moment) & self.known
        return np.where(inside, found, OUTSIDE).astype(np.int64)

    def _seasonal(self, moment: NDArray[np.datetime64]) -> NDArray[np.int64]:
        month = moment.astype("datetime64[M]").astype(np.int64) % 12 + 1
        out = np.full(moment.shape, OUTSIDE, np.int64)
        several = len({m for m in self.months}) < len(self.months)
        for k, own in enumerate(self.months):
            fits = np.isin(month, list(own)) & ~np.isnat(moment)
            if several and self.bounds is not None:
                fits &= (moment >= self.bounds[k, 0]) & (moment <= self.bounds[k, 1])
            out[fits & (out == OUTSIDE)] = k
        return out

    def find(self, when: When) -> int:
        """Find one step by number, label or date; the first one for None.

        Returns
        -------
        int
            Its number; `OUTSIDE` for a date that the product does not cover.

        Raises
        ------
        BadRequest
            There is no such step.
        """
        if len(self) == 0:
            return 0
        if when is None:
            return 0
        if isinstance(when, int | np.integer) and not isinstance(when, bool):
            if not -len(self) <= when < len(self):
                raise BadRequest(
                    f"There is no time step {when}; the product has {counted(len(self), 'step')}, "
                    f"0 to {len(self) - 1}."
                )
            return int(when) % len(self)
        if isinstance(when, str):
            named = self._named(when.strip())
            if named is not None:
                return named
        return int(self.steps(np.array([self._date(when)]))[0])

    def _named(self, text: str) -> int | None:
        folded = text.casefold()
        labels = [label.casefold() for label in self.labels]
        if folded in labels:
            return labels.index(folded)
        if text.isdigit() and len(text) < 4:
            return self.find(int(text))
        if len(folded) >= 3:
            begun = [k for k, label in enumerate(labels) if label.startswith(folded)]
            if len(begun) == 1:
                return begun[0]
        return None

    def _date(self, when: Any) -> np.datetime64:
        try:
            date = np.datetime64(when.rstrip("Z") if isinstance(when, str) else when)
            if np.datetime_data(date.dtype)[0] == "Y":
                raise ValueError
            if np.datetime_data(date.dtype)[0] == "M":  # "2003-07": its middle
                date = date.astype("datetime64[D]") + np.timedelta64(14, "D")
            if np.isnat(date):
                raise ValueError
            return date.astype("datetime64[ms]")
        except (ValueError, TypeError):
            raise BadRequest(
                f"{when!r} is no time of the product; give {self.some()}, "
                "the number of a step from 0, or a date such as 2003-07-16."
            ) from None

    def some(self) -> str:
        """Return the labels for a sentence."""
        if len(self) <= 4:
            return " or ".join(self.labels)
        return f"{self.labels[0]}, {self.labels[1]} ... {self.labels[-1]}"


def label_of(start: np.datetime64, stop: np.datetime64) -> tuple[frozenset[int], str]:
    """Name the months, and the years where there are several, of a climatology's step.

    Parameters
    ----------
    start, stop : datetime64
        First moment of its first year, and last or first one after of its last year.
    """
    last = stop - np.timedelta64(1, "ms")
    a, b = (int(t.astype("datetime64[M]").astype(int)) for t in (start, last))
    first, final = a % 12, b % 12
    span = (final - first) % 12
    months = [(first + k) % 12 for k in range(span + 1)]
    years = f"{1970 + a // 12}–{1970 + b // 12}"
    name = MONTHS[first] if span == 0 else f"{MONTHS[first]}–{MONTHS[final]}"
    if span == 11:
        name = "Year"
    return frozenset(m + 1 for m in months), f"{name} {years}"


def shortened(labels: Sequence[str]) -> tuple[str, ...]:
    """Leave the years out where they are the same everywhere."""
    parts = [label.rpartition(" ") for label in labels]
    short = tuple(head or tail for head, _, tail in parts)
    same_years = len({tail for _, _, tail in parts}) == 1
    return short if same_years and len(set(short)) == len(short) else tuple(labels)


def short_label(label: str) -> str:
    """Shorten the months of a time step's label to three letters, for axes."""
    for month in MONTHS:
        label = label.replace(month, month[:3])
    return label
