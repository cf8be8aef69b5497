"""Flag scales as tables, and their mapping to the SeaDataNet scale L20.

Codes are one ASCII byte each (``ord("4")``), in arrays of uint8. A mapping to
L20 cannot be turned round in general (many codes meet in one), so the code of
the file is always kept beside; `from_l20` is for writing a scale that another
program asks for.

Sources: SeaDataNet vocabulary L20 version 8; R. Schlitzer, *Oceanographic
quality flag schemes and mappings between them*, v1.4 (the mapping of ODV);
NCEI's WOD flag table; CCHDO's WOCE flag tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .model import L20, MISSING, NOT_CHECKED

__all__ = [
    "LABELS",
    "RANK",
    "SCALES",
    "SPOILS",
    "WORST_FIRST",
    "FlagScale",
    "badness",
    "from_l20",
    "missing_flags",
    "scale_of",
    "spoiled",
    "to_l20",
    "worst",
]

LABELS: dict[str, str] = {
    "0": "no quality control",
    "1": "good value",
    "2": "probably good value",
    "3": "probably bad value",
    "4": "bad value",
    "5": "changed value",
    "6": "value below detection",
    "7": "value in excess",
    "8": "interpolated value",
    "9": "missing value",
    "A": "value phenomenon uncertain",
    "B": "nominal value",
    "Q": "value below limit of quantification",
}
"""Meaning of the L20 codes."""

WORST_FIRST = "4987BAQ653210"
"""Order in which one of several L20 flags wins: the worst first."""

RANK = np.full(256, len(WORST_FIRST), np.uint8)
"""Place of each L20 code (ASCII) in that order."""
RANK[list(WORST_FIRST.encode())] = np.arange(len(WORST_FIRST))

SPOILS = {"3": "012", "4": "01235678ABQ"}
"""Flags that a sample has no longer where its depth, time or position has flag 3 or 4: it has
that one then. A worse flag of its own stays, and so does 9: what is missing is missing."""


@dataclass(frozen=True)
class FlagScale:
    """One flag scale and its mapping to and from L20.

    Attributes
    ----------
    name, title : str
        Key in `SCALES` and name for people.
    to_l20 : mapping of str to str
        Code of this scale to L20 code. A code that is not listed becomes 0
        (no quality control), a blank becomes `blank`.
    from_l20 : mapping of str to str
        L20 code to code of this scale, all thirteen.
    blank : str
        L20 code of an empty flag.
    """

    name: str
    title: str
    to_l20: Mapping[str, str]
    from_l20: Mapping[str, str]
    blank: str = "0"
    unknown: str = field(default="0", repr=False)

    @cached_property
    def table_to(self) -> NDArray[np.uint8]:
        """Table of 256 L20 codes, by the byte of this scale."""
        table = np.full(256, ord(self.unknown), np.uint8)
        table[[0, ord(" ")]] = ord(self.blank)
        for code, l20 in self.to_l20.items():
            table[ord(code)] = ord(l20)
        return table

    @cached_property
    def table_from(self) -> NDArray[np.uint8]:
        """Table of 256 codes of this scale, by the byte of L20."""
        table = np.full(256, ord(self.from_l20["0"]), np.uint8)
        for l20, code in self.from_l20.items():
            table[ord(l20)] = ord(code)
        return table

    def knows(self, codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Tell which codes belong to this scale (blank does)."""
        known = np.zeros(256, bool)
        known[[0, ord(" "), *map(ord, self.to_l20)]] = True
        return known[codes]


def _same(codes: str, **others: str) -> dict[str, str]:
    """Map `codes` to themselves; `others` as ``_6="0"``."""
    return {c: c for c in codes} | {c[1:]: l20 for c, l20 in others.items()}


def _all(codes: str) -> dict[str, str]:
    """Pair the thirteen L20 codes, in order, with `codes`."""
    return dict(zip(L20, codes, strict=True))


SCALES: dict[str, FlagScale] = {
    scale.name: scale
    for scale in (
        FlagScale("L20", "SeaDataNet", _same(L20), _all(L20)),
        FlagScale(
            "ARGO", "Argo", _same("0123458", _6="0", _7="0", _9="9"), _all("0123451389201"), "9"
        ),
        # In QARTOD 2 is "not evaluated"; in L20 it is "probably good".
        FlagScale("QARTOD", "QARTOD", _same("1349", _2="0"), _all("2113421329321")),
        FlagScale(
            "OCEANSITES",
            "OceanSITES, CMEMS",
            _same("01234568", _7="B", _9="9"),
            _all("0123456389276"),
        ),
        FlagScale("GTSPP", "GTSPP", _same("0123459"), _all("0123451309201")),
        FlagScale(
            "WOD",
            "World Ocean Database",
            {"0": "1"} | dict.fromkeys("123456789", "3"),
            _all("0003300300300"),
        ),
        FlagScale(
            "ODV",
            "Ocean Data View",
            {"0": "1", "1": "0", "4": "3", "8": "4"},
            _all("1004800401410"),
        ),
        FlagScale(
            "WOCE_CTD",
            "WOCE CTD",
            {"1": "0", "2": "1", "3": "3", "4": "4", "5": "9", "6": "8", "7": "5", "9": "9"},
            _all("1223472369322"),
        ),
        FlagScale(
            "WOCE_BOTTLE",
            "WOCE bottle",
            {
                "1": "0",
                "2": "1",
                "3": "3",
                "4": "4",
                "5": "9",
                "6": "1",
                "7": "2",
                "8": "2",
                "9": "9",
            },
            _all("1223422329322"),
        ),
    )
}
"""Every flag scale that a file may use, by name."""

