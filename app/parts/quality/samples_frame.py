"""The samples of a station or of many, page by page, as the table shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.qc.model import DEPTH
from sdcviz.words import counted, number

from .queue_rows import check_title

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations import Collection, Selection
    from sdcviz.qc.model import Findings

__all__ = [
    "MOST",
    "SHOWS",
    "Listing",
    "flag_codes",
    "of_selection",
    "of_station",
    "page_frame",
    "parameters_of",
    "restricted",
    "words_of",
]

MOST = 100_000
"""Samples that the table lists of a selection; the rest is left out, and said."""
DIGITS = 9
"""Digits of a value that are shown."""
SHOWS = {"all": "All samples", "found": "With findings", "not good": "Not good", "picked": "Picked"}
"""What may be listed, with names for people."""

_GOOD = np.zeros(256, bool)
_GOOD[[ord(c) for c in "12"]] = True


@dataclass(frozen=True)
class Listing:
    """Samples in the order of the table.

    Attributes
    ----------
    station : ndarray of int64
        Row of the station of each.
    sample : ndarray of int64
        Its number in the station.
    left_out : int
        Samples beyond `MOST`.
    alone : bool
        Whether it lists one station.
    """

    station: NDArray[np.int64]
    sample: NDArray[np.int64]
    left_out: int = 0
    alone: bool = True

    def __len__(self) -> int:
        return len(self.sample)

    def take(self, chosen: NDArray) -> Listing:
        """Keep some samples (a mask or numbers)."""
        return Listing(self.station[chosen], self.sample[chosen], self.left_out, self.alone)

    def among(self, station: NDArray[np.int64], sample: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which of the listed samples are among others."""
        return np.isin(_pair(self.station, self.sample), _pair(station, sample))


def _pair(station: NDArray, sample: NDArray) -> NDArray[np.int64]:
    return station.astype(np.int64) << 32 | sample.astype(np.int64)


def of_station(c: Collection, row: int) -> Listing:
    """List all samples of a station."""
    n = int(c.offsets[row + 1] - c.offsets[row])
    return Listing(np.full(n, row, np.int64), np.arange(n, dtype=np.int64))


def of_selection(selection: Selection) -> Listing:
    """List the samples of a selection, as far as a table makes sense."""
    c, n = selection.collection, selection.n_samples
    if n > MOST:  # only so many stations are collected as are needed
        enough = int(np.searchsorted(np.cumsum(selection.sample_counts), MOST)) + 1
        selection = c.where(selection.filters, rows=selection.rows[:enough])
    numbers = selection.sample_numbers[:MOST]
    station = np.searchsorted(c.offsets, numbers, "right") - 1
    return Listing(station, numbers - c.offsets[station], max(0, n - MOST), alone=False)


