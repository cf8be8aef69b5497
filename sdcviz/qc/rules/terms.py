"""The functions of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import translate

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import NotFound, SdcvizError
from sdcviz.observations.conditions import in_box, in_polygon
from sdcviz.qc.model import DEPTH, PLACES, POSITION, TIME
from sdcviz.qc.rules import profiles
from sdcviz.qc.rules.found import Found
from sdcviz.qc.rules.grammar import near_names
from sdcviz.qc.rules.pieces import Piece
from sdcviz.qc.rules.residuals import departures
from sdcviz.qc.rules.tokens import RuleError
from sdcviz.qc.rules.tree import Call, Listing, Name, Node, Number, Text
from sdcviz.qc.rules.words import FUNCTIONS, Term, Truth, Words

__all__ = ["Binder"]

_PROFILE = {
    "gradient": profiles.gradient,
    "spike": profiles.spike,
    "step": profiles.step,
    "slope": profiles.slope,
}


@dataclass
class Binder(Words):
    """Gives the words and functions of one rule their meaning in one collection."""

    _found: Found | None = field(default=None, init=False)

    def call(self, node: Call) -> Term:
        """Return what a function gives.

        Raises
        ------
        RuleError
            There is none of this name, or it can't be had of this.
        """
        word = node.word
        if word not in FUNCTIONS:
            why = f"there is no function {word!r}. {near_names(word, list(FUNCTIONS))}"
            raise RuleError(self.text, node.start, node.start + len(word), why)
        if word in _PROFILE:
            return self._profile(node)
        return getattr(self, f"_{word}_of")(node)

    def one(self, node: Call) -> Node:
        """Return the only argument of a function."""
        if len(node.args) != 1:
            raise self.fail(
                node, f"{node.word} takes one thing in brackets: {FUNCTIONS[node.word]}."
            )
        return node.args[0]

    def _profile(self, node: Call) -> Term:
        key = self._numeric(self.one(node))
        compute = _PROFILE[node.word]
        return Term("number", lambda piece: compute(piece, key))

    def _numeric(self, node: Node) -> str:
        key = self.key(node)
        if key in PLACES or self.collection.parameter(key).kind == "text":
            raise self.fail(node, f"{self.word(node)} has no numbers along the profile.")
        return key

    def _value_of(self, node: Call) -> Term:
        inner = self.one(node)
        return self.value_of(inner, self.key(inner))

    def _abs_of(self, node: Call) -> Term:
        inner = self.number(self.one(node))
        return Term("number", lambda piece: np.abs(inner.get(piece)), inner.of_station)

    def _text_of(self, node: Call) -> Term:
        inner = self.one(node)
        if not isinstance(inner, Text):
            raise self.fail(inner, 'give the name in quotes, such as text("project").')
        return self.text_of(inner, inner.value)

    def _like_of(self, node: Call) -> Term:
        if len(node.args) != 2 or not isinstance(node.args[1], Text):
            raise self.fail(node, f"give a text and a pattern: {FUNCTIONS['like']}.")
        term, pattern = self.term(node.args[0]), node.args[1].value
        if term.kind != "text":
            raise self.fail(node.args[0], f"{self.word(node.args[0])} is no text ({term.kind}).")
        fits = re.compile(translate(pattern), re.IGNORECASE).match
        tables: list[NDArray[np.bool_]] = []

        def get(piece: Piece) -> Truth:
            coded = term.get(piece)
            if not tables:  # all pieces have the same labels
                tables.append(np.array([*(bool(fits(text)) for text in coded.labels), False]))
            return tables[0][coded.codes], coded.codes >= 0

        return Term("truth", get, term.of_station)

    def _flag_of(self, node: Call) -> Term:
        inner = self.one(node)
        word = inner.word if isinstance(inner, Name) else ""
        c = self.collection
        place = {"depth": DEPTH, "time": TIME, "date": TIME, "position": POSITION}.get(word, "")
        if word == "value" and self.parameter in PLACES:
            place = self.parameter
        if place == DEPTH:
            return Term("flag", lambda p: p.take(c.depth_flag, None, ord("9")))
        if place == POSITION:
            return Term("flag", lambda p: p.repeat(c.position_flag[p.rows]), True)
        if place == TIME:
            return Term("flag", _time_flags, c.sample_time is None)
        key = self.key(inner)
        if key.startswith("derived:"):
            raise self.fail(inner, "a computed parameter has no flags of its own.")
        return Term("flag", lambda piece: piece.flags(key))

    def _inversion_of(self, node: Call) -> Term:
        if node.args:
            raise self.fail(node, "inversion() takes nothing in its brackets.")
        try:
            self.collection.parameter(profiles.DENSITY)
        except NotFound as error:
            raise self.fail(node, str(error)) from None
        return Term("number", profiles.inversion)

    def _inside_of(self, node: Call) -> Term:
        flat = [
            n for a in _listed(node.args) for n in (a.items if isinstance(a, Listing) else (a,))
        ]
        for item in flat:
            if not isinstance(item, Number):
                raise self.fail(item, "give degrees as numbers.")
        numbers = [item.value for item in flat if isinstance(item, Number)]
        corners = list(zip(numbers[::2], numbers[1::2], strict=False))
        if len(numbers) != 4 and (len(numbers) < 6 or len(numbers) % 2):
            raise self.fail(
                node,
                "give west, south, east, north, or longitude and latitude of at least 3 corners.",
            )
        if len(numbers) == 4 and numbers[1] > numbers[3]:
            raise self.fail(node, "the box is empty; give the southern latitude first.")
        c = self.collection

        def get(piece: Piece) -> Truth:
            lon, lat = c.lon[piece.rows], c.lat[piece.rows]
            if len(numbers) == 4:
                found = in_box(lon, lat, (numbers[0], numbers[1], numbers[2], numbers[3]))
            else:
                found = in_polygon(lon, lat, tuple(corners))
            return piece.repeat(found), piece.repeat(np.isfinite(lon) & np.isfinite(lat))

        return Term("truth", get, True)

    def _checks(self, node: Call) -> Found:
        if self._found is None:
            self._found = self.found()
        if self._found is None:
            raise self.fail(node, "no checks were run on this collection; run them first.")
        return self._found

    def _check_of(self, node: Call) -> Term:
        found = self._checks(node)
        if len(node.args) > 2:
            raise self.fail(
                node, f"give a check, and the parameter if need be: {FUNCTIONS['check']}."
            )
        name = None
        if node.args:
            asked = node.args[0]
            word = asked.value if isinstance(asked, Text) else getattr(asked, "word", "")
            name = found.name(word)
            if name is None:
                near = near_names(word, list(found.checks))
                raise self.fail(asked, f"there is no check {word!r} among those run here. {near}")
        key = self.key(node.args[1]) if len(node.args) == 2 else self.parameter
        marks = found.marks(name, key)
        return Term("truth", lambda piece: (marks(piece), None))

    def _residual_of(self, node: Call) -> Term:
        key = self._numeric(self.one(node))
        try:
            values = departures(self.collection, key)
        except SdcvizError as error:
            raise self.fail(node, str(error)) from None
        if values is None:
            found = self.found()
            values = None if found is None else found.residuals(key)
        if values is None:
            raise self.fail(
                node,
                f"there is nothing to compare {key} with; name a climatology or an analysis in "
                "the settings or thresholds.",
            )
        return Term("number", values)


def _listed(args: tuple[Node, ...]) -> tuple[Node, ...]:
    """Take the corners out of a list, where they are given as one."""
    only = args[0] if len(args) == 1 else None
    pairs = isinstance(only, Listing) and isinstance(only.items[0], Listing)
    return only.items if pairs and isinstance(only, Listing) else args


def _time_flags(piece: Piece) -> NDArray[np.uint8]:
    c = piece.collection
    flags = piece.repeat(c.time_flag[piece.rows])
    if c.sample_time is None or c.sample_time_flag is None or piece.stations_only:
        return flags
    missing = np.datetime64("NaT").view(np.int64)
    own = piece.take(c.sample_time.view(np.int64), None, missing)
    return np.where(own == missing, flags, piece.take(c.sample_time_flag, None, ord("9")))
