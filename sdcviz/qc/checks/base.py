"""What a check is, and the run of whole stations that it looks at.

Samples of a piece lie one after another; `Piece.offsets` tells where each
station begins, so that a compiled loop never looks across the border of two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from sdcviz.formats.flags import RANK
from sdcviz.formats.model import FEATURES, MISSING
from sdcviz.qc.model import DEPTH, POSITION, TIME, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection
    from sdcviz.observations.columns import Columns

    from .limits import Limits

__all__ = ["Check", "Piece", "Setting", "number_keys"]

PROFILE = FEATURES.index("profile")
UNUSABLE = b"49"
"""Flags of samples that are neither checked nor used as neighbours."""


@dataclass(frozen=True)
class Setting:
    """One figure or text that the thresholds file gives to a check.

    Attributes
    ----------
    doc : str
        What it means, with its unit.
    default : float or str, optional
        Taken where a rule does not give it; without, a rule has to.
    optional : bool
        A rule may leave it out; it is NaN or "" then.
    text, flag : bool
        Whether it is a text, or an L20 code, instead of a number.
    """

    doc: str
    default: float | str | None = None
    optional: bool = False
    text: bool = False
    flag: bool = False


@dataclass(frozen=True)
class Check:
    """One automatic quality test.

    Attributes
    ----------
    name, title : str
        Key in the thresholds file, and name for people.
    level : {"sample", "pair", "station", "series"}
        What is judged.
    scope : {"piece", "collection"}
        Whether `run` takes a `Piece` or the whole collection.
    formula : str
        What is computed and when it fails, for people.
    source : str
        Where the formula comes from.
    run : callable
        ``run(piece, limits)`` or ``run(collection, limits, rows=None)``, gives `Findings`.
    settings : mapping of str to Setting
        What a rule of the thresholds file may give.
    needs : tuple of str
        Parameters without which the check says nothing.
    flag : str
        L20 code that is proposed unless a rule says otherwise; "0" only reports.
    features : tuple of str
        Kinds of stations that it is for.
    unready : callable, optional
        ``unready(collection, limits)`` says in a sentence why the check can't be
        run, "" where it can.
    judges : tuple of str
        What has passed where the check finds nothing, such as ``"@position"``; by
        default the parameters with thresholds, for a check of single samples.
    """

    name: str
    title: str
    level: Literal["sample", "pair", "station", "series"]
    scope: Literal["piece", "collection"]
    formula: str
    source: str
    run: Callable[..., Findings]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    flag: str = "4"
    features: tuple[str, ...] = FEATURES
    unready: Callable[[Collection, Limits], str] | None = None
    judges: tuple[str, ...] = ()


class Piece:
    """Some whole stations with their samples one after another.

    Columns are read when they are asked for and kept for the next check.

    Parameters
    ----------
    collection : Collection
    rows : ndarray of int64
        Stations, sorted.
    region : ndarray of int
        Region of each station of the piece, an index in `Thresholds.regions`.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        First sample of each station in the columns of the piece.
    """

    def __init__(
        self, collection: Collection, rows: NDArray[np.int64], region: NDArray[np.int16]
    ) -> None:
        self.collection, self.rows, self.region = collection, rows, region
        self.lengths = np.asarray(collection.offsets[rows + 1] - collection.offsets[rows])
        self.offsets = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        self._columns: dict[tuple[str, str], Any] = {}

    @property
    def n_stations(self) -> int:
        """Number of stations."""
        return len(self.rows)

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.offsets[-1])

    @cached_property
    def station(self) -> NDArray[np.int32]:
        """Number of the station in the piece, one a sample."""
        return np.repeat(np.arange(len(self.rows), dtype=np.int32), self.lengths)

    @cached_property
    def lon(self) -> NDArray[np.float64]:
        """Longitude, one a station."""
        return np.asarray(self.collection.lon[self.rows])

    @cached_property
    def lat(self) -> NDArray[np.float64]:
        """Latitude, one a station."""
        return np.asarray(self.collection.lat[self.rows])

    @cached_property
    def station_time(self) -> NDArray[np.datetime64]:
        """Time, one a station."""
        return np.asarray(self.collection.time[self.rows])

    @cached_property
    def time(self) -> NDArray[np.datetime64]:
        """Time, one a sample: its own, else its station's."""
        time = np.repeat(self.station_time, self.lengths)
        if self.collection.sample_time is not None:
            own = self._take(self.collection.sample_time.view(np.int64)).view("datetime64[ms]")
            time = np.where(np.isnat(own), time, own)
        return time

    @cached_property
    def feature(self) -> NDArray[np.uint8]:
        """Kind, one a station: an index in ``sdcviz.formats.model.FEATURES``."""
        return np.asarray(self.collection.feature[self.rows])

    @cached_property
    def profile(self) -> NDArray[np.bool_]:
        """Tell which stations are profiles, in which the next sample is another depth."""
        return self.feature == PROFILE

    @property
    def depth(self) -> NDArray[np.float64]:
        """Depth in metres, downwards, NaN where unknown; one a sample."""
        return self.values(DEPTH)

    @cached_property
    def pressure(self) -> NDArray[np.float64]:
        """Pressure in dbar: as measured, else out of the depth; one a sample."""
        return self.pressure_at(np.arange(self.n_samples))

    def pressure_at(self, samples: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return `pressure` of some samples."""
        import gsw

        lat = self.lat[self.station[samples]]
        # Between equator and pole the pressure of a depth differs by half a per cent.
        lat = np.where(np.isfinite(lat), lat, 45.0)
        with np.errstate(all="ignore"):
            pressure = gsw.p_from_z(-self.depth[samples], lat)
        if "pressure" in self.collection.keys:
            measured = self.values("pressure")[samples]
            pressure = np.where(np.isfinite(measured), measured, pressure)
        return pressure

    def has(self, key: str) -> bool:
        """Tell whether any station of the piece has a value of a parameter."""
        return key in (DEPTH, TIME, POSITION) or bool(self.collection.has(key)[self.rows].any())

    def keys(self, limits: Limits) -> list[str]:
        """Return the parameters that have values here and rules in the thresholds of a check."""
        return [key for key in limits.keys(number_keys(self.collection)) if self.has(key)]

    def values(self, key: str) -> NDArray[np.float64]:
        """Return a numeric parameter, NaN where it is missing; ``"@depth"`` is the depth."""
        return self._kept(key, "values", self._read_values)

    def flags(self, key: str) -> NDArray[np.uint8]:
        """Return L20 codes, one a sample; what checks found in this run is laid over."""
        return self._kept(key, "flags", self._read_flags)

    def usable(self, key: str) -> NDArray[np.bool_]:
        """Tell which samples may be checked and used as neighbours.

        Those that have a value which is not flagged 4 or 9, at a depth that is
        known and not flagged so. Samples flagged by an earlier check of the run
        count as flagged.
        """

        def read(key: str) -> NDArray[np.bool_]:
            good = np.isfinite(self.values(key)) & _passes(self.flags(key))
            return good if key == DEPTH else good & self.usable(DEPTH)

        return self._kept(key, "usable", read)

    def present(self, key: str) -> NDArray[np.bool_]:
        """Tell which samples have a value not flagged 4 or 9, whatever is known of the depth."""
        return np.isfinite(self.values(key)) & _passes(self.flags(key))

    def find(
        self,
        check: str,
        key: str | None,
        flag: NDArray[np.uint8],
        value: NDArray[np.float64],
        threshold: NDArray[np.float64] | float,
    ) -> Findings:
        """Make findings out of one flag a sample.

        Parameters
        ----------
        check : str
            Name of the check.
        key : str or None
            Parameter.
        flag : ndarray of uint8, shape (n_samples,)
            Proposed L20 code; 0 (the number) where there is nothing to tell.
        value : ndarray of float64, shape (n_samples,)
        threshold : ndarray of float64, shape (n_samples,), or float
        """
        at = np.flatnonzero(flag)
        station = np.searchsorted(self.offsets, at, "right") - 1
        limit = threshold if np.isscalar(threshold) else np.asarray(threshold)[at]
        return Findings.of(
            check,
            key,
            self.rows[station],
            at - self.offsets[station],
            flag[at],
            value[at],
            limit,
        )

    def find_stations(
        self,
        check: str,
        key: str | None,
        flag: NDArray[np.uint8],
        value: NDArray[np.float64],
        threshold: NDArray[np.float64] | float,
    ) -> Findings:
        """Make findings out of one flag a station; see `find`."""
        at = np.flatnonzero(flag)
        limit = threshold if np.isscalar(threshold) else np.asarray(threshold)[at]
        return Findings.of(check, key, self.rows[at], -1, flag[at], value[at], limit)

    def lay_over(self, found: Findings) -> None:
        """Let later checks see what one found: the worst flag wins."""
        changed = set()
        for n, key in enumerate(found.keys):
            mine = (found.parameter == n) & (found.flag != ord("0"))
            if not mine.any() or key in (POSITION, TIME):
                continue
            whole = found.sample[mine] < 0
            station = np.searchsorted(self.rows, found.station[mine])
            counts = np.where(whole, self.lengths[station], 1)
            again = np.repeat(np.arange(len(station)), counts)
            nth = np.arange(len(again)) - np.repeat(np.cumsum(counts) - counts, counts)
            at = self.offsets[station[again]]
            at = at + np.where(whole[again], nth, found.sample[mine][again])
            flags = np.array(self.flags(key))
            new = found.flag[mine][again]
            worse = RANK[new] < RANK[flags[at]]
            flags[at[worse]] = new[worse]
            self._columns[key, "flags"] = flags
            changed.add(key)
        for name in [k for k in self._columns if k[1] == "usable"]:
            if name[0] in changed or DEPTH in changed:
                del self._columns[name]

    # ---- reading -------------------------------------------------------
    def _kept(self, key: str, what: str, read: Callable[[str], Any]) -> Any:
        if (key, what) not in self._columns:
            self._columns[key, what] = read(key)
        return self._columns[key, what]

    @cached_property
    def _whole(self) -> bool:
        """Whether the stations follow each other without a gap."""
        return not len(self.rows) or int(self.rows[-1] - self.rows[0]) == len(self.rows) - 1

    def _take(self, column: NDArray, starts: NDArray[np.int64] | None = None) -> NDArray:
        """Collect the samples of a column with an element for every sample of `starts`."""
        from sdcviz.observations.kernels import gather

        starts = self.collection.offsets[:-1] if starts is None else starts
        begin = np.asarray(starts[self.rows])
        if self._whole and len(begin) and (np.diff(begin) == self.lengths[:-1]).all():
            if begin[0] >= 0:
                return column[begin[0] : begin[0] + self.n_samples]
        out = np.empty(self.n_samples, column.dtype)
        fill = np.nan if column.dtype.kind == "f" else MISSING
        gather(column, begin, self.lengths, np.array(fill).astype(column.dtype)[()], out)
        return out

    def _read_values(self, key: str) -> NDArray[np.float64]:
        from sdcviz.observations.kernels import restore

        c = self.collection
        if key.startswith("derived:"):
            from sdcviz.observations.derived import compute

            return compute(c, key, self.rows)[0]
        stored = (c.depth, None) if key == DEPTH else c.stored(key)
        assert stored is not None, "values are always stored"
        column = self._take(*stored)
        # Thresholds are decimals: 13.42 in single precision has to be 13.42 again.
        return restore(column) if column.dtype == np.float32 else np.asarray(column, np.float64)

    def _read_flags(self, key: str) -> NDArray[np.uint8]:
        c = self.collection
        if key == DEPTH:
            return self._take(c.depth_flag)
        stored = c.stored(key, "flags")
        assert stored is not None, "flags are always stored"
        return self._take(*stored)


def number_keys(collection: Columns) -> list[str]:
    """Return the keys of the parameters of a collection that are numbers."""
    return [p.key for p in collection.parameters if p.kind == "number"]


def _passes(flags: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (flags != UNUSABLE[0]) & (flags != UNUSABLE[1])
