"""The columns of a snapshot, mapped into memory, and what is computed from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdcviz.errors import CollectionError, NotFound
from sdcviz.formats.model import MISSING, Coded
from sdcviz.observations.layout import not_readable, read_json, read_labels, read_npy
from sdcviz.observations.memory import Memory
from sdcviz.observations.overlay import PLAIN, Overlay
from sdcviz.observations.parameter_info import ParameterInfo

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["Columns"]

_TOLD = ("key", "name", "label", "unit", "p01", "p06", "kind", "n_values", "n_stations", "flags")
_CACHE_BYTES = 512_000_000


def _alike(*columns: ArrayLike) -> list[NDArray[np.int64]]:
    """Make columns of one length; single numbers stand for all rows."""
    return list(np.broadcast_arrays(*(np.atleast_1d(np.asarray(c, np.int64)) for c in columns)))


class Columns:
    """The columns of a collection.

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
        self.folder = path / self.snapshot
        try:
            self.manifest: dict[str, Any] = read_json(self.folder / "manifest.json")
            self._check_files()
            self._loaded = {n: read_npy(self.folder / f"{n}.npy") for n in self._FILES}
            for name, column in self._loaded.items():
                setattr(self, name, column)
            self.station_index = read_npy(self.folder / "index.npy")
        except PermissionError as error:
            raise not_readable(error, path) from error
        except (OSError, ValueError, KeyError) as error:
            raise CollectionError(
                f"The collection {path} is damaged ({error}). Import the files again."
            ) from error
        self.n_stations: int = self.manifest["stations"]
        self.n_samples: int = self.manifest["samples"]
        self._entries = {p["key"]: p for p in self.manifest["parameters"]}
        self._memory = Memory(_CACHE_BYTES)
        self.overlay = Overlay(cast("Collection", self))
        self._told: tuple[int, list[ParameterInfo]] = -1, []

    def _check_files(self) -> None:
        for name, size in self.manifest["files"].items():
            found = (self.folder / name).stat().st_size
            if found != size:
                raise ValueError(f"{name} has {found} bytes instead of {size}")

    @property
    def keys(self) -> list[str]:
        """Keys of all stored parameters."""
        return list(self._entries)

    @property
    def parameters(self) -> list[ParameterInfo]:
        """All stored parameters, those with most values first."""
        version = self.overlay.version
        if self._told[0] != version:
            self._told = version, self._tell()
        return self._told[1]

    def _tell(self) -> list[ParameterInfo]:
        found = [
            ParameterInfo(
                **{k: p[k] for k in _TOLD if k != "flags"},
                flags=self.overlay.counts(p["key"], p["flags"]),
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

    def stem(self, key: str) -> str:
        """Return the name of the files of a parameter."""
        return str(self._entry(key)["stem"])

    def labels(self, key: str) -> list[str]:
        """Return the distinct texts of a text parameter."""
        stem = self._entry(key)["stem"]
        return self.remember(("labels", key), lambda: list(read_labels(self.folder, stem)))

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
        changed = self.overlay.view(stem)
        return self.mapped(stem) if changed is None else changed

    def mapped(self, stem: str) -> NDArray:
        """Return a column as it was imported."""
        if stem in self._loaded:
            return self._loaded[stem]
        return self.remember(("file", stem), lambda: read_npy(self.folder / f"{stem}.npy"), 0)

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
            return self.remember((key, "flags"), lambda: compute(self, key, rows)[1], flags=(key,))
        return self._spread(key, "flags", MISSING)

    def source_flags(self, key: str) -> NDArray[np.uint8]:
        """Return the code in the file's own scale, one a sample; L20 where the file uses it."""
        stored = self.stored(key, "source_flags")
        if stored is None:
            return self.flags(key)

        def lay_over() -> NDArray[np.uint8]:
            out = np.array(self.imported_flags(key))
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
            # The overlay writes to what is beneath the view.
            view = out.view()
            view.flags.writeable = False
            return view

        return self.remember((key, what), spread, flags=() if what == "values" else (key,))

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

    # ---- flags that were changed ---------------------------------------
    def lay_over(
        self, key: str, rows: ArrayLike, samples: ArrayLike, codes: ArrayLike
    ) -> NDArray[np.bool_]:
        """Change flags of this open collection; its files stay.

        What was computed from these flags is forgotten, nothing else.

        Parameters
        ----------
        key : str
            Parameter, or ``"@depth"``, ``"@time"``, ``"@position"``.
        rows : array_like of int
            Stations.
        samples : array_like of int
            Numbers of the samples in their stations; -1 is the station itself.
        codes : array_like of uint8
            ASCII of L20 codes.

        Returns
        -------
        ndarray of bool
            False where there is no such flag (see `flag_places`).

        Raises
        ------
        NotFound
            The collection has no such parameter.
        """
        r, s, f = _alike(rows, samples, codes)
        return self.overlay.lay(key, r, s, f.astype(np.uint8))

    def flag_places(self, key: str, rows: ArrayLike, samples: ArrayLike) -> NDArray[np.bool_]:
        """Tell which flags there are.

        There is none of a sample that the station does not have, of a
        parameter without any value at the station, and of a sample's time
        where the station's holds.

        Parameters
        ----------
        key, rows, samples
            See `lay_over`.
        """
        r, s = _alike(rows, samples)
        out = np.zeros(len(r), bool)
        for asked, _, at in self.overlay.places(key, r, s):
            out[asked] = at >= 0
        return out

    def flag_at(self, key: str, rows: ArrayLike, samples: ArrayLike) -> NDArray[np.uint8]:
        """Return single flags as they stand.

        Parameters
        ----------
        key, rows, samples
            See `lay_over`.

        Returns
        -------
        ndarray of uint8
            ASCII of L20 codes; 9 where there is no such flag.
        """
        return self.overlay.at(key, *_alike(rows, samples))

    def imported_flags(self, key: str) -> NDArray[np.uint8]:
        """Return the flags of a parameter as they were imported.

        Parameters
        ----------
        key : str
            Parameter, ``"@depth"``, ``"@time"`` or ``"@position"``.

        Returns
        -------
        ndarray of uint8
            One L20 code a sample; one a station for time and position.
        """
        if key in PLAIN:
            return self.mapped(PLAIN[key])
        entry = self._entry(key)
        array = self.mapped(f"{entry['stem']}.flag")
        if entry["dense"]:
            return array
        from sdcviz.observations.kernels import gather

        out = np.empty(self.n_samples, np.uint8)
        gather(array, self._map(f"{entry['stem']}.starts"), np.diff(self.offsets), MISSING, out)
        return out

    @property
    def flags_version(self) -> int:
        """Goes up whenever flags are laid over."""
        return self.overlay.version

    def flags_state(self, *keys: str) -> tuple[int, ...]:
        """Name the state of some flags: what was computed in an equal state still holds.

        Parameters
        ----------
        *keys : str
            Parameters, derived ones too, and ``"@depth"``, ``"@time"``, ``"@position"``.

        Returns
        -------
        tuple of int
            Empty as long as these flags are as they were imported.
        """
        return self.overlay.state(self._sources_of(keys))

    def _sources_of(self, keys: tuple[str, ...]) -> set[str]:
        """Replace derived parameters by those that they are computed from."""
        if not any(key.startswith("derived:") for key in keys):
            return set(keys)
        from sdcviz.observations.derived import needs

        found: set[str] = set()
        for key in keys:
            found.update(needs(self, key) if key.startswith("derived:") else (key,))
        return found

    def replaced(self, stem: str, column: NDArray[np.uint8]) -> None:
        """Take a column that was mapped anew for changes."""
        if stem in self._FILES:
            setattr(self, stem, column)

    # ---- what was computed ---------------------------------------------
    def remember(
        self,
        what: tuple[Any, ...],
        make: Callable[[], Any],
        weight: int = -1,
        flags: tuple[str, ...] = (),
    ) -> Any:
        """Return what was computed before, else compute and keep it; the least used goes first.

        Parameters
        ----------
        what : tuple
            Names the result.
        make : callable
            Computes it.
        weight : int
            Bytes that it holds; the size of the array by default.
        flags : tuple of str
            Keys of the flags that it is computed from; it is forgotten when they change.
        """
        if (found := self._memory.find(what)) is not None:
            return found.value
        needed = self._sources_of(flags) if flags else set()
        before = self.overlay.state(needed)
        made = make()
        size = weight if weight >= 0 else getattr(made, "nbytes", 1000)
        # Not kept where the flags changed meanwhile.
        self._memory.keep(what, made, size, needed, lambda: self.overlay.state(needed) == before)
        return made

    def kept(self, what: tuple[Any, ...]) -> Any:
        """Return what `remember` still has under a name, or None."""
        found = self._memory.find(what)
        return None if found is None else found.value

    def forget(self, key: str) -> None:
        """Forget what was computed from flags that have changed."""
        # Flags spread over all samples were changed where they are.
        self._memory.forget(key, but=(key, "flags"))
