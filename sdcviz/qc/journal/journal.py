"""The journal of a collection: who changed which flag, when and why; nothing is ever lost.

Changes are added as batches, each one transaction; undo adds a batch too. A
change says which flags it has seen: where somebody else was faster, nothing is
written and the caller is told who, when and what. Opened collections lay the
batches over their columns as they arrive, so that reading flags costs nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import BadRequest
from sdcviz.qc.journal.place import journal_address
from sdcviz.qc.journal.refusals import check_edits
from sdcviz.qc.journal.runs import Runs, find_rows, identities
from sdcviz.qc.model import Edits

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sdcviz.observations import Collection
    from sdcviz.qc.journal.edits import Entry, Piece
    from sdcviz.qc.journal.news import Touched
    from sdcviz.qc.journal.queries import Batch
    from sdcviz.qc.journal.store import Store

__all__ = ["Journal"]

T = TypeVar("T")

_SESSION = uuid.uuid4().hex[:16]


class Journal:
    """The journal of one collection, shared by all who have it open.

    Parameters
    ----------
    collection_id : str
        Identity of the collection.

    Notes
    -----
    Its methods take the open collection, whose flags they bring up to date; the
    collection's reading decides which batches count (see `open_collection`).
    """

    def __init__(self, collection_id: str) -> None:
        self.id = collection_id

    # ---- changing ------------------------------------------------------
    def write(
        self,
        collection: Collection,
        edits: Edits,
        *,
        user: str,
        reason: str,
        tool: str = "hand",
        selection: str = "",
        token: str | None = None,
        session: str = "",
    ) -> Batch:
        """Save changes of flags, all or none; they are on the disk when this returns.

        Parameters
        ----------
        collection : Collection
            With the flags that the changes were made on.
        edits : Edits
            Each says in `old` which flag was seen.
        user, reason : str
            Who, and why.
        tool : str
            One of `sdcviz.qc.journal.TOOLS`.
        selection : str
            What was chosen, as text.
        token : str, optional
            Writing again with the same token changes nothing and returns the first batch.
        session : str
            What belongs together in the histories of exported files; this process by default.

        Returns
        -------
        Batch

        Raises
        ------
        Conflict
            A flag is not what was seen; says who changed it and when.
        BadRequest, NotFound
            No user, a flag outside L20, a sample or parameter that does not exist.
        StorageError
            The disk is full or the database out of reach.
        """
        check_edits(collection, edits, user, tool)
        runs = Runs.of(collection, edits)
        head = self._head(collection, user, reason, tool, selection, token, session)
        head["automatic"] = tool == "check"
        return self._commit(collection, runs, head, token is not None)

    def undo(self, collection: Collection, user: str, token: str | None = None) -> Batch | None:
        """Take back the user's last change that still stands; None where there is none.

        Raises
        ------
        Conflict
            Somebody changed one of these flags since.
        """
        return self._take_back(collection, user, "undo", token)

    def redo(self, collection: Collection, user: str, token: str | None = None) -> Batch | None:
        """Do again what the user took back last, unless he changed something since."""
        return self._take_back(collection, user, "redo", token)

    def _take_back(
        self, collection: Collection, user: str, tool: str, token: str | None
    ) -> Batch | None:
        from sdcviz.qc.journal.edits import edits_of
        from sdcviz.qc.journal.queries import find_token

        if token and (done := self._read(collection, lambda c: find_token(c, self.id, token))):
            collection.catch_up()
            return done
        target = self._target(collection, user, tool)
        if target is None:
            return None
        runs = self._runs(collection, lambda c: edits_of(c, [target.id])).reversed()
        head = self._head(collection, user, target.reason, tool, target.selection, token, "")
        head |= {"undoes": target.id, "automatic": target.automatic, "session": target.session}
        return self._commit(collection, runs, head, token is not None)

    def _target(self, collection: Collection, user: str, tool: str) -> Batch | None:
        """Find what undo or redo would take back, from the newest batch of the user on."""
        undone: set[int | None] = set()
        for batch in self._newest(collection, user):
            if batch.id in undone:
                continue
            undone.add(batch.undoes)
            if tool == "redo" and batch.tool == "undo":
                return batch
            if batch.tool not in {"undo", "redo"}:
                return batch if tool == "undo" else None
        return None

    def _newest(self, collection: Collection, user: str) -> Iterator[Batch]:
        """Give the user's batches, the newest first; read only as many as are asked for."""
        from sdcviz.qc.journal.queries import ALL, newest_of

        before, most = ALL, 16
        while True:
            asked = {"user": _plain(user), "reading": collection.reading, "before": before}
            ask = partial(newest_of, collection=self.id, most=most, **asked)
            found = self._read(collection, ask) or []
            yield from found
            if len(found) < most:
                return
            before, most = found[-1].id, 8 * most

    def _head(
        self,
        collection: Collection,
        user: str,
        reason: str,
        tool: str,
        selection: str,
        token: str | None,
        session: str,
    ) -> dict[str, Any]:
        import sdcviz

        return {
            "token": token or uuid.uuid4().hex,
            "collection": self.id,
            "time": _now(),
            "user": _plain(user),
            "reason": _plain(reason),
            "tool": tool,
            "selection": _plain(selection),
            "undoes": None,
            "reading": collection.reading,
            "session": session or _SESSION,
            "software": f"sdcviz {getattr(sdcviz, '__version__', '')}".strip(),
        }

    def _commit(
        self, collection: Collection, runs: Runs, head: dict[str, Any], repeated: bool
    ) -> Batch:
        """Write a batch in one transaction, then lay it over the open collection.

        `repeated` says that the token may have been written before.
        """
        from sdcviz.qc.journal.conflicts import compare
        from sdcviz.qc.journal.edits import add_edits
        from sdcviz.qc.journal.news import catch_up, lay_over
        from sdcviz.qc.journal.queries import Batch, find_token
        from sdcviz.qc.journal.store import BATCH

        store = self.store(collection, write=True)
        assert store is not None, "made by write=True"
        head = {**head, "samples": runs.samples}
        known, new = repeated, False

        def work(connection: Connection) -> Batch:
            nonlocal known, new
            catch_up(connection, collection)
            # Asked twice, or the answer to our commit was lost.
            if known and (done := find_token(connection, self.id, head["token"])):
                return done
            known = True
            compare(connection, collection, runs)
            key = connection.execute(BATCH.insert(), head).inserted_primary_key
            assert key is not None
            add_edits(connection, key[0], runs)
            new = True
            return Batch(id=key[0], **head)

        with collection.journal_lock:
            if not len(runs) and not head["undoes"]:
                raise BadRequest("No flag would change: all of them have the new flag already.")
            batch = store.write(self.id, work)
            if new and collection.last_batch is not None and collection.last_batch < batch.id:
                lay_over(collection, runs)
                collection.last_batch = batch.id
        return batch

    # ---- keeping up ----------------------------------------------------
    def catch_up(self, collection: Collection) -> Touched:
        """Lay over what others wrote since the last time.

        Returns
        -------
        list of (str, ndarray of int64)
            Parameters and the rows of the stations whose flags changed.
        """
        if collection.last_batch is None or self.store(collection) is None:
            return []
        from sdcviz.qc.journal.news import catch_up

        with collection.journal_lock:
            return self._read(collection, lambda c: catch_up(c, collection)) or []

    def compact(self, collection: Collection) -> bool:
        """Write the flags as they stand beside the columns, so that opening reads few batches.

        The journal keeps every entry; an opening that read many does this by itself.

        Returns
        -------
        bool
            Whether it was written: not for a reading, an empty journal, a folder that
            can't be written.
        """
        if collection.last_batch is None:
            return False
        from sdcviz.qc.journal.news import catch_up, compact

        def work(connection: Connection) -> bool:
            catch_up(connection, collection)
            return compact(connection, collection)

        with collection.journal_lock:
            return self._read(collection, work) or False

    # ---- telling -------------------------------------------------------
    def last(self, collection: Collection) -> int:
        """Return the number of the newest batch; 0 without any."""
        from sdcviz.qc.journal.queries import last_batch

        return self._read(collection, lambda c: last_batch(c, self.id)) or 0

    def batches(
        self,
        collection: Collection,
        *,
        user: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Batch]:
        """Return batches in their order, those of readings too.

        Parameters
        ----------
        collection : Collection
        user : str, optional
            Only those of one user.
        after : int
            Only those with a greater number.
        limit : int, optional
            Only the last so many.
        """
        from sdcviz.qc.journal.queries import ALL, batches

        found = self._read(collection, lambda c: batches(c, self.id, user, after, limit or ALL))
        return found or []

    def history(self, collection: Collection, row: int, sample: int, key: str) -> list[Entry]:
        """Return all changes of one flag, the oldest first.

        Parameters
        ----------
        collection : Collection
        row, sample : int
            Station, and number of the sample in it (-1: the station itself).
        key : str
            Parameter, or a key of `sdcviz.qc.model.PLACES`.
        """
        from sdcviz.qc.journal.edits import entries

        file, files, station = identities(collection, np.array([row]))
        asked = (self.id, collection.reading, files[file[0]], int(station[0]), key, int(sample))
        return self._read(collection, lambda c: entries(c, *asked)) or []

    def edits(
        self, collection: Collection, batches: Iterable[int] | None = None
    ) -> tuple[Edits, NDArray[np.int64]]:
        """Return what batches changed, for stations that the collection has now.

        Parameters
        ----------
        collection : Collection
        batches : iterable of int, optional
            Their numbers; all that count for the collection's flags by default.

        Returns
        -------
        edits : Edits
            One row a flag and change, in the order of writing.
        batch : ndarray of int64
            Number of the batch of each row.
        """
        from sdcviz.qc.journal.edits import edits_of
        from sdcviz.qc.journal.news import news

        def asked(connection: Connection) -> Iterator[Piece]:
            if batches is None:
                return chain(*news(connection, collection, after=0))
            return edits_of(connection, sorted(batches))

        return self._runs(collection, asked).edits(collection.keys)

    def _runs(self, collection: Collection, ask: Callable[[Connection], Iterator[Piece]]) -> Runs:
        found = self._read(collection, lambda c: Runs.read(collection, ask(c)))
        return Runs.read(collection, ()) if found is None else found

    def manual(
        self, collection: Collection, key: str
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the flags that people decided on: no check may change them.

        Returns
        -------
        rows, samples : ndarray of int64
            Stations and numbers of samples in them (-1: the station itself), each once.
        """
        from sdcviz.qc.journal.edits import manual_edits
        from sdcviz.qc.journal.queries import undone

        asked = (self.id, collection.reading)
        gone = self._read(collection, lambda c: undone(c, *asked)) or set()
        edits, batch = self._runs(collection, lambda c: manual_edits(c, *asked, key)).edits([key])
        edits = edits.take(~np.isin(batch, list(gone)))
        both = np.unique((edits.station << 32) | (edits.sample.astype(np.int64) + 1))
        return both >> 32, (both & 0xFFFFFFFF) - 1

    # ---- what was looked at --------------------------------------------
    def mark_seen(
        self, collection: Collection, rows: NDArray[np.int64], user: str, done: bool = True
    ) -> None:
        """Note that a user has finished with stations, or that he has not.

        Parameters
        ----------
        collection : Collection
            Its reading is noted too.
        rows : ndarray of int64
            Stations.
        user : str
        done : bool
            False: he has not, whatever was noted before.

        Raises
        ------
        StorageError
            The disk is full or the database out of reach.
        """
        from sdcviz.qc.journal.queries import set_seen

        store = self.store(collection, write=True)
        assert store is not None, "made by write=True"
        file, files, stations = identities(collection, np.atleast_1d(rows))
        pairs = [(files[f], n) for f, n in zip(file.tolist(), stations.tolist(), strict=True)]
        asked = (self.id, pairs, _plain(user), collection.reading, _now(), done)
        store.write(self.id, lambda c: set_seen(c, *asked))

    def seen(self, collection: Collection, user: str | None = None) -> NDArray[np.int64]:
        """Return the rows of stations that a user, or anybody, has finished with, ascending."""
        from sdcviz.qc.journal.queries import seen

        asked = (self.id, None if user is None else _plain(user), collection.reading)
        found = self._read(collection, lambda c: seen(c, *asked)) or []
        rows = find_rows(collection, [f"{source}:{n}" for source, n in found])
        return np.unique(rows[rows >= 0])

    def readings(self, collection: Collection) -> list[tuple[str, str, int]]:
        """Return name, time of the last entry and stations done of each second reading."""
        from sdcviz.qc.journal.queries import readings

        return self._read(collection, lambda c: readings(c, self.id)) or []

    # ---- the database --------------------------------------------------
    def _read(self, collection: Collection, work: Callable[[Connection], T]) -> T | None:
        """Ask the database; None where nothing was ever written."""
        store = self.store(collection)
        return None if store is None else store.read(work)

    def store(self, collection: Collection, write: bool = False) -> Store | None:
        """Return the database; None where nothing was written yet, unless it is to be made."""
        address = journal_address(collection, write)
        if address is None:
            return None  # without SQLAlchemy, which takes a while to load
        from sdcviz.qc.journal.store import open_store

        return open_store(address)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(text: str) -> str:
    """Keep a text to one line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
