"""A collection that is open: columns mapped into memory, read-only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import CollectionError, NewerCollection, NotFound
from sdcviz.formats.model import MISSING, Coded, Oddity
from sdcviz.observations.filters import Filters
from sdcviz.observations.layout import SCHEMA, Labels, read_json, read_labels, read_npy

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations.selection import Selection

__all__ = ["Collection", "ParameterInfo", "open_collection", "read_about"]

_TOLD = ("key", "name", "label", "unit", "p01", "p06", "kind", "n_values", "n_stations", "flags")
_CACHE_BYTES = 512_000_000


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter of a collection.

    Attributes
    ----------
    key : str
        Name within the collection, for example ``"temperature"``.
    name : str
        Name in the first file that has it.
    label, unit : str
        For people.
    p01, p06 : str
        Codes without prefix; empty if unknown.
    kind : str
        ``"number"`` or ``"text"``.
    n_values : int
        Samples that have a value.
    n_stations : int
        Stations that have at least one.
    flags : dict of str to int
        Samples by L20 code, missing values included.
    range : tuple of float
        Smallest and greatest value; empty without values.
    quantiles : tuple of float
        2nd and 98th percentile of the values not flagged bad.
    """

    key: str
    name: str
    label: str
    unit: str
    p01: str
    p06: str
    kind: str
    n_values: int
    n_stations: int
    flags: dict[str, int]
    range: tuple[float, ...]
    quantiles: tuple[float, ...]


def open_collection(path: Path | str) -> Collection:
    """Open a collection folder.

    Parameters
    ----------
    path : path-like
        Folder that `import_files` made.

    Returns
    -------
    Collection
        The snapshot that is current now; later imports do not change it.

    Raises
    ------
    NotFound
        There is no such folder.
    CollectionError
        It is no collection, or damaged.
    NewerCollection
        It was made by a newer version of sdcviz.
    """
    folder = Path(path)
    for _ in range(3):
        about = read_about(folder)
        try:
            return Collection(folder, about)
        except CollectionError:
            # an import may have put a newer snapshot in place and swept this one
            if read_about(folder)["current"] == about["current"]:
                raise
    raise CollectionError(f"{folder} changes faster than it can be opened. Try again.")


