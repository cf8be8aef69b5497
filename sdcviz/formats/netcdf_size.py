"""Length that a NetCDF file must have, from its header.

The NetCDF library reads a classic file that was cut off as if the missing end
were zeros, without a word. An HDF5 file that was cut off it refuses, but never
closes: the next file at that path would be taken for the old one.
"""

from __future__ import annotations

import struct
from math import prod
from typing import BinaryIO

__all__ = ["expected_size"]

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
_DIMENSION, _VARIABLE, _ATTRIBUTE = 10, 11, 12


class _Header:
    """Reads the numbers of a classic header in their order."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.version = self.take(4)[3]

    def take(self, n: int) -> bytes:
        data = self.stream.read(n) if n <= 1 << 26 else b""
        if len(data) != n:
            raise ValueError("the header is cut off or damaged")
        return data

    def number(self) -> int:
        return int(struct.unpack(">i", self.take(4))[0])

    def count(self) -> int:
        # Version 5 counts in 64 bits.
        code, n = (">q", 8) if self.version == 5 else (">I", 4)
        return int(struct.unpack(code, self.take(n))[0])

    def offset(self) -> int:
        code, n = (">I", 4) if self.version == 1 else (">q", 8)
        return int(struct.unpack(code, self.take(n))[0])

    def name(self) -> bytes:
        length = self.count()
        return self.take(_padded(length))[:length]

    def items(self, tag: int) -> int:
        found, n = self.number(), self.count()
        if found not in (0, tag) or (found == 0 and n):
            raise ValueError("the header is damaged")
        return n

    def skip_attributes(self) -> None:
        for _ in range(self.items(_ATTRIBUTE)):
            self.name()
            kind = self.number()
            self.take(_padded(_SIZES[kind] * self.count()))


def _padded(n: int) -> int:
    return (n + 3) // 4 * 4


def expected_size(stream: BinaryIO) -> int:
    """Find how many bytes a NetCDF file needs for all its data.

    Parameters
    ----------
    stream : binary file
        At its beginning; classic (also with 64-bit offsets or data) or HDF5.

    Returns
    -------
    int
        Bytes, without the padding after the last value.

    Raises
    ------
    ValueError
        If the header is cut off or damaged.

    Notes
    -----
    After the NetCDF classic format specification (Unidata) and the HDF5 file
    format specification, superblocks 0 to 3 (The HDF Group).
    """
    if stream.read(8) == b"\x89HDF\r\n\x1a\n":
        return _hdf5_size(stream.read(52))
    stream.seek(0)
    try:
        return _expected_size(_Header(stream))
    except (KeyError, IndexError, struct.error) as error:
        raise ValueError("the header is damaged") from error


def _hdf5_size(superblock: bytes) -> int:
    """End of file that a superblock (without its signature) promises."""
    version = superblock[0] if superblock else 255
    # Where the width of an address stands, and after how many bytes the addresses begin.
    width_at, addresses = {0: (5, 16), 1: (5, 20), 2: (1, 4), 3: (1, 4)}.get(version, (0, 0))
    if not addresses or len(superblock) < 52:
        raise ValueError("the header is cut off or damaged")
    width = superblock[width_at]
    if width not in (2, 4, 8):
        raise ValueError("the header is damaged")
    # Base address, one we don't need, end of file.
    base, _, end = (
        int.from_bytes(superblock[addresses + i * width : addresses + (i + 1) * width], "little")
        for i in range(3)
    )
    return base + end


def _expected_size(header: _Header) -> int:
    records = header.count()
    unknown = 0xFFFFFFFF if header.version != 5 else -1
    lengths = []
    for _ in range(header.items(_DIMENSION)):
        header.name()
        lengths.append(header.count())
    header.skip_attributes()
    end, record_begins, record_sizes = 0, [], []
    for _ in range(header.items(_VARIABLE)):
        header.name()
        shape = [lengths[header.count()] for _ in range(header.count())]
        header.skip_attributes()
        size = _SIZES[header.number()]
        header.count()
        begin = header.offset()
        # The record dimension is the one of length 0; only the first of a variable may be it.
        if shape and shape[0] == 0:
            record_sizes.append(size * prod(shape[1:]))
            record_begins.append(begin)
        else:
            end = max(end, begin + size * prod(shape))
    if records not in (0, unknown) and record_sizes:
        # Records are padded, except where there is one record variable only.
        padded = [_padded(n) for n in record_sizes] if len(record_sizes) > 1 else record_sizes
        last = max(b + n for b, n in zip(record_begins, record_sizes, strict=True))
        end = max(end, last + sum(padded) * (records - 1))
    return max(end, header.stream.tell())
