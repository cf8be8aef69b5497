"""Import files into a collection folder: all of a new snapshot, or nothing."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.formats.model import Batch, Doctor
from sdcviz.observations.build import Builder
from sdcviz.observations.folder import BUILDING, about_of, folder_of, locked, snapshots, sweep
from sdcviz.observations.importing import ImportReport, Progress, Work, read_source
from sdcviz.observations.layout import SCHEMA, storage_errors, sync_folder, write_json
from sdcviz.observations.snapshot import sync_files, write_snapshot
from sdcviz.observations.sources import SourceStore

if TYPE_CHECKING:
    from sdcviz.formats.base import ReadOptions

__all__ = ["build_collection", "import_files"]


def import_files(
    paths: Sequence[Path | str],
    into: Path | str,
    *,
    name: str | None = None,
    options: ReadOptions | None = None,
    progress: Progress | None = None,
    append: bool = True,
) -> ImportReport:
    """Read files, folders and archives of any known format into a collection.

    The new snapshot is built beside the old one and takes its place in one
    step at the end; whatever goes wrong before leaves the collection as it was.

    Parameters
    ----------
    paths : sequence of path-like
        Files, folders (with all below) and archives.
    into : path-like
        Folder of the collection; made if it does not exist.
    name : str, optional
        Name for people; the folder's name if a new collection gets none.
    options : ReadOptions, optional
        How to read; see `sdcviz.formats`.
    progress : callable, optional
        Called as ``progress(done_bytes, total_bytes, text)``.
    append : bool
        Keep what the collection has (its identity stays); False starts afresh
        with the same collection id.

    Returns
    -------
    ImportReport

    Raises
    ------
    CollectionBusy
        Another process is importing into the folder.
    CollectionError, NewerCollection
        The folder holds something else, or a collection of a newer sdcviz.
    StorageError
        The disk is full or may not be written.
    UnreadableFile
        None of the files could be read; the sentence names the first reason.
    """
    from sdcviz.formats import find_sources, recognise
    from sdcviz.formats.archives import Limits
    from sdcviz.formats.base import ReadOptions
    from sdcviz.formats.sources import Problem
    from sdcviz.settings import get_settings

    chosen = options or ReadOptions()
    paths = [Path(p) for p in paths]
    if not paths:
        raise BadRequest("There is nothing to import: name at least one file or folder.")

    def read_all(work: Work) -> None:
        known = get_settings()
        limits = Limits(ratio=known.import_max_ratio, total=known.import_max_bytes)
        with find_sources(paths, limits) as sources:
            work.total = sources.total_bytes
            for source in sources:
                if isinstance(source, Problem):
                    work.skip(source.name, source.reason)
                    continue
                try:
                    read_source(work, source, recognise, chosen)
                finally:
                    source.release()

    return _make(Path(into), name, append, progress, read_all)


def build_collection(
    files: Iterable[tuple[str, str, Iterable[Batch]]],
    into: Path | str,
    *,
    name: str | None = None,
    append: bool = True,
    progress: Progress | None = None,
) -> ImportReport:
    """Make a collection from batches that are already in memory (the demo, tests).

    Parameters
    ----------
    files : iterable of (str, str, iterable of Batch)
        Name, hash (64 hexadecimal digits) and batches of each file.
    into, name, append, progress
        As in `import_files`.

    Returns
    -------
    ImportReport
    """

    def read_all(work: Work) -> None:
        for title, sha256, batches in files:
            doctor = Doctor(title)
            entry = work.begin(title, sha256, 0, "memory")
            if entry is None:
                continue
            before = work.builder.n_samples
            for batch in batches:
                work.builder.add(batch)
            doctor.rows = work.builder.n_samples - before
            work.finish(entry, doctor)

    return _make(Path(into), name, append, progress, read_all)


def _make(
    folder: Path,
    name: str | None,
    append: bool,
    progress: Progress | None,
    read_all: Callable[[Work], None],
) -> ImportReport:
    """Build a snapshot beside the current one and put it in place."""
    with storage_errors(folder), folder_of(folder), locked(folder):
        about = about_of(folder)
        sweep(folder, about)
        building = folder / f"{BUILDING}{os.getpid()}"
        building.mkdir()
        try:
            report = ImportReport(folder)
            (building / "scratch").mkdir()
            builder = Builder(building / "scratch")
            work = Work(builder, SourceStore(folder, building), report, progress, [])
            if about and append:
                _take_over(work, folder)
            read_all(work)
            if not report.files and report.skipped:
                return _nothing(report, about)
            work.tell("Sorting and writing the columns")
            about = _finish(work, building, folder, about, name)
            report.snapshot = about["current"]
            work.tell("Done")
            return report
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _nothing(report: ImportReport, about: dict[str, Any] | None) -> ImportReport:
    """Answer an import that brought nothing new."""
    if about is None:
        more = len(report.skipped) - 1
        also = f" ({more} more could not be read either)" if more else ""
        raise UnreadableFile(f"Nothing was imported. {report.skipped[0][1]}{also}")
    report.snapshot = about["current"]
    return report


def _take_over(work: Work, folder: Path) -> None:
    """Start from what the collection already has."""
    from sdcviz.observations.collection import open_collection

    old = open_collection(folder, flags="source")
    work.builder.add_collection(old)
    work.known = {s["sha256"]: s["name"] for s in old.manifest["sources"]}
    work.doctors.extend(asdict(o) for o in old.oddities())


def _finish(
    work: Work, building: Path, folder: Path, about: dict[str, Any] | None, name: str | None
) -> dict[str, Any]:
    """Write the snapshot, rename it into place and make it current."""
    import sdcviz

    now = datetime.now(UTC).isoformat(timespec="seconds")
    done = building / "snapshot"
    done.mkdir()
    facts = write_snapshot(work.builder, done)
    _plain_json(done / "doctor.json", work.doctors)
    manifest = {
        "schema": SCHEMA,
        "software": f"sdcviz {getattr(sdcviz, '__version__', '')}".strip(),
        "created": now,
        **facts,
        "sources": work.builder.sources,
        "files": sync_files(done),
    }
    _plain_json(done / "manifest.json", manifest)
    sync_folder(done)
    work.store.publish()

    number = 1 + max((int(p.name[1:]) for p in snapshots(folder)), default=0)
    snapshot = f"s{number:04d}"
    os.rename(done, folder / snapshot)
    entry = {"snapshot": snapshot, "created": now, **{k: facts[k] for k in ("stations", "samples")}}
    new = {
        "schema": SCHEMA,
        "id": about["id"] if about else str(uuid.uuid4()),
        "name": name or (about["name"] if about else folder.resolve().name),
        "created": about["created"] if about else now,
        "current": snapshot,
        "history": [*(about["history"] if about else []), entry],
    }
    write_json(folder / "collection.json", new)
    sweep(folder, new)
    return new


def _plain_json(path: Path, content: Any) -> None:
    with open(path, "wb") as file:
        file.write(json.dumps(content, ensure_ascii=False).encode())
        file.flush()
        os.fsync(file.fileno())