def restricted(
    c: Collection,
    listing: Listing,
    show: str,
    keys: Sequence[str],
    findings: Findings | None,
    picked: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Listing:
    """Keep the samples that are to be shown.

    Parameters
    ----------
    c : Collection
    listing : Listing
    show : str
        A key of `SHOWS`.
    keys : sequence of str
        Parameters whose flags count.
    findings : Findings or None
    picked : (ndarray, ndarray)
        Station and sample of those that are picked.
    """
    if show == "picked":
        return listing.take(listing.among(*picked))
    if show == "found":
        if findings is None:
            return listing.take(np.zeros(len(listing), bool))
        return listing.take(listing.among(findings.station, findings.sample))
    if show == "not good":
        bad = np.zeros(len(listing), bool)
        for key in (DEPTH, *keys):
            flags = c.flag_at(key, listing.station, listing.sample)
            bad |= ~_GOOD[flags] & (flags != ord("9"))
        return listing.take(bad)
    return listing


def parameters_of(c: Collection, rows: NDArray[np.int64]) -> list[str]:
    """Return the parameters of which any of some stations has a value."""
    return [p.key for p in c.parameters if c.has(p.key)[rows].any()]


def page_frame(
    c: Collection, page: Listing, keys: Sequence[str], findings: Findings | None
) -> pd.DataFrame:
    """Make one page of the table.

    Parameters
    ----------
    c : Collection
    page : Listing
        Its samples.
    keys : sequence of str
        Parameters.
    findings : Findings or None

    Returns
    -------
    DataFrame
        ``sample``, ``station`` and ``time`` (where there are several), ``depth``, ``fd`` (its
        flag), for the parameter of number i ``v<i>`` and ``f<i>``, ``found``; all texts.
    """
    import pandas as pd

    at = c.offsets[page.station] + page.sample
    columns: dict[str, Any] = {"sample": (page.sample + 1).astype(str).astype(object)}
    if not page.alone:
        columns["station"] = _names(c, page.station)
        columns["time"] = _times(c, page.station)
    if c.sample_time is not None:
        own = c.sample_time[at]
        if not np.isnat(own).all():
            own = np.where(np.isnat(own), c.time[page.station], own)
            columns["time"] = _moments(own)
    columns["depth"] = _numbers(c.depth[at])
    columns["fd"] = flag_codes(c, DEPTH, page)
    for i, key in enumerate(keys):
        columns[f"v{i}"] = _values(c, key, page)
        columns[f"f{i}"] = flag_codes(c, key, page)
    columns["found"] = _found(page, findings, c)
    return pd.DataFrame(columns)


def flag_codes(c: Collection, key: str, page: Listing) -> NDArray:
    """Return the L20 codes of some samples as they stand, as text."""
    codes = c.flag_at(key, page.station, page.sample)
    return np.ascontiguousarray(codes).view("S1").astype(str).astype(object)


def words_of(listing: Listing, every: Listing) -> str:
    """Say how many samples are listed, of how many.

    Parameters
    ----------
    listing : Listing
        What is shown.
    every : Listing
        What it was chosen from.
    """
    n, all_of = len(listing), len(every)
    words = counted(n, "sample") if n == all_of else f"{number(n)} of {counted(all_of, 'sample')}"
    if not every.alone:
        words += f" at {counted(len(np.unique(listing.station)), 'station')}"
    if every.left_out:
        words += (
            f"; the table lists {number(MOST)}, {number(every.left_out)} more are left "
            "out: select fewer stations to see them"
        )
    return words


def _values(c: Collection, key: str, page: Listing) -> NDArray:
    stored = c.stored(key)
    assert stored is not None, "values are always stored"
    array, starts = stored
    first = starts[page.station]
    there = first >= 0
    taken = array[np.where(there, first + page.sample, 0)] if len(array) else np.zeros(len(page))
    if c.parameter(key).kind == "text":
        labels = c.labels(key)
        codes = np.where(there, taken, -1).tolist()
        return np.array(["" if code < 0 else labels[code] for code in codes], object)
    texts = _numbers(taken)
    texts[~there] = ""
    return texts


def _numbers(values: NDArray) -> NDArray:
    """Write numbers with the digits that they have, up to `DIGITS`: 13.42, not 13.4200001."""

    def text(value: Any) -> str:
        if not np.isfinite(value):
            return ""
        if value != 0 and not 1e-6 <= abs(value) < 1e9:
            return np.format_float_scientific(value, DIGITS, trim="-")
        return np.format_float_positional(value, DIGITS, fractional=False, trim="-")

    return np.array([text(value) for value in values], object)


def _names(c: Collection, rows: NDArray[np.int64]) -> NDArray:
    cruise, name = c.text("cruise"), c.text("station")
    out = {}
    for row in np.unique(rows).tolist():
        parts = [t.labels[t.codes[row]] for t in (cruise, name) if t.codes[row] >= 0]
        out[row] = " / ".join(part for part in parts if part) or f"Station {row}"
    return np.array([out[row] for row in rows.tolist()], object)


def _times(c: Collection, rows: NDArray[np.int64]) -> NDArray:
    texts = np.datetime_as_string(c.time[rows], unit="D").astype(object)
    texts[np.isnat(c.time[rows])] = ""
    return texts


def _moments(times: NDArray) -> NDArray:
    """Write times, with seconds only where one has some."""
    unit = "s" if (times != times.astype("M8[m]")).any() else "m"
    texts = np.char.replace(np.datetime_as_string(times, unit=unit), "T", " ").astype(object)
    texts[np.isnat(times)] = ""
    return texts


def _found(page: Listing, findings: Findings | None, c: Collection) -> NDArray:
    """Name the checks that found each sample, with the parameter where there are several."""
    out = np.full(len(page), "", object)
    if findings is None or not len(page):
        return out
    here = np.zeros(c.n_stations, bool)
    here[page.station] = True
    of = np.flatnonzero(here[findings.station] & (findings.sample >= 0))
    places = {pair: i for i, pair in enumerate(_pair(page.station, page.sample).tolist())}
    pairs = _pair(findings.station[of], findings.sample[of]).tolist()
    words: dict[int, dict[str, None]] = {}
    for finding, pair in zip(of.tolist(), pairs, strict=True):
        if pair in places:
            title = check_title(findings.checks[findings.check[finding]])
            words.setdefault(places[pair], {})[title] = None
    for place, titles in words.items():
        out[place] = ", ".join(titles)
    return out
