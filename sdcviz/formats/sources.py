"""Where data come from: files, folders, archives and compressed files.

Everything is recognised by content. Members of archives are taken out one at
a time, under names of our own, so that no path of an archive is ever used;
what may harm (a path that leaves the archive, a link, a bomb) is named and
left out, and the others still import.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from . import archives
from .archives import Entry, Limits, Refused

if TYPE_CHECKING:
    from .base import Siblings

__all__ = ["HEAD", "Problem", "Source", "Sources"]

HEAD = 65_536
"""Bytes that recognition looks at."""

JUNK = {".ds_store", "thumbs.db", "desktop.ini", "__macosx"}
"""Files that operating systems leave behind; nobody's data."""


@dataclass
class Source:
    """One file to read.

    Attributes
    ----------
    name : str
        Name shown, ``"archive.zip/member.txt"`` for a member.
    path : Path
        Real file on disk. A small member is written there only when asked.
    share : int
        Bytes of the user's file that this source stands for: progress.
    siblings : tuple of Source
        Other files of the same data set, for formats of several files.
    memo : dict
        What one recogniser found and another may reuse.
    """

    name: str
    path: Path
    share: int = 0
    siblings: tuple[Source, ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False)
    data: ClassVar[bytes | None] = None

    @classmethod
    def of(cls, path: str | os.PathLike[str], name: str = "") -> Source:
        """Make the source of one plain file."""
        path = Path(path)
        return cls(name or path.name, path, share=path.stat().st_size)

    @cached_property
    def size(self) -> int:
        """Bytes of the content."""
        return len(self.data) if self.data is not None else self.path.stat().st_size

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        if self.data is not None:
            return self.data[:HEAD]
        with self.path.open("rb") as file:
            return file.read(HEAD)

    def read_bytes(self) -> bytes:
        """Read the whole content."""
        return self.path.read_bytes()

    @cached_property
    def sha256(self) -> str:
        """Hash of the content (and of the siblings' content)."""
        if self.data is not None:
            digest = hashlib.sha256(self.data)
        else:
            with self.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        for sibling in self.siblings:
            digest.update(bytes.fromhex(sibling.sha256))
        return digest.hexdigest()

    def release(self) -> None:
        """Free what was taken out of an archive; a user's file stays."""


class Member(Source):
    """A source that was taken out of an archive or decompressed.

    Parameters
    ----------
    name, share
        As in `Source`.
    target : Path
        Temporary file, written at once (big) or when `path` is asked for.
    data : bytes, optional
        Content of a small member.
    """

    data: bytes | None  # type: ignore[misc]

    def __init__(self, name: str, target: Path, share: int, data: bytes | None) -> None:
        self.data = data
        self._written = data is None
        super().__init__(name, target, share)

    @property
    def path(self) -> Path:
        """Real file on disk."""
        if not self._written and self.data is not None:
            self._target.write_bytes(self.data)
            self._written = True
        return self._target

    @path.setter
    def path(self, target: Path) -> None:
        self._target = target

    def read_bytes(self) -> bytes:
        """Read the whole content."""
        return self.data if self.data is not None else self._target.read_bytes()

    def release(self) -> None:
        """Delete the temporary copy."""
        self.data = None
        self._target.unlink(missing_ok=True)


@dataclass(frozen=True)
class Problem:
    """Something that can't be read; the others still import.

    Attributes
    ----------
    name : str
        Name shown.
    reason : str
        One sentence.
    """

    name: str
    reason: str