_NAMES = {
    "SEADATANET": "L20",
    "SDN": "L20",
    "L20": "L20",
    "ARGO": "ARGO",
    "QARTOD": "QARTOD",
    "IODE": "QARTOD",
    "OCEANSITES": "OCEANSITES",
    "CMEMS": "OCEANSITES",
    "GTSPP": "GTSPP",
    "WOD": "WOD",
    "ODV": "ODV",
    "WOCECTD": "WOCE_CTD",
    "WOCE": "WOCE_CTD",
    "WOCEBOTTLE": "WOCE_BOTTLE",
    "WOCESAMPLE": "WOCE_BOTTLE",
}


def scale_of(label: str) -> str | None:
    """Name of the scale in a flag label.

    Parameters
    ----------
    label : str
        For example ``"QV:WOD"``, ``"SEADATANET"`` or ``"QV:ODV:SAMPLE"``.

    Returns
    -------
    str or None
        A key of `SCALES`; None where the label names no known scale.
    """
    for part in label.upper().split(":"):
        name = _NAMES.get(part.strip().replace("_", "").replace("-", "").replace(" ", ""))
        if name:
            return name
    return None


def to_l20(codes: ArrayLike, scale: str) -> NDArray[np.uint8]:
    """Map codes of a scale to L20.

    Parameters
    ----------
    codes : array_like of uint8
        ASCII codes; 0 and space are "blank".
    scale : str
        A key of `SCALES`.

    Returns
    -------
    ndarray of uint8
        ASCII of L20 codes.
    """
    return SCALES[scale].table_to[np.asarray(codes, np.uint8)]


def from_l20(codes: ArrayLike, scale: str) -> NDArray[np.uint8]:
    """Map L20 codes to a scale; several L20 codes may become one.

    Parameters
    ----------
    codes : array_like of uint8
        ASCII of L20 codes.
    scale : str
        A key of `SCALES`.

    Returns
    -------
    ndarray of uint8
        ASCII codes of the scale.
    """
    return SCALES[scale].table_from[np.asarray(codes, np.uint8)]


def worst(*flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Combine L20 flags element by element: the worst wins.

    Parameters
    ----------
    *flags : ndarray of uint8
        ASCII of L20 codes, shapes that broadcast.

    Returns
    -------
    ndarray of uint8
    """
    codes = np.frombuffer((WORST_FIRST + "0").encode(), np.uint8)
    return codes[np.minimum.reduce([RANK[np.asarray(f)] for f in np.broadcast_arrays(*flags)])]


def badness() -> NDArray[np.uint8]:
    """Tell of each flag (256) how bad a place with it is: 1 for 3, 2 for 4, else 0."""
    level = np.zeros(256, np.uint8)
    level[[ord(code) for code in SPOILS]] = np.arange(1, len(SPOILS) + 1)
    return level


def spoiled() -> NDArray[np.uint8]:
    """Tell the flag that counts, by how bad the place is (see `badness`) and flag of the value.

    Returns
    -------
    ndarray of uint8, shape (3, 256)
    """
    table = np.tile(np.arange(256, dtype=np.uint8), (len(SPOILS) + 1, 1))
    for level, (bad, better) in enumerate(SPOILS.items(), 1):
        table[level, [ord(code) for code in better]] = ord(bad)
    return table


def missing_flags(
    flags: NDArray[np.uint8], missing: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], int]:
    """Give flag 9 to missing values.

    Parameters
    ----------
    flags : ndarray of uint8
        L20 codes.
    missing : ndarray of bool
        Where the value is NaN or empty.

    Returns
    -------
    flags : ndarray of uint8
    changed : int
        How many missing values had another flag than 9, 0 or blank.
    """
    odd = missing & (flags != MISSING)
    changed = int(np.count_nonzero(odd & (flags != NOT_CHECKED)))
    return np.where(missing, np.uint8(MISSING), flags).astype(np.uint8), changed
