"""How units are spelt in files, and how they are shown.

Every spelling (``"Celsius degree"``, ``"umol kg-1"``, ``"decibar=10000 pascals"``,
the P06 code ``"UPOX"``) leads to one way of writing it. Units whose numbers
are the same, such as mg/m³ and µg/l, are one unit to `canonical`.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources

__all__ = ["canonical", "pretty", "slug"]

_WORDS = (
    (r"micro ?einsteins?", "ue"),
    (r"micro ?mol(e|es)?\b", "umol"),
    (r"nano ?mol(e|es)?\b", "nmol"),
    (r"milli ?mol(e|es)?\b", "mmol"),
    (r"micro ?gram(me)?s?", "ug"),
    (r"milli ?gram(me)?s?", "mg"),
    (r"nano ?gram(me)?s?", "ng"),
    (r"kilo ?gram(me)?s?", "kg"),
    (r"milli ?lit(re|er)s?", "ml"),
    (r"cubic met(re|er)s?", "m3"),
    (r"square met(re|er)s?", "m2"),
    (r"\bgram(me)?s?\b", "g"),
    (r"lit(re|er)s?", "l"),
    (r"\bmet(re|er)s?\b", "m"),
    (r"\bseconds?\b", "s"),
    (r"siemens", "s"),
    (r" per ", "/"),
)
_AS_WRITTEN = {"ug/l": "µg/l", "ugpl": "µg/l", "mmol/m3": "mmol/m3", "g/m3": "g/m3"}
# A space, dot or nothing, then a unit with a negative exponent: "kg-1", ".m^-3".
_INVERSE = re.compile(r"[\s.*·]*([a-zµ]+)\^?-(\d)")


@lru_cache(maxsize=4096)
def canonical(text: str) -> str | None:
    """Find the unit that a text means.

    Parameters
    ----------
    text : str
        Unit as written in a file, or a P06 code.

    Returns
    -------
    str or None
        The spelling of the table, for example "µmol/kg"; "" for an empty text;
        None for a unit that the table does not have.
    """
    text = text.strip()
    if not text:
        return ""
    if text in ("uM", "µM", "μM"):  # small letters would make it a micrometre
        return "µmol/l"
    table = _aliases()
    plain = _plain(text)
    for attempt in (plain.replace(" ", ""), _slashed(plain)):
        if attempt in table:
            return table[attempt]
    return None


@lru_cache(maxsize=4096)
def pretty(text: str) -> str:
    """Write a unit as people read it: "µmol/l", "kg/m³", "°C"; "" if it has none.

    A unit that is not in the table is returned as it is, apart from ODV's
    markup and the signs for micro and for powers.
    """
    found = canonical(text)
    if found is not None:
        plain = _slashed(_plain(text))
        # Numerically the same, but the file's own unit is what people expect to see.
        shown = _AS_WRITTEN.get(plain, found)
        return "" if shown == "1" else _powers(shown)
    text = _without_markup(text.strip())
    return _powers(re.sub(r"\bu(?=(mol|g|l|m|E|W|S|atm|Eq)\b)", "µ", text))


def slug(text: str) -> str:
    """Write a unit in small letters and digits, as part of a key: "umol_kg"."""
    return re.sub(r"[^a-z0-9]+", "_", text.replace("µ", "u").casefold()).strip("_")


def _powers(text: str) -> str:
    sign = str.maketrans("23456", "²³⁴⁵⁶")
    return re.sub(r"(?<=[a-zA-Z])\^?([2-6])(?![0-9])", lambda m: m[1].translate(sign), text)


def _without_markup(text: str) -> str:
    text = text.replace("~$m~#", "µ").replace("~^o~#", "°")
    return re.sub(r"~[$^_#]", "", text)


def _plain(text: str) -> str:
    text = _without_markup(text).strip("[]() ").replace("µ", "u").replace("μ", "u").casefold()
    for pattern, short in _WORDS:
        text = re.sub(pattern, short, text)
    return text


def _slashed(plain: str) -> str:
    text = _INVERSE.sub(lambda m: "/" + m[1] + ("" if m[2] == "1" else m[2]), plain)
    return text.replace("^", "").replace("**", "").replace(" ", "")


@lru_cache(maxsize=1)
def _aliases() -> dict[str, str]:
    table: dict[str, str] = {}
    path = resources.files("sdcviz_assets") / "vocab" / "units.csv"
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for alias in (row["unit"], *row["aliases"].split("|")):
                table[alias] = table[_plain(alias).replace(" ", "")] = row["unit"]
    return table
