"""Which variable of a file is the depth of the sea floor, and which way it counts.

What a variable is, is told by tables of attributes and names. Files disagree on the sign:
some count depth downwards, some elevation upwards, and the name ``bat`` stands for both.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from .errors import DivandError

__all__ = ["Choice", "Meaning", "Positive", "attribute", "choose"]

Positive = Literal["up", "down"]

UNITS = {
    "longitude": r"degrees?_?(e|east)",
    "latitude": r"degrees?_?(n|north)",
}
NAMES = {
    "longitude": r"lon|long|longitudes?|nav_lon|x",
    "latitude": r"lat|latitudes?|nav_lat|y",
}
STANDARD_NAMES: dict[Positive, str] = {
    "down": r"(model_)?sea_floor_depth(_below_\w+)?|depth",
    "up": r"(surface_|bedrock_)?altitude|(sea_floor_)?height(_above_\w+)?",
}
WORDS: dict[Positive, str] = {
    "up": r"elevation|altitude|height|relief|topo\w*|orograph\w*",
    "down": r"depths?|deptho|sea_?floor_?depth\w*",
}
ANY_WORD = r"bat|bath\w*|etopo\w*|gebco\w*|rose|z|hr?|band1|dem|dtm"
OTHER = (
    r"flag|count|error|uncertainty|deviation|std|quality|mask|index|source|tid|area|slope|min|max"
)
"""Words of variables that lie beside the depth."""


class Meaning(NamedTuple):
    """What attributes and names of a variable tell.

    Attributes
    ----------
    score : int
        How much it looks like the depth of the sea floor; 0 if not at all.
    positive : {"up", "down"} or None
        The direction in which it counts, if that was said.
    why : str
        By what.
    """

    score: int
    positive: Positive | None
    why: str


class Choice(NamedTuple):
    """Names of a variable and of its axes, and what was understood of it."""

    variable: str
    lon: str
    lat: str
    meaning: Meaning


def attribute(variable: Any, name: str) -> str:
    """Give an attribute of a NetCDF variable in small letters, empty if it has none."""
    return str(getattr(variable, name, "")).strip().lower()


def choose(source: Any, name: str, wanted: str | None) -> Choice:
    """Find the depth of the sea floor in a file.

    Parameters
    ----------
    source : netCDF4.Dataset
    name : str
        Of the file, for sentences.
    wanted : str or None
        The variable, if the caller knows it.

    Returns
    -------
    Choice

    Raises
    ------
    DivandError
        No variable, or more than one, can be meant.
    """
    found = _candidates(source, *_axes(source, name))
    if wanted is not None:
        if wanted not in found:
            raise DivandError(
                f"{name} has no variable '{wanted}' of longitude and latitude; there is "
                f"{', '.join(found) or 'none'}."
            )
        return found[wanted]
    best = max((choice.meaning.score for choice in found.values()), default=0)
    if best < 1:
        has = ", ".join(found or source.variables)
        raise DivandError(
            f"{name} has no variable that looks like the depth of the sea floor (it has {has}); "
            "give its name as variable."
        )
    first = [key for key, choice in found.items() if choice.meaning.score == best]
    if len(first) > 1:
        raise DivandError(
            f"{name} has several variables that could be the depth of the sea floor: "
            f"{', '.join(first)}; give the name of one as variable."
        )
    return found[first[0]]


def _axes(source: Any, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Give the variables of longitude and of latitude by their dimension."""
    both = []
    for which in ("longitude", "latitude"):
        axes = {v.dimensions[0]: v.name for v in source.variables.values() if _is_axis(v, which)}
        if not axes and any(_is_axis(v, which, 2) for v in source.variables.values()):
            raise DivandError(
                f"{name} has {which}s that depend on two indices; bring it onto a grid of "
                "longitudes and latitudes first."
            )
        if not axes:
            raise DivandError(
                f"{name} has no {which}s: no variable of one dimension has units such as "
                "degrees_east and degrees_north, or such a name."
            )
        both.append(axes)
    return both[0], both[1]


def _candidates(source: Any, east: dict[str, str], north: dict[str, str]) -> dict[str, Choice]:
    """Give the variables that depend on longitude and latitude, and on nothing else."""
    found = {}
    for v in source.variables.values():
        long = [d for d, n in zip(v.dimensions, v.shape, strict=True) if n > 1]
        x = [d for d in long if d in east]
        y = [d for d in long if d in north and d not in east]
        if len(long) == 2 and len(x) == len(y) == 1 and v.dtype is not str:
            found[v.name] = Choice(v.name, east[x[0]], north[y[0]], _meaning(v))
    return found


def _is_axis(variable: Any, which: str, ndim: int = 1) -> bool:
    if variable.ndim != ndim or variable.dtype is str:
        return False
    units, standard = attribute(variable, "units"), attribute(variable, "standard_name")
    if units.startswith("degree") and units not in {"degree", "degrees"}:
        return bool(re.fullmatch(UNITS[which], units))
    if units not in {"", "degree", "degrees"}:
        return standard == which
    return (
        standard == which
        or attribute(variable, "axis") == {"longitude": "x", "latitude": "y"}[which]
        or attribute(variable, "long_name") == which
        or bool(re.fullmatch(NAMES[which], variable.name.lower()))
    )


def _meaning(variable: Any) -> Meaning:
    """Judge how much a variable looks like a depth, and which way it counts."""
    name, standard = variable.name.lower(), attribute(variable, "standard_name")
    said = re.split(r"[^a-z0-9]+", f"{name} {attribute(variable, 'long_name')}".replace("_", " "))
    if any(re.fullmatch(OTHER, word) for word in said):
        return Meaning(0, None, "")
    metres = attribute(variable, "units") in {"m", "meter", "meters", "metre", "metres", "km"}
    score, positive, why = int(metres), None, ""
    for way, pattern in WORDS.items():
        if positive is None and any(re.fullmatch(pattern, word) for word in said):
            score, positive, why = score + 2, way, "by its name"
    for way, pattern in STANDARD_NAMES.items():
        if re.fullmatch(pattern, standard):
            score, positive, why = score + 4, way, f"standard_name {standard}"
    if attribute(variable, "positive") in {"up", "down"}:
        positive = "up" if attribute(variable, "positive") == "up" else "down"
        score, why = score + 1, "by its attribute"
    if re.fullmatch(ANY_WORD, name) or any(re.fullmatch(p, name) for p in WORDS.values()):
        score += 2
    return Meaning(score, positive, why)
