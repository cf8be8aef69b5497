"""Archives and compressed files, opened as if they came from an enemy."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

__all__ = ["CONTAINERS", "Entry", "Gate", "Limits", "Refused", "entries", "kind_of"]

CONTAINERS = {"zip", "tar"}
"""Kinds that hold many files; the others hold one."""

IN_MEMORY = 4 * 1024**2
"""Members up to this size stay in memory."""

CHUNK = 1024**2

_PACKED: dict[str, Callable[..., Any]] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_DAMAGE = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError)


@dataclass(frozen=True)
class Limits:
    """Bounds against archives that are made to fill a disk.

    Attributes
    ----------
    ratio : float
        Largest unpacked size over packed size, once `ratio_from` bytes are
        reached. Real data stay far below (text 5 to 20, padded NetCDF 100).
    ratio_from : int
        Bytes below which the ratio does not matter.
    total : int
        Largest unpacked size of one archive.
    members : int
        Most members of one archive.
    """

    ratio: float = 200.0
    ratio_from: int = 8 * 1024**2
    total: int = 256 * 1024**3
    members: int = 2_000_000


class Refused(Exception):
    """A member (or a whole archive, if `fatal`) that is not taken out."""

    def __init__(self, name: str, reason: str, fatal: bool = False) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.fatal = fatal


@dataclass
class Gate:
    """Counts what comes out of one archive, and closes in time."""

    limits: Limits
    name: str
    packed: int
    free: int
    above: Gate | None = None
    out: int = 0

    def let(self, count: int) -> None:
        """Account for `count` bytes that came out."""
        if self.above:
            self.above.let(count)
        self.out += count
        limits = self.limits
        if self.out > limits.ratio_from and self.out > limits.ratio * max(self.packed, 1):
            raise Refused(
                self.name,
                f"unpacks to more than {limits.ratio:.0f} times its size, as an archive made to do "
                "harm does; if it is real, unpack it yourself and import the files.",
                fatal=True,
            )
        if self.out > limits.total:
            raise Refused(
                self.name,
                f"holds more than {limits.total / 1024**3:.0f} GiB; unpack it yourself and import "
                "the files.",
                fatal=True,
            )
        if self.out > self.free:
            raise Refused(
                self.name,
                "there is not enough space in the temporary folder to unpack it; free some space "
                "or set TMPDIR.",
                fatal=True,
            )


@dataclass
class Entry:
    """One member of an archive.

    Attributes
    ----------
    name : str
        Name shown: that of the archive, a slash, the path inside.
    size : int
        Unpacked size as declared; -1 where nothing is declared.
    packed : int
        Packed size.
    open : callable
        Opens the unpacked content.
    gate : Gate
        Where its bytes are accounted for.
    """

    name: str
    size: int
    packed: int
    open: Callable[[], IO[bytes]]
    gate: Gate

    def save(self, target: Path) -> bytes | None:
        """Unpack to memory (small: the bytes are returned) or to `target`."""
        try:
            with self.open() as stream:
                first = stream.read(IN_MEMORY + 1)
                self.gate.let(len(first))
                if len(first) <= IN_MEMORY:
                    return first
                with target.open("wb") as out:
                    out.write(first)
                    while block := stream.read(CHUNK):
                        self.gate.let(len(block))
                        out.write(block)
                return None
        except Refused:
            raise
        except (RuntimeError, NotImplementedError) as error:
            if "password" in str(error) or "encrypted" in str(error):
                raise Refused(
                    self.name, "is locked with a password; unpack it yourself."
                ) from error
            raise Refused(self.name, f"is packed in a way that can't be read ({error}).") from error
        except (*_DAMAGE, zipfile.BadZipFile) as error:
            raise Refused(
                self.name, f"is damaged or cut short ({error}); download or copy it again."
            ) from error


def kind_of(head: bytes) -> str | None:
    """Tell the kind of archive from the first bytes.

    Parameters
    ----------
    head : bytes
        At least 512 bytes where the file has them.

    Returns
    -------
    str or None
        ``"zip"``, ``"tar"``, ``"gz"``, ``"bz2"``, ``"xz"``; None for a plain
        file, also for the office documents that are zip files inside.
    """
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return None if _OFFICE.search(head[:4096]) else "zip"
    if head.startswith(b"\x1f\x8b\x08"):
        return "gz"
    if re.match(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", head):
        return "bz2"
    if head.startswith(b"\xfd7zXZ\x00"):
        return "xz"
    if head[257:262] == b"ustar" or _is_old_tar(head):
        return "tar"
    return None


_OFFICE = re.compile(rb"\[Content_Types\]\.xml|mimetypeapplication/vnd\.oasis|\.npy")


def _is_old_tar(head: bytes) -> bool:
    """Recognise a tar without magic by its checksum."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        declared = int(head[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    return declared == sum(head[:148]) + 8 * 32 + sum(head[156:512])