def read_about(folder: Path) -> dict[str, Any]:
    """Read `collection.json`, and refuse what this version can't read."""
    if not folder.exists():
        raise NotFound(f"There is no collection {folder}. Make one with 'sdcviz import'.")
    try:
        about = read_json(folder / "collection.json")
        schema = int(about["schema"])
    except FileNotFoundError:
        raise CollectionError(
            f"{folder} is not a collection (it has no collection.json). "
            "Make one with 'sdcviz import'."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CollectionError(
            f"{folder / 'collection.json'} is damaged ({error}). Import the files again."
        ) from error
    if schema > SCHEMA:
        raise NewerCollection(
            f"{folder} was made by a newer version of sdcviz (layout {schema}; this version "
            f"reads up to {SCHEMA}). Update sdcviz to open it."
        )
    return cast(dict[str, Any], about)


class Collection:
    """An immutable set of stations with their samples.

    Columns are read-only arrays; those of stations have `n_stations` elements
    (Morton order), those of samples `n_samples` (contiguous per station).
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    time: NDArray[np.datetime64]
    edmo: NDArray[np.int32]
    bottom_depth: NDArray[np.float32]
    feature: NDArray[np.uint8]
    position_flag: NDArray[np.uint8]
    time_flag: NDArray[np.uint8]
    source: NDArray[np.int32]
    station_index: NDArray[np.int32]
    offsets: NDArray[np.int64]
    depth: NDArray[np.floating]
    depth_flag: NDArray[np.uint8]
    depth_min: NDArray[np.float32]
    depth_max: NDArray[np.float32]
    row: NDArray[np.integer]
    block_box: NDArray[np.float64]
    block_time: NDArray[np.int64]

    _FILES = (
        *("lon", "lat", "time", "edmo", "bottom_depth", "feature", "position_flag"),
        *("time_flag", "source", "offsets", "depth", "depth_flag", "depth_min"),
        *("depth_max", "row", "block_box", "block_time"),
    )

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path = path
        self.id: str = about["id"]
        self.name: str = about["name"]
        self.snapshot: str = about["current"]
        self.about = about
        self._folder = path / self.snapshot
        try:
            self.manifest: dict[str, Any] = read_json(self._folder / "manifest.json")
            self._check_files()
            for name in self._FILES:
                setattr(self, name, read_npy(self._folder / f"{name}.npy"))
            self.station_index = read_npy(self._folder / "index.npy")
        except (OSError, ValueError, KeyError) as error:
            raise CollectionError(
                f"The collection {path} is damaged ({error}). Import the files again."
            ) from error
        self.n_stations: int = self.manifest["stations"]
        self.n_samples: int = self.manifest["samples"]
        self._entries = {p["key"]: p for p in self.manifest["parameters"]}
        self._lock = Lock()
        self._memory: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._bytes = 0

    def _check_files(self) -> None:
        for name, size in self.manifest["files"].items():
            found = (self._folder / name).stat().st_size
            if found != size:
                raise ValueError(f"{name} has {found} bytes instead of {size}")

    def __repr__(self) -> str:
        return (
            f"<Collection {self.name!r}: {self.n_stations:,} stations, {self.n_samples:,} samples, "
            f"{len(self._entries)} parameters>"
        )

    def _repr_html_(self) -> str:
        from sdcviz.observations.cards import collection_html

        return collection_html(self)

    # ---- parameters ----------------------------------------------------
    @property
    def keys(self) -> list[str]:
        """Keys of all stored parameters."""
        return list(self._entries)

    @cached_property
    def parameters(self) -> list[ParameterInfo]:
        """All stored parameters, those with most values first."""
        found = [
            ParameterInfo(
                **{k: p[k] for k in _TOLD},
                range=tuple(p["range"]),
                quantiles=tuple(p["quantiles"]),
            )
            for p in self._entries.values()
        ]
        return sorted(found, key=lambda p: -p.n_values)

    def parameter(self, key: str) -> ParameterInfo:
        """Return one parameter, derived ones (``"derived:sigma0"``) too.

        Raises
        ------
        NotFound
            The collection has no such parameter.
        """
        for p in self.parameters:
            if p.key == key:
                return p
        if key.startswith("derived:"):
            from sdcviz.observations.derived import info

            return info(self, key)
        raise self._unknown(key)

    def _unknown(self, key: str) -> NotFound:
        known = ", ".join(p.key for p in self.parameters[:12])
        more = " ..." if len(self.parameters) > 12 else ""
        return NotFound(f"There is no parameter {key!r} in {self.name}. It has: {known}{more}.")

    def _entry(self, key: str) -> dict[str, Any]:
        try:
            return self._entries[key]
        except KeyError:
            raise self._unknown(key) from None

    def labels(self, key: str) -> list[str]:
        """Return the distinct texts of a text parameter."""
        stem = self._entry(key)["stem"]
        return self.remember(("labels", key), lambda: list(read_labels(self._folder, stem)))

    def stored(self, key: str, what: str = "values") -> tuple[NDArray, NDArray[np.int64]] | None:
        """Return a column as it is stored, and where each station's samples begin in it.

        Parameters
        ----------
        key : str
            Parameter.
        what : {"values", "flags", "source_flags"}
            Which column.

        Returns
        -------
        tuple of (ndarray, ndarray of int64) or None
            The samples, and for each station its first (-1: it has none).
            None where no file has flags of another scale.
        """
        entry = self._entry(key)
        stem = entry["stem"]
        if what == "source_flags":
            if not entry["source_flags"]:
                return None
            return self._map(f"{stem}.source"), self._map(f"{stem}.source.starts")
        array = self._map(stem if what == "values" else f"{stem}.flag")
        return array, self.offsets[:-1] if entry["dense"] else self._map(f"{stem}.starts")

    def _map(self, stem: str) -> NDArray:
        return self.remember(("file", stem), lambda: read_npy(self._folder / f"{stem}.npy"), 0)

    def values(self, key: str) -> Any:
        """Return one value a sample: f4 or f8 with NaN, or `Coded` for texts."""
        if key.startswith("derived:"):
            return self.remember((key,), lambda: self._derived(key))
        text = self._entry(key)["kind"] == "text"
        array = self._spread(key, "values", -1 if text else np.nan)
        return Coded(array, self.labels(key)) if text else array

    def _derived(self, key: str) -> NDArray[np.float64]:
        from sdcviz.observations.derived import compute

        return compute(self, key, np.arange(self.n_stations))[0]

    def flags(self, key: str) -> NDArray[np.uint8]:
        """Return one L20 code (ASCII) a sample; ``"9"`` where there is no value."""
        if key.startswith("derived:"):
            from sdcviz.observations.derived import compute

            rows = np.arange(self.n_stations)
            return self.remember((key, "flags"), lambda: compute(self, key, rows)[1])
        return self._spread(key, "flags", MISSING)

    def source_flags(self, key: str) -> NDArray[np.uint8]:
        """Return the code in the file's own scale, one a sample; L20 where the file uses it."""
        stored = self.stored(key, "source_flags")
        if stored is None:
            return self.flags(key)

        def lay_over() -> NDArray[np.uint8]:
            out = np.array(self.flags(key))
            array, starts = stored
            for r in np.flatnonzero(starts >= 0):
                a, b = self.offsets[r], self.offsets[r + 1]
                out[a:b] = array[starts[r] : starts[r] + b - a]
            return out

        return self.remember((key, "source_flags"), lay_over)

    def _spread(self, key: str, what: str, fill: float) -> NDArray:
        """Return a column with an element for every sample."""
        stored = self.stored(key, what)
        assert stored is not None, "values and flags are always stored"
        array, starts = stored
        if self._entry(key)["dense"]:
            return array

        def spread() -> NDArray:
            from sdcviz.observations.kernels import gather

            out = np.empty(self.n_samples, array.dtype)
            gather(array, starts, np.diff(self.offsets), array.dtype.type(fill), out)
            out.flags.writeable = False
            return out

        return self.remember((key, what), spread)

    def has(self, key: str) -> NDArray[np.bool_]:
        """Tell for each station whether it has a value of a parameter."""
        if key.startswith("derived:"):
            from sdcviz.observations.derived import needs

            found = [self.has(k) for k in needs(self, key)]
            return np.logical_and.reduce(found)
        stem = self._entry(key)["stem"]
        return self.remember(
            ("has", key),
            lambda: np.unpackbits(self._map(f"{stem}.used"), count=self.n_stations).view(bool),
        )

    def remember(self, what: tuple[Any, ...], make: Callable[[], Any], weight: int = -1) -> Any:
        """Return what was computed before, else compute and keep it; the least used goes first.

        Parameters
        ----------
        what : tuple
            Names the result.
        make : callable
            Computes it.
        weight : int
            Bytes that it holds; the size of the array by default.
        """
        with self._lock:
            if what in self._memory:
                self._memory.move_to_end(what)
                return self._memory[what][0]
        made = make()
        size = weight if weight >= 0 else getattr(made, "nbytes", 1000)
        with self._lock:
            if what not in self._memory:
                self._memory[what] = made, size
                self._bytes += size
            while self._bytes > _CACHE_BYTES and len(self._memory) > 1:
                self._bytes -= self._memory.popitem(last=False)[1][1]
        return made

    # ---- stations ------------------------------------------------------
    @property
    def text_names(self) -> list[str]:
        """Names of the station texts: the five common ones and every label of the files."""
        return list(self.manifest["texts"])

    def text(self, name: str) -> Coded:
        """Return a text of all stations.

        Raises
        ------
        NotFound
            No file has a text of this name.
        """
        stem = self.manifest["texts"].get(name)
        if stem is None:
            known = ", ".join(self.text_names)
            raise NotFound(f"There is no station text {name!r}. There are: {known}.")
        labels: Labels = self.remember(("text", name), lambda: read_labels(self._folder, stem), 0)
        return Coded(self._map(stem), cast("list[str]", labels))

    @cached_property
    def sample_time(self) -> NDArray[np.datetime64] | None:
        """Time of each sample where it is not its station's (NaT); None if no file has it."""
        if "sample_time.npy" not in self.manifest["files"]:
            return None
        return self._map("sample_time").view("datetime64[ms]")

    @cached_property
    def sample_time_flag(self) -> NDArray[np.uint8] | None:
        """L20 codes of `sample_time`."""
        return None if self.sample_time is None else self._map("sample_time_flag")

    @cached_property
    def stations(self) -> pd.DataFrame:
        """All stations with readable columns."""
        from sdcviz.observations.tables import station_frame

        return station_frame(self, np.arange(self.n_stations))

    def station_id(self, i: int) -> str:
        """Return the identity of a station, which survives every later import."""
        source = self.manifest["sources"][self.source[self._row(i)]]
        return f"{source['sha256'][:16]}:{self.station_index[i]}"

    def _row(self, i: int) -> int:
        if not -self.n_stations <= i < self.n_stations:
            raise NotFound(f"There is no station {i}; {self.name} has {self.n_stations:,}.")
        return int(i) % self.n_stations

    def station(self, i: int) -> dict[str, Any]:
        """Return everything known about one station, names beside codes."""
        from sdcviz.observations.cards import station_card

        return station_card(self, self._row(i))

    def profile(self, i: int) -> pd.DataFrame:
        """Return the samples of one station: depth, then value and flag of each parameter."""
        from sdcviz.observations.tables import profile_frame

        return profile_frame(self, self._row(i))

    def find_station(self, text: str) -> NDArray[np.int64]:
        """Find stations by identity, LOCAL_CDI_ID, "cruise/station" or row number.

        Parameters
        ----------
        text : str
            What to look for. All stations that share it are found.

        Returns
        -------
        ndarray of int64
            Row numbers.

        Raises
        ------
        NotFound
            There is none.
        """
        from sdcviz.observations.tables import find_station

        return find_station(self, text)

    def near(
        self, lon: float, lat: float, radius_km: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the stations within a radius, the nearest first.

        Parameters
        ----------
        lon, lat : float
            Degrees.
        radius_km : float
            Great-circle distance in kilometres.

        Returns
        -------
        rows : ndarray of int64
        distances : ndarray of float64
            Kilometres.
        """
        from sdcviz.observations.tables import near

        return near(self, lon, lat, radius_km)

    # ---- choosing ------------------------------------------------------
    def where(self, filters: Filters | None = None, **conditions: Any) -> Selection:
        """Choose stations and samples.

        Parameters
        ----------
        filters : Filters, optional
            Conditions; or give them by name.
        **conditions
            Fields of `Filters`.

        Returns
        -------
        Selection

        Raises
        ------
        BadRequest
            A condition that makes no sense.
        NotFound
            A parameter that the collection does not have.
        """
        from sdcviz.observations.selection import Selection

        return Selection(self, Filters.of(filters, **conditions))

    # ---- telling -------------------------------------------------------
    @cached_property
    def _oddities(self) -> list[Oddity]:
        return [Oddity(**o) for o in read_json(self._folder / "doctor.json")]

    def oddities(self, source: str | None = None) -> list[Oddity]:
        """Return what was odd in the files, or in one of them."""
        return [o for o in self._oddities if source is None or o.file == source]

    def raw_text(self, first: int = 0, last: int | None = None) -> Iterator[tuple[int, str, str]]:
        """Give sample, parameter key and text of values that are not numbers.

        Parameters
        ----------
        first, last : int
            Samples to look at; all by default.
        """
        if "raw.npy" not in self.manifest["files"]:
            return
        samples = self._map("raw")
        keys, texts = read_labels(self._folder, "raw_key"), read_labels(self._folder, "raw_text")
        end = self.n_samples if last is None else last
        for i in range(*(int(np.searchsorted(samples, x)) for x in (first, end))):
            yield int(samples[i]), keys[i], texts[i]

    def info(self) -> dict[str, Any]:
        """Summarise the collection as ``sdcviz info --json`` prints it."""
        from sdcviz.observations.cards import collection_info

        return collection_info(self)