class Sources:
    """All files that paths lead to, one at a time.

    Use as a context manager; iterate once. Leaving it deletes everything
    that was taken out of archives.

    Parameters
    ----------
    paths : sequence of path-like
        Files, folders (with all below, in order of name), archives.
    siblings : sequence of Siblings
        Rules for formats of several files.
    limits : Limits, optional
        Bounds against bombs.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        siblings: Sequence[Siblings] = (),
        limits: Limits | None = None,
    ) -> None:
        self.paths = [Path(p) for p in paths]
        self.siblings = tuple(siblings)
        self.limits = limits or Limits()
        self._folder: Path | None = None
        self._count = 0

    def __enter__(self) -> Sources:
        self._folder = Path(tempfile.mkdtemp(prefix="sdcviz-"))
        return self

    def __exit__(self, *exc: object) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    @cached_property
    def total_bytes(self) -> int:
        """Bytes of the user's files: the sum of `Source.share`, about."""
        total = 0
        for path in self.paths:
            files = (Path(r) / f for r, _, fs in os.walk(path) for f in fs)
            for file in files if path.is_dir() else (path,):
                with contextlib.suppress(OSError):
                    total += file.stat().st_size
        return total

    def __iter__(self) -> Iterator[Source | Problem]:
        alone = [p for p in self.paths if not p.is_dir()]
        yield from self._grouped(item for p in alone for item in self._file(p, p.name))
        for folder in self.paths:
            if folder.is_dir():
                yield from self._folder_of(folder, folder.resolve().name, set())

    def _folder_of(self, folder: Path, name: str, above: set[Path]) -> Iterator[Source | Problem]:
        """Walk one folder and the folders below it."""
        real = folder.resolve()
        if real in above:
            return
        try:
            entries = sorted(folder.iterdir())
        except PermissionError:
            yield Problem(name, f"{name}: no permission to open this folder.")
            return
        if not entries and not above:
            yield Problem(name, f"{name}: the folder is empty.")
        entries = [e for e in entries if e.name.lower() not in JUNK]
        files = [e for e in entries if not e.is_dir()]
        yield from self._grouped(
            item for file in files for item in self._file(file, f"{name}/{file.name}")
        )
        for entry in entries:
            if entry.is_dir():
                yield from self._folder_of(entry, f"{name}/{entry.name}", above | {real})

    def _grouped(self, items: Iterator[Source | Problem]) -> Iterator[Source | Problem]:
        """Hold back files that may belong together; give them as groups at the end."""
        held: list[list[Source]] = [[] for _ in self.siblings]
        for item in items:
            for rule, found in zip(self.siblings, held, strict=True):
                # What has siblings was put together in its own archive already.
                if not isinstance(item, Source) or item.siblings:
                    continue
                if rule.pattern.fullmatch(item.name.rpartition("/")[2]):
                    found.append(item)
                    break
            else:
                yield item
        for rule, found in zip(self.siblings, held, strict=True):
            for lead, *others in rule.group(found) if found else ():
                lead.siblings = tuple(others)
                lead.share += sum(o.share for o in others)
                yield lead

    def _file(self, path: Path, name: str) -> Iterator[Source | Problem]:
        """Give one file of the user: itself, or what is in it."""
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                yield Problem(name, f"{name}: not a file that can be read (a device or a pipe).")
                return
            source = Source(name, path, share=status.st_size)
            kind = archives.kind_of(source.head)
        except FileNotFoundError:
            yield Problem(name, f"{path}: there is no such file or folder.")
            return
        except PermissionError:
            yield Problem(name, f"{name}: no permission to read this file.")
            return
        except OSError as error:
            yield Problem(name, f"{name}: can't be read ({error.strerror or error}).")
            return
        if kind is None:
            yield source
        else:
            yield from self._inside(source, kind, depth=0)

    def _inside(
        self, outer: Source, kind: str, depth: int, above: archives.Gate | None = None
    ) -> Iterator[Source | Problem]:
        """Give what is in an archive or compressed file."""
        found = 0
        gate = archives.Gate(self.limits, outer.name, outer.size, self._free(), above)
        members = self._members(outer, kind, depth, gate)
        # An archive is one folder for the rules about files that belong together.
        for item in self._grouped(members) if kind in archives.CONTAINERS else members:
            found += 1
            yield item
        if not found:
            yield Problem(outer.name, f"{outer.name}: the archive is empty.")

    def _members(
        self, outer: Source, kind: str, depth: int, gate: archives.Gate
    ) -> Iterator[Source | Problem]:
        try:
            for entry in archives.entries(outer.path, kind, outer.name, gate):
                if isinstance(entry, Refused):
                    yield Problem(entry.name, str(entry))
                elif not JUNK.intersection(entry.name.lower().split("/")):
                    yield from self._member(outer, entry, kind, depth)
        except Refused as refused:
            yield Problem(refused.name, str(refused))

    def _member(
        self, outer: Source, entry: Entry, kind: str, depth: int
    ) -> Iterator[Source | Problem]:
        name = entry.name
        share = min(entry.packed, outer.share)
        outer.share -= share
        self._count += 1
        assert self._folder is not None, "use Sources as a context manager"
        target = self._folder / f"{self._count:07d}"
        try:
            data = entry.save(target)
        except Refused as refused:
            target.unlink(missing_ok=True)
            if refused.fatal:
                raise
            yield Problem(name, str(refused))
            return
        source = Member(name, target, share=share, data=data)
        inner = archives.kind_of(source.head)
        if inner is None:
            yield source
            return
        if depth > 1 or (depth and inner in archives.CONTAINERS):
            yield Problem(
                name, f"{name}: an archive in an archive in an archive; unpack it and import again."
            )
        else:
            yield from self._inside(source, inner, depth + 1, entry.gate)
        source.release()

    def _free(self) -> int:
        """Bytes that may be written to the temporary folder."""
        assert self._folder is not None, "use Sources as a context manager"
        return shutil.disk_usage(self._folder).free