def entries(path: Path, kind: str, name: str, gate: Gate) -> Iterator[Entry | Refused]:
    """Give the members of an archive, in its order.

    Parameters
    ----------
    path : Path
        The archive.
    kind : str
        As `kind_of` tells.
    name : str
        Name shown.
    gate : Gate
        Accounts for what comes out.

    Raises
    ------
    Refused
        The archive itself is damaged.
    """
    if kind == "zip":
        yield from _zip(path, name, gate)
    elif kind == "tar":
        yield from _tar(path, name, gate, "r:")
    else:
        packed = path.stat().st_size
        entry = Entry(name, -1, packed, lambda: _PACKED[kind](path), gate)
        if _holds_tar(entry):
            yield from _tar(path, name, gate, f"r|{kind}")
        else:
            yield entry


def _holds_tar(entry: Entry) -> bool:
    try:
        with entry.open() as stream:
            return kind_of(stream.read(512)) == "tar"
    except _DAMAGE:
        return False


def safe_name(name: str) -> str:
    """Make a member's name fit to be shown: no control characters, no odd bytes."""
    text = name.encode("utf-8", "replace").decode("utf-8").replace("\\", "/")
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "?", text)


def _verdict(archive: str, name: str, link: bool) -> Refused | None:
    """Refuse a member by its path or type."""
    shown = f"{archive}/{name}"
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        return Refused(
            shown, "the archive wants this file outside its own folder; it was left out."
        )
    if link:
        return Refused(shown, "is a link or a device, not a file; it was left out.")
    return None


def _zip(path: Path, name: str, gate: Gate) -> Iterator[Entry | Refused]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, *_DAMAGE) as error:
        raise Refused(
            name, f"the zip is damaged or cut short ({error}); download or copy it again."
        ) from error
    with archive:
        members = archive.infolist()
        _few(len(members), name, gate)
        for info in sorted(members, key=lambda i: i.filename):
            if info.is_dir():
                continue
            shown = safe_name(info.filename)
            kind = stat.S_IFMT(info.external_attr >> 16)
            link = info.create_system == 3 and kind not in (0, stat.S_IFREG)
            yield _verdict(name, shown, link) or Entry(
                f"{name}/{shown}",
                info.file_size,
                info.compress_size,
                lambda info=info: archive.open(info),  # type: ignore[misc]
                gate,
            )


def _tar(path: Path, name: str, gate: Gate, mode: Any) -> Iterator[Entry | Refused]:
    try:
        count = 0
        with tarfile.open(path, mode) as archive:
            for info in archive:
                if info.isdir():
                    continue
                count += 1
                _few(count, name, gate)
                shown = safe_name(info.name).removeprefix("./")
                yield _verdict(name, shown, not info.isreg()) or Entry(
                    f"{name}/{shown}",
                    info.size,
                    info.size,
                    lambda info=info: archive.extractfile(info),  # type: ignore
                    gate,
                )
                archive.members = []  # type: ignore[attr-defined]  # else every header seen stays in memory
    except Refused:
        raise
    except _DAMAGE as error:
        raise Refused(
            name, f"the archive is damaged or cut short ({error}); download or copy it again."
        ) from error


def _few(count: int, name: str, gate: Gate) -> None:
    if count > gate.limits.members:
        raise Refused(
            name,
            f"holds more than {gate.limits.members} files; unpack it yourself and import folders.",
            fatal=True,
        )
