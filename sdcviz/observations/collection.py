"""A collection that is open: columns mapped into memory, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import CollectionError, NewerCollection, NotFound
from sdcviz.formats.model import Coded, Oddity
from sdcviz.observations.columns import Columns
from sdcviz.observations.filters import Filters
from sdcviz.observations.layout import SCHEMA, Labels, not_readable, read_json, read_labels
from sdcviz.observations.overlay import POSITION, TIME
from sdcviz.observations.parameter_info import ParameterInfo
from sdcviz.words import number

if TYPE_CHECKING:
    import pandas as pd

    from sdcviz.observations.selection import Selection
    from sdcviz.qc.journal import Journal

__all__ = ["Collection", "ParameterInfo", "open_collection", "read_about"]


def open_collection(
    path: Path | str, flags: Literal["journal", "source"] = "journal", reading: str = ""
) -> Collection:
    """Open a collection folder.

    Parameters
    ----------
    path : path-like
        Folder that `import_files` made.
    flags : {"journal", "source"}
        With the changes of its journal (see `Collection.catch_up`), or as they were imported.
    reading : str
        Name of a second reading: its own changes, over the imported flags and what checks
        found; the changes of others do not show. Empty: the common flags.

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
            collection = Collection(folder, about)
        except CollectionError:
            # an import may have put a newer snapshot in place and swept this one
            if read_about(folder)["current"] == about["current"]:
                raise
            continue
        if flags == "journal":
            collection.reading, collection.last_batch = reading, 0
            collection.catch_up()
        return collection
    raise CollectionError(f"{folder} changes faster than it can be opened. Try again.")


def read_about(folder: Path) -> dict[str, Any]:
    """Read `collection.json`, and refuse what this version can't read."""
    try:
        if not folder.exists():
            raise NotFound(f"There is no collection {folder}. Make one with 'sdcviz import'.")
        about = read_json(folder / "collection.json")
        schema = int(about["schema"])
    except FileNotFoundError:
        raise CollectionError(
            f"{folder} is not a collection (it has no collection.json). "
            "Make one with 'sdcviz import'."
        ) from None
    except PermissionError as error:
        raise not_readable(error, folder) from error
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


class Collection(Columns):
    """An immutable set of stations with their samples.

    Columns are read-only arrays; those of stations have `n_stations` elements
    (Morton order), those of samples `n_samples` (contiguous per station).

    Attributes
    ----------
    reading : str
        Name of the second reading whose flags these are; empty: the common flags.
    last_batch : int or None
        Last batch of the journal that the flags contain; None: they are as imported.
    journal_lock : RLock
        Held while batches are laid over.
    """

    reading: str = ""
    last_batch: int | None = None

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        super().__init__(path, about)
        self.journal_lock = RLock()

    @cached_property
    def journal(self) -> Journal:
        """Who changed which flag of this collection, when and why."""
        from sdcviz.qc.journal import Journal

        return Journal(self.id)

    def catch_up(self) -> list[tuple[str, NDArray[np.int64]]]:
        """Bring the flags up to date with the journal; cheap where nothing is new.

        Returns
        -------
        list of (str, ndarray of int64)
            Parameters (and keys of `sdcviz.qc.model.PLACES`) and the rows of the stations
            whose flags changed.
        """
        return self.journal.catch_up(self)

    def __repr__(self) -> str:
        return (
            f"<Collection {self.name!r}: {number(self.n_stations)} stations, "
            f"{number(self.n_samples)} samples, "
            f"{len(self._entries)} parameters>"
        )

    def _repr_html_(self) -> str:
        from sdcviz.observations.cards import collection_html

        return collection_html(self)

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
        labels: Labels = self.remember(("text", name), lambda: read_labels(self.folder, stem), 0)
        return Coded(self._map(stem), cast("list[str]", labels))

    @cached_property
    def sample_time(self) -> NDArray[np.datetime64] | None:
        """Time of each sample where it is not its station's (NaT); None if no file has it."""
        if "sample_time.npy" not in self.manifest["files"]:
            return None
        return self._map("sample_time").view("datetime64[ms]")

    @property
    def sample_time_flag(self) -> NDArray[np.uint8] | None:
        """L20 codes of `sample_time`."""
        return None if self.sample_time is None else self._map("sample_time_flag")

    @property
    def stations(self) -> pd.DataFrame:
        """All stations with readable columns."""
        from sdcviz.observations.tables import station_frame

        rows = np.arange(self.n_stations)
        frame: pd.DataFrame = self.remember(
            ("stations",), lambda: station_frame(self, rows), flags=(TIME, POSITION)
        )
        return frame

    def station_id(self, i: int) -> str:
        """Return the identity of a station, which survives every later import."""
        source = self.manifest["sources"][self.source[self._row(i)]]
        return f"{source['sha256'][:16]}:{self.station_index[i]}"

    def _row(self, i: int) -> int:
        if not -self.n_stations <= i < self.n_stations:
            raise NotFound(f"There is no station {i}; {self.name} has {number(self.n_stations)}.")
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
        return [Oddity(**o) for o in read_json(self.folder / "doctor.json")]

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
        keys, texts = read_labels(self.folder, "raw_key"), read_labels(self.folder, "raw_text")
        end = self.n_samples if last is None else last
        for i in range(*(int(np.searchsorted(samples, x)) for x in (first, end))):
            yield int(samples[i]), keys[i], texts[i]

    def info(self) -> dict[str, Any]:
        """Summarise the collection as ``sdcviz info --json`` prints it."""
        from sdcviz.observations.cards import collection_info

        return collection_info(self)
