"""What the words of a rule stand for: names and functions become arrays of a piece."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import NotFound
from sdcviz.formats.model import Coded
from sdcviz.qc.model import DEPTH, PLACES
from sdcviz.qc.rules.found import Found
from sdcviz.qc.rules.grammar import near_names
from sdcviz.qc.rules.pieces import Piece, wide
from sdcviz.qc.rules.tokens import RuleError
from sdcviz.qc.rules.tree import Call, Listing, Name, Negated, Node, Number, Sum, Text

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

__all__ = ["FUNCTIONS", "WORDS", "Term", "Truth", "Words"]

Truth = tuple[NDArray[np.bool_], NDArray[np.bool_] | None]
"""Whether a condition holds, and whether that is known (None: always)."""


@dataclass(frozen=True)
class Term:
    """What a part of a rule gives for a piece.

    Attributes
    ----------
    kind : {"number", "text", "flag", "time", "truth"}
    get : callable
        From a piece to an array (number, flag, time), `Coded` (text) or `Truth`.
    of_station : bool
        It is the same for all samples of a station.
    """

    kind: str
    get: Callable[[Piece], Any]
    of_station: bool = False


WORDS: dict[str, str] = {
    "depth": "metres",
    "time": 'compare with a date: time >= "2005-06"',
    "year": "of the sample",
    "month": "1 to 12",
    "day": "1 to 31",
    "hour": "0 to 23",
    "longitude": "degrees east",
    "latitude": "degrees north",
    "bottom_depth": "metres, as the file tells",
    "samples": "how many the station has",
    "sample": "number in the station, from 0",
    "cruise": 'text: cruise == "64PE370"',
    "platform": "text",
    "station": "text",
    "local_cdi_id": "text",
    "source": "name of the file",
    "data_centre": "EDMO code",
    "value": "of the parameter that is flagged",
}
"""Words that stand for something of a sample, with what people should know."""

FUNCTIONS: dict[str, str] = {
    "value": 'value("key"): parameter whose key is no word',
    "flag": "flag(temperature), flag(depth), flag(time), flag(position)",
    "gradient": "|v2 - (v3 + v1) / 2|, in the unit of the parameter",
    "spike": "|v2 - (v3 + v1) / 2| - |(v3 - v1) / 2|",
    "step": "difference from the sample before",
    "slope": "change a metre to the sample before or after",
    "inversion": "kg/m3 by which the water above is denser",
    "inside": "inside(west, south, east, north), or corners of an area",
    "check": 'found by a check: check("spike")',
    "residual": "standard deviations away from the analysis, else the climatology",
    "text": 'text("name"): any text of the station',
    "like": 'like(cruise, "64PE*")',
    "abs": "without its sign",
}
"""Functions, with what people should know."""

_SAME = {"date": "time", "lon": "longitude", "lat": "latitude", "edmo": "data_centre"} | {
    "file": "source"
}


@dataclass
class Words(ABC):
    """Gives the words of one rule their meaning in one collection; `Binder` adds the functions.

    Parameters
    ----------
    text : str
        The rule.
    collection : Collection
    parameter : str
        What is flagged; a key of `PLACES` too.
    found : callable
        Gives what the checks found; called when the rule asks for it.
    """

    text: str
    collection: Collection
    parameter: str
    found: Callable[[], Found | None]

    def fail(self, node: Node, why: str) -> RuleError:
        """Make the error that points at a node."""
        return RuleError(self.text, node.start, node.end, why)

    def term(self, node: Node) -> Term:
        """Return what a node below the conditions gives.

        Raises
        ------
        RuleError
            It has no meaning here.
        """
        if isinstance(node, Number):
            value = node.value
            return Term("number", lambda piece: np.float64(value), True)
        if isinstance(node, Text):
            raise self.fail(
                node,
                f'compare it with something, such as cruise == "{node.value[:20]}"; a parameter '
                'of this name is value("...").',
            )
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Call):
            return self.call(node)
        if isinstance(node, Negated):
            inner = self.number(node.item)
            return Term("number", lambda piece: -inner.get(piece), inner.of_station)
        if isinstance(node, Sum):
            return self._sum(node)
        if isinstance(node, Listing):
            raise self.fail(node, "a list has a meaning after 'in' only.")
        raise self.fail(node, "a condition stands where a value should.")

    @abstractmethod
    def call(self, node: Call) -> Term:
        """Return what a function gives."""

    def number(self, node: Node) -> Term:
        """Return what a node gives, which must be a number."""
        term = self.term(node)
        if term.kind != "number":
            raise self.fail(node, f"{self.word(node)} is no number ({term.kind}).")
        return term

    def word(self, node: Node) -> str:
        """Return the letters of a node, in quotes."""
        return repr(self.text[node.start : node.end])

    def _sum(self, node: Sum) -> Term:
        left, right = self.number(node.left), self.number(node.right)
        does = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[node.op]

        def get(piece: Piece) -> NDArray[np.float64]:
            with np.errstate(all="ignore"):
                return does(left.get(piece), right.get(piece))

        return Term("number", get, left.of_station and right.of_station)

    # ---- names ---------------------------------------------------------
    def _name(self, node: Name) -> Term:
        word = _SAME.get(node.word, node.word)
        c = self.collection
        if word == "value":
            return self.value_of(node, self.parameter)
        if word == "depth":
            return Term("number", Piece.depth)
        if word == "time":
            return Term("time", Piece.time, c.sample_time is None)
        if word in ("year", "month", "day", "hour"):
            part = _PARTS[word]
            return Term("number", lambda piece: part(piece.time()), c.sample_time is None)
        if word in _COLUMNS:
            return self._column(_COLUMNS[word], np.nan if word != "data_centre" else 0)
        if word == "samples":
            many = np.diff(c.offsets).astype(np.float64)
            return Term("number", lambda piece: piece.repeat(many[piece.rows]), True)
        if word == "sample":
            return Term(
                "number",
                lambda p: np.full(p.n, np.nan) if p.stations_only else p.number.astype(float),
            )
        if word == "source":
            names = [s["name"] for s in c.manifest["sources"]]
            return Term("text", lambda p: Coded(p.repeat(c.source[p.rows]), names), True)
        if word in ("cruise", "platform", "station", "local_cdi_id"):
            return self.text_of(node, word)
        if word in FUNCTIONS:
            raise self.fail(node, f"{word!r} needs brackets: {FUNCTIONS[word]}.")
        return self.value_of(node, node.word)

    def _column(self, name: str, unknown: float) -> Term:
        column = getattr(self.collection, name)

        def get(piece: Piece) -> NDArray[np.float64]:
            found = wide(column[piece.rows])
            return piece.repeat(np.where(found == unknown, np.nan, found))

        return Term("number", get, True)

    def key(self, node: Node) -> str:
        """Return the key of the parameter that a node names (a word or text in quotes)."""
        if isinstance(node, Name):
            word = node.word
        elif isinstance(node, Text):
            word = node.value
        else:
            raise self.fail(node, "name a parameter here.")
        if word == "value" and isinstance(node, Name):
            return self.parameter
        return self._key(node, word)

    def _key(self, node: Node, word: str) -> str:
        c = self.collection
        if word in c.keys:
            return word
        if word.startswith("derived:") or f"derived:{word}" in _derived(c):
            key = word if word.startswith("derived:") else f"derived:{word}"
            try:
                c.parameter(key)
            except NotFound as error:
                raise self.fail(node, str(error)) from None
            return key
        plain = word.casefold()
        named = {p.key for p in c.parameters if plain in _names(p)}
        if len(named) == 1:
            return named.pop()
        if named:
            several = ", ".join(sorted(named))
            raise self.fail(node, f"{word!r} may be one of {several}; give one of these.")
        known = [p.key for p in c.parameters]
        if word in WORDS:
            why = f"{word} is no parameter; name one here. {near_names(word, known)}"
            raise self.fail(node, why)
        if isinstance(node, Name):
            known += list(WORDS)
        raise self.fail(node, f"there is no {word!r} in {c.name}. {near_names(word, known)}")

    def value_of(self, node: Node, word: str) -> Term:
        """Return the values of the parameter that a word names."""
        if word in PLACES:
            if word == DEPTH:
                return Term("number", Piece.depth)
            raise self.fail(node, f"'value' means nothing where {PLACES[word].lower()} is flagged.")
        key = self._key(node, word)
        if self.collection.parameter(key).kind == "text":
            return Term("text", lambda piece: piece.texts(key))
        return Term("number", lambda piece: piece.values(key))

    def text_of(self, node: Node, name: str) -> Term:
        """Return a text of the stations."""
        try:
            coded = self.collection.text(name)
        except NotFound:
            known = self.collection.text_names
            raise self.fail(
                node, f"stations have no text {name!r}. {near_names(name, known)}"
            ) from None
        return Term("text", lambda p: Coded(p.repeat(coded.codes[p.rows]), coded.labels), True)


def _names(p: Any) -> set[str]:
    return {name.casefold() for name in (p.key, p.name, p.label, p.p01) if name}


def _derived(c: Any) -> list[str]:
    from sdcviz.observations.derived import available

    return available(c)


def _part(unit: str, base: str, add: int) -> Callable[[NDArray], NDArray[np.float64]]:
    def compute(time: NDArray) -> NDArray[np.float64]:
        whole = time.astype(f"M8[{unit}]")
        found = (whole.astype(f"M8[{base}]") if base else whole).astype(f"M8[{unit}]")
        number = (whole - found if base else whole).astype(np.int64).astype(np.float64) + add
        number[np.isnat(time)] = np.nan
        return number

    return compute


_PARTS = {
    "year": _part("Y", "", 1970),
    "month": _part("M", "Y", 1),
    "day": _part("D", "M", 1),
    "hour": _part("h", "D", 0),
}
_COLUMNS = {
    "longitude": "lon",
    "latitude": "lat",
    "bottom_depth": "bottom_depth",
    "data_centre": "edmo",
}
