"""Collections that this server knows, and the data that its visitors share.

A link names a collection by its id, never by a folder, so that a link can't
make the server open any folder of the machine.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sdcviz.errors import NotFound, SdcvizError
from sdcviz.settings import get_settings

if TYPE_CHECKING:
    from sdcviz.observations import Collection, Filters, Selection

__all__ = [
    "Entry",
    "Shared",
    "entry_of",
    "find",
    "known",
    "open_shared",
    "remember",
    "select_shared",
]

MOST_RECENT = 30
SELECTIONS = 64

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One collection that was open before, with what the chooser shows of it."""

    id: str
    name: str
    path: str
    stations: int
    samples: int
    opened: str


class Shared:
    """Results that all sessions of a process share; the longest unused goes first.

    Two visitors who ask for the same key at once wait for one computation.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[Hashable, Any] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `key` stands for, made by `make` where it is not there yet."""
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._lock:
                if key in self._items:
                    return self._items[key]
            try:
                item = make()
            finally:
                with self._lock:
                    self._locks.pop(key, None)
            with self._lock:
                self._items[key] = item
                while len(self._items) > self._size:
                    self._items.popitem(last=False)
        return item

    def forget(self, key: Hashable) -> None:
        """Forget one result."""
        with self._lock:
            self._items.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._items.clear()


_collections: Shared | None = None
_selections = Shared(SELECTIONS)


def open_shared(path: str, reading: str = "") -> Collection:
    """Open the newest snapshot of a collection, once per process.

    Parameters
    ----------
    path : str
        Collection folder.
    reading : str
        Name of a second reading; empty: the common flags.

    Returns
    -------
    Collection
        The same object for all visitors: read it only. `follow` keeps its flags up to date.
    """
    from sdcviz.observations import open_collection

    global _collections
    if _collections is None:
        _collections = Shared(get_settings().cache_collections)
    folder = Path(path)
    return _collections.get(
        (str(folder), _snapshot(folder), reading), lambda: open_collection(folder, reading=reading)
    )


def _snapshot(folder: Path) -> Hashable:
    """Return what changes when the collection is replaced: `collection.json` is written anew."""
    try:
        status = (folder / "collection.json").stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino


def select_shared(data: Collection, filters: Filters) -> Selection:
    """Return the stations and samples of `data` that pass `filters`, computed once."""
    return _selections.get((id(data), filters), lambda: _Pinned(data, filters)).selection()


class _Pinned:
    """A selection with its collection, which keeps `id(data)` from being used again."""

    def __init__(self, data: Collection, filters: Filters) -> None:
        self.data, self.filters = data, filters
        self._found: tuple[tuple[int, ...], Selection] | None = None

    def selection(self) -> Selection:
        """Return the selection; a new one where flags that decide have changed."""
        state = self.data.flags_state(*self.filters.flag_keys)
        found = self._found
        if found is None or found[0] != state:
            found = self._found = state, self.data.where(self.filters)
        return found[1]


def _file() -> Path:
    return get_settings().data_dir / "recent.json"


def known() -> list[Entry]:
    """Return the collections that were open before and still exist, the last one first."""
    try:
        records = json.loads(_file().read_text(encoding="utf-8"))
        entries = [Entry(**record) for record in records]
    except (OSError, ValueError, TypeError):
        return []
    return [e for e in entries if (Path(e.path) / "collection.json").is_file()]


def entry_of(path: str) -> Entry:
    """Return what the chooser shows of the collection in folder `path`.

    Raises
    ------
    SdcvizError
        If it can't be opened.
    """
    folder = str(Path(path).expanduser().absolute())
    data = open_shared(folder)
    return Entry(
        id=str(data.id),
        name=data.name,
        path=folder,
        stations=int(data.n_stations),
        samples=int(data.n_samples),
        opened=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def remember(path: str) -> Entry:
    """Open a collection and put it first in the list of recent ones.

    Parameters
    ----------
    path : str
        Collection folder.

    Returns
    -------
    Entry
        What the chooser shows of it.
    """
    entry = entry_of(path)
    others = [e for e in known() if e.path != entry.path]
    # A read-only data folder costs the list of recent collections, nothing else.
    with suppress(OSError):
        _write([entry, *others][:MOST_RECENT])
    return entry


def _write(entries: list[Entry]) -> None:
    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{threading.get_ident()}")
    draft.write_text(json.dumps([asdict(e) for e in entries], indent=1), encoding="utf-8")
    draft.replace(path)


def find(identity: str) -> Entry:
    """Return the known collection with this id, or an unambiguous beginning of it.

    Raises
    ------
    NotFound
        If no collection that was open here has this id.
    """
    entries = known()
    for entry in entries:
        if entry.id == identity:
            return entry
    matches = [e for e in entries if len(identity) >= 8 and e.id.startswith(identity)]
    if len({e.id for e in matches}) == 1:
        return matches[0]
    raise NotFound(
        f"The link names the collection {identity}, which was not opened on this server before; "
        "open its folder or its files first."
    )


def try_remember(path: str) -> tuple[Entry | None, str]:
    """Do as `remember` does, but return the sentence of an error instead of raising it."""
    try:
        return remember(path), ""
    except SdcvizError as error:
        return None, str(error)
