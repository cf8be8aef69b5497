"""What changes of flags do to the mean of their surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.qc.model import DEPTH, PLACES, Edits
from sdcviz.words import counted, number

if TYPE_CHECKING:
    from sdcviz.observations import Collection

__all__ = ["LAYERS", "Impact", "impact"]

LAYERS = (0.0, 10.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 4000.0)
"""Depths (metres) between which a mean is taken; the last layer reaches the bottom."""

EARTH_KM = 6371.0088
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_PASS = np.ones(256, bool)
_PASS[[ord(c) for c in "349"]] = False
_PLACE_PASS = np.ones(256, bool)
_PLACE_PASS[[ord(c) for c in "34"]] = False


@dataclass(frozen=True)
class Impact:
    """The mean around some samples before and after their flags change.

    Attributes
    ----------
    unit : str
        Unit of the means.
    flags : int
        Samples whose flag changes.
    before, after : float
        Mean of the values that pass; NaN where none does.
    n_before, n_after : int
        Values that pass.
    stations : int
        Stations around, those of the samples included.
    radius_km : float
        How far around.
    months : tuple of int
        Months of the year (1..12) that count; empty: all.
    depth : (float, float)
        Layer in metres; the second may be infinite.
    """

    unit: str
    flags: int
    before: float
    after: float
    n_before: int
    n_after: int
    stations: int
    radius_km: float
    months: tuple[int, ...]
    depth: tuple[float, float]

    @property
    def change(self) -> float:
        """Mean after less mean before."""
        return self.after - self.before

    @property
    def where(self) -> str:
        """The surroundings in words: ``within 100 km, 0–50 m, May–Jul``."""
        low, high = self.depth
        layer = f"below {low:g} m" if np.isinf(high) else f"{low:g}\N{EN DASH}{high:g} m"
        words = [f"within {number(round(self.radius_km))} km"]
        if not np.isinf(low):
            words.append(layer)
        if self.months:
            words.append(_span(self.months))
        return ", ".join(words)

    def sentence(self, would: bool = False) -> str:
        """Tell the change as people say it.

        Parameters
        ----------
        would : bool
            Whether the flags are not set yet.
        """
        one = self.flags == 1
        these = "This flag" if one else f"These {number(self.flags)} flags"

        def verb(plain: str, third: str) -> str:
            return f"would {plain}" if would else third if one else plain

        if not self.n_before and not self.n_after:
            return f"There is no good value here ({self.where})."
        if not self.n_after:
            return f"{these} {verb('leave', 'leaves')} no good value here ({self.where})."
        if not self.n_before:
            only = counted(self.n_after, "good value")
            return f"{these} {verb('give', 'gives')} the only {only} here ({self.where})."
        if self.n_before == self.n_after and self.change == 0:
            nothing = "would not change" if would else f"{'does' if one else 'do'} not change"
            return f"{these} {nothing} the mean here ({self.where})."
        digits = _digits(self.change, self.before)
        unit = f" {self.unit}" if self.unit and self.unit != "1" else ""
        sign = "+" if self.change >= 0 else "\N{MINUS SIGN}"
        return (
            f"{these} {verb('change', 'changes')} the mean here by "
            f"{sign}{abs(self.change):.{digits}f}{unit}, "
            f"from {self.before:.{digits}f} to {self.after:.{digits}f} "
            f"({counted(self.n_before, 'value')} {self.where})."
        )


def impact(
    collection: Collection,
    key: str,
    edits: Edits,
    *,
    radius_km: float = 100.0,
    months: int = 1,
) -> Impact | None:
    """Compare the mean of a parameter around some samples before and after edits.

    The surroundings are the stations within `radius_km` of the middle of the edited
    stations (farther, where these lie farther apart), in their months of the year and
    `months` more on both sides, and in the layers of `LAYERS` that hold the edited samples.
    A value counts if its own flag is none of 3, 4 and 9 and those of depth, time and
    position are none of 3 and 4. It does not matter whether the edits are made already.

    Parameters
    ----------
    collection : Collection
    key : str
        Parameter.
    edits : Edits
        Changes of its flags, or of depth, time or position.
    radius_km : float
        Kilometres.
    months : int
        Months before and after.

    Returns
    -------
    Impact or None
        None where no edit touches the parameter, or no touched station has a position.

    Raises
    ------
    BadRequest
        The parameter is text.
    NotFound
        There is no such parameter.
    """
    info = collection.parameter(key)
    if info.kind == "text":
        raise BadRequest(f"{info.label} is text; it has no mean.")
    wanted = np.array([k == key or k in PLACES for k in edits.keys], bool)
    edits = edits.take(wanted[edits.parameter])
    touched = np.unique(edits.station)
    place = _middle(collection, touched)
    if not len(edits) or place is None:
        return None
    lon, lat, reach = place
    radius_km = max(radius_km, reach)
    rows = np.sort(collection.near(lon, lat, radius_km)[0])
    span = _months_around(collection, touched, months)
    if span:
        of = collection.time[rows].astype("M8[M]").astype(np.int64) % 12 + 1
        of[np.isnat(collection.time[rows])] = 0
        rows = rows[np.isin(of, span) | np.isin(rows, touched)]
    samples = _Samples(collection, key, rows)
    which, before, after = samples.judge(edits)
    layer = _layer(samples.depth[which])
    inside = samples.in_layer(layer)
    good, kept = samples.values[inside & before], samples.values[inside & after]
    return Impact(
        info.unit,
        len(edits),
        float(good.mean()) if len(good) else np.nan,
        float(kept.mean()) if len(kept) else np.nan,
        len(good),
        len(kept),
        len(rows),
        float(radius_km),
        span,
        layer,
    )


class _Samples:
    """All samples of some stations with what tells whether they pass."""

    def __init__(self, c: Collection, key: str, rows: NDArray[np.int64]) -> None:
        from sdcviz.observations.kernels import gather

        self.rows = rows
        self.lengths = c.offsets[rows + 1] - c.offsets[rows]
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)

        def taken(array: NDArray, starts: NDArray, fill: float) -> NDArray:
            out = np.empty(self.offsets[-1], array.dtype)
            gather(array, starts[rows], self.lengths, array.dtype.type(fill), out)
            return out

        first = c.offsets[:-1]
        if key.startswith("derived:"):
            from sdcviz.observations.derived import compute

            values, self.flags = compute(c, key, rows)
            self.flags = np.array(self.flags)
        else:
            stored, flags = c.stored(key), c.stored(key, "flags")
            assert stored is not None and flags is not None
            values = taken(stored[0], stored[1], np.nan)
            self.flags = taken(flags[0], flags[1], ord("9"))
        self.values = np.asarray(values, np.float64)
        self.depth = np.asarray(taken(c.depth, first, np.nan), np.float64)
        self.depth_flags = taken(c.depth_flag, first, ord("9"))
        self.time_flags = np.repeat(c.time_flag[rows], self.lengths)
        self.position_flags = np.repeat(c.position_flag[rows], self.lengths)
        if c.sample_time_flag is not None:
            own = taken(c.sample_time_flag, first, ord("0"))
            self.time_flags = np.where(_PLACE_PASS[own], self.time_flags, own)

    def judge(self, edits: Edits) -> tuple[NDArray[np.int64], NDArray, NDArray]:
        """Give the edited samples, and of all samples which pass before and after."""
        edits = edits.take(np.isin(edits.station, self.rows))  # others have no position
        station = np.searchsorted(self.rows, edits.station)
        touched: list[NDArray[np.int64]] = []
        states = []
        for codes in (edits.old, edits.new):
            columns = {
                "": self.flags.copy(),
                "@depth": self.depth_flags.copy(),
                "@time": self.time_flags.copy(),
                "@position": self.position_flags.copy(),
            }
            for which, name in enumerate(edits.keys):
                column = columns[name if name in PLACES else ""]
                of = edits.parameter == which
                alone = of & (edits.sample >= 0)
                at = self.offsets[station[alone]] + edits.sample[alone]
                column[at] = codes[alone]
                touched.append(at)
                for i in np.flatnonzero(of & (edits.sample < 0)).tolist():
                    run = slice(self.offsets[station[i]], self.offsets[station[i] + 1])
                    column[run] = codes[i]
                    touched.append(np.arange(run.start, run.stop))
            states.append(
                _PASS[columns[""]]
                & _PLACE_PASS[columns[DEPTH]]
                & _PLACE_PASS[columns["@time"]]
                & _PLACE_PASS[columns["@position"]]
                & np.isfinite(self.values)
            )
        return np.unique(np.concatenate(touched)), states[0], states[1]

    def in_layer(self, layer: tuple[float, float]) -> NDArray[np.bool_]:
        if layer == (-np.inf, np.inf):
            return np.ones(len(self.depth), bool)
        with np.errstate(invalid="ignore"):
            return (self.depth >= layer[0]) & (self.depth <= layer[1])


def _middle(c: Collection, rows: NDArray[np.int64]) -> tuple[float, float, float] | None:
    """Return the middle of some stations and how far (km) the farthest lies from it."""
    lon, lat = np.radians(c.lon[rows]), np.radians(c.lat[rows])
    known = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = lon[known], lat[known]
    if not len(lon):
        return None
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    x, y, z = middle = points.mean(axis=1)
    size = float(np.sqrt((middle**2).sum()))
    if size < 1e-9:  # spread evenly over the globe
        return 0.0, 0.0, np.pi * EARTH_KM
    chord = np.sqrt(((points - (middle / size)[:, None]) ** 2).sum(axis=0)).max()
    reach = 2 * EARTH_KM * np.arcsin(min(1.0, chord / 2))
    return (
        float(np.degrees(np.arctan2(y, x))),
        float(np.degrees(np.arcsin(z / size))),
        float(np.ceil(reach)),
    )


def _months_around(c: Collection, rows: NDArray[np.int64], around: int) -> tuple[int, ...]:
    """Return the months of some stations and those before and after; empty where all count."""
    times = c.time[rows]
    times = times[~np.isnat(times)]
    of = np.unique(times.astype("M8[M]").astype(np.int64) % 12)
    found = {int(m + step) % 12 + 1 for m in of for step in range(-around, around + 1)}
    return () if not found or len(found) == 12 else tuple(sorted(found))


def _layer(depths: NDArray[np.float64]) -> tuple[float, float]:
    """Return the layers that hold some depths; everything where none is known."""
    known = depths[np.isfinite(depths)]
    if not len(known):
        return -np.inf, np.inf
    edges = np.array([*LAYERS, np.inf])
    low = max(0, int(np.searchsorted(edges, known.min(), "right")) - 1)
    high = min(len(edges) - 1, max(low + 1, int(np.searchsorted(edges, known.max(), "left"))))
    return float(min(edges[low], known.min())), float(edges[high])


def _span(months: tuple[int, ...]) -> str:
    """Name months, neighbours as a range: ``Dec–Feb``."""
    runs: list[list[int]] = []
    for month in months:
        if runs and month == runs[-1][-1] + 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    if len(runs) > 1 and runs[0][0] == 1 and runs[-1][-1] == 12:
        runs[0] = runs.pop() + runs[0]
    return ", ".join(
        _MONTHS[run[0] - 1] + (f"\N{EN DASH}{_MONTHS[run[-1] - 1]}" if len(run) > 1 else "")
        for run in runs
    )


def _digits(change: float, mean: float) -> int:
    """Return decimals that show two digits of a change, as far as a mean of doubles has them."""
    if change == 0:
        return 3
    finest = 12 - int(np.floor(np.log10(max(abs(mean), 1e-300))))
    return int(np.clip(1 - np.floor(np.log10(abs(change))), 0, max(0, min(finest, 9))))
