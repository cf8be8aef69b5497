"""Numbers of ODV spreadsheets that the scan could not decode."""

from __future__ import annotations

import math
import re

__all__ = ["is_missing", "parse_number"]

_NUMBER = re.compile(r"[+-]? ?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]+)?")
_MISSING_WORDS = {"", "nan", "na", "n/a", "null", "none", "nd"}


def is_missing(text: str) -> bool:
    """Tell whether a cell says in words that there is no value."""
    return text.strip().lower() in _MISSING_WORDS


def parse_number(text: str, comma: bool) -> float | None:
    """Parse what the scan left; None if it is no number.

    Parameters
    ----------
    text : str
        A trimmed cell.
    comma : bool
        Whether a comma may be the decimal sign.
    """
    text = text.strip()
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text.replace(" ", "").replace("d", "e").replace("D", "E"))
    return value if math.isfinite(value) else None
