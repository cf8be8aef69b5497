"""A running import: files that are begun, finished, skipped or failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdcviz.errors import UnreadableFile
from sdcviz.formats.model import Doctor, Oddity
from sdcviz.observations.build import Builder
from sdcviz.observations.sources import SourceStore
from sdcviz.words import number

if TYPE_CHECKING:
    from sdcviz.formats.base import Format, ReadOptions
    from sdcviz.formats.sources import Source

__all__ = ["ImportReport", "Progress", "Work", "read_source"]

Progress = Callable[[int, int, str], None]


@dataclass
class ImportReport:
    """What an import did.

    Attributes
    ----------
    collection : Path
        The collection's folder.
    stations, samples : int
        Added by this import.
    files : int
        Files that were read.
    warnings : list of Oddity
        What the file doctor found.
    skipped : list of (str, str)
        Files that were not imported, each with the reason.
    snapshot : str
        Name of the snapshot that is now current.
    """

    collection: Path
    stations: int = 0
    samples: int = 0
    files: int = 0
    warnings: list[Oddity] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    snapshot: str = ""


@dataclass
class Work:
    """One running import."""

    builder: Builder
    store: SourceStore
    report: ImportReport
    progress: Progress | None
    doctors: list[dict[str, Any]]
    known: dict[str, str] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    _before: tuple[int, int] = (0, 0)

    def skip(self, title: str, reason: str) -> None:
        """Say why a file is left out."""
        self.report.skipped.append((title, reason))

    def tell(self, text: str) -> None:
        """Say how far the import is."""
        if self.progress:
            self.progress(self.done, max(self.total, self.done), text)

    def begin(self, title: str, sha256: str, size: int, kind: str) -> dict[str, Any] | None:
        """Start a file unless its content is already in the collection."""
        if sha256 in self.known:
            self.skip(title, f"{title}: the same content is already there as {self.known[sha256]}.")
            return None
        self.known[sha256] = title
        self._before = (self.builder.n_stations, self.builder.n_samples)
        return self.builder.begin(name=title, sha256=sha256, bytes=size, format=kind)

    def finish(self, entry: dict[str, Any], doctor: Doctor) -> None:
        """Account for the rows of a file that was read to its end."""
        stations = self.builder.n_stations - self._before[0]
        samples = self.builder.n_samples - self._before[1]
        left_out = sum(doctor.left_out.values())
        if doctor.rows != samples + left_out:
            doctor.note(
                "whole file",
                f"{doctor.rows} rows were found, but {samples} samples and {left_out} rows "
                "left out are accounted for",
                "please report this file: its reader miscounts",
            )
        entry.update(
            stations=stations,
            samples=samples,
            rows=doctor.rows,
            left_out=dict(doctor.left_out),
            imported=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        oddities = list(doctor.oddities)
        self.report.warnings.extend(oddities)
        self.doctors.extend(asdict(o) for o in oddities)
        self.report.files += 1
        self.report.stations += stations
        self.report.samples += samples

    def fail(self, title: str, sha256: str, reason: str) -> None:
        """Forget a file that turned out unreadable half-way."""
        self.builder.drop()
        del self.known[sha256]
        self.skip(title, reason)


def read_source(
    work: Work, source: Source, recognise: Callable[[Source], Format], options: ReadOptions
) -> None:
    """Read one file; a reason why it can't be read is reported, not raised."""
    work.tell(source.name)
    share, begun = source.share, False
    try:
        sha256 = source.sha256
        form = recognise(source)
        entry = work.begin(source.name, sha256, source.size, form.name)
        if entry is None:
            return
        begun = True
        doctor = Doctor(source.name)
        done = work.done
        for batch in form.read(source, doctor, options):
            work.builder.add(batch)
            if doctor.rows and work.progress:
                work.tell(
                    f"{source.name}: {number(work.builder.n_samples - work._before[1])} samples"
                )
        work.done = done
        work.finish(entry, doctor)
        if form.name == "odv":
            entry["copy"] = work.store.add(source)
    except UnreadableFile as error:
        if begun:
            work.fail(source.name, sha256, str(error))
        else:
            work.skip(source.name, str(error))
    except PermissionError:
        if begun:
            raise  # the collection's own disk, not the file
        work.skip(source.name, f"{source.name}: no permission to read this file.")
    finally:
        work.done += share
