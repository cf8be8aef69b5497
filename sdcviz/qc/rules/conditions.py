"""Conditions of a rule: comparisons, and what joins them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from sdcviz.formats.model import L20, Coded
from sdcviz.qc.rules.pieces import Piece
from sdcviz.qc.rules.terms import Binder
from sdcviz.qc.rules.tree import Compare, Join, Member, Name, Node, Not, Number, Text
from sdcviz.qc.rules.words import Term, Truth

__all__ = ["Conditions"]

_OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
_DOES: dict[str, Callable] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d(:\d\d(:\d\d(\.\d{1,3})?)?)?)?)?)?Z?")


class Conditions:
    """Turns the nodes of a rule into conditions on pieces.

    Parameters
    ----------
    binder : Binder
    """

    def __init__(self, binder: Binder) -> None:
        self.binder = binder

    def condition(self, node: Node, opposite: bool = False) -> Term:
        """Turn a node into a condition, or into its opposite.

        ``not`` is carried down to the comparisons, so that what is not known
        meets neither.
        """
        if isinstance(node, Not):
            return self.condition(node.item, not opposite)
        if isinstance(node, Join):
            both = (node.word == "and") != opposite
            return _joined([self.condition(item, opposite) for item in node.items], both)
        if isinstance(node, Compare):
            op = _OPPOSITE[node.op] if opposite else node.op
            return self._compare(node, op)
        if isinstance(node, Member):
            options = [self._compare(Compare(node.start, node.end, "==", node.item, option),
                                     "!=" if opposite else "==")
                       for option in node.options]  # fmt: skip
            return _joined(options, opposite)
        term = self.binder.term(node)
        if term.kind != "truth":
            word = self.binder.text[node.start : node.end]
            example = {"flag": '== "4"', "text": '== "..."', "time": '>= "2005"'}
            raise self.binder.fail(
                node,
                f"{word!r} alone is no condition; compare it with something, "
                f"such as {word} {example.get(term.kind, '> 2')}.",
            )
        return Term("truth", lambda piece: _settled(term.get(piece), opposite), term.of_station)

    def _compare(self, node: Compare, op: str) -> Term:
        left, right = node.left, node.right
        if isinstance(left, Text | Number) and not isinstance(right, Text | Number):
            left, right, op = right, left, _TURNED[op]
        term = self.binder.term(left)
        if term.kind == "truth":
            word = self.binder.text[left.start : left.end]
            raise self.binder.fail(
                left, f"{word!r} is a condition by itself; compare nothing with it."
            )
        if term.kind == "time":
            return self._compare_time(term, op, right)
        if term.kind == "flag":
            return self._compare_flags(term, op, right, node)
        if term.kind == "text":
            return self._compare_text(term, op, left, right, node)
        if isinstance(right, Text):
            word = self.binder.text[left.start : left.end]
            raise self.binder.fail(
                right,
                f"{word!r} is a number; compare it with a number, not with text in quotes.",
            )
        other = self.binder.number(right)
        does = _DOES[op]

        def get(piece: Piece) -> Truth:
            a, b = term.get(piece), other.get(piece)
            if np.ndim(a) == np.ndim(b) == 0:
                a = np.full(piece.n, a)
            found = does(a, b)
            if op == "!=":
                found &= ~(np.isnan(a) | np.isnan(b))
            return found, None

        return Term("truth", get, term.of_station and other.of_station)

    def _compare_time(self, term: Term, op: str, right: Node) -> Term:
        text = right.value if isinstance(right, Text) else ""
        try:
            if not _DATE.fullmatch(text):
                raise ValueError
            begin = np.datetime64(text.removesuffix("Z").replace(" ", "T"))
            # the first moment after the year, month, day ... that the text names
            end = (begin + 1).astype("M8[ms]")
        except ValueError:
            raise self.binder.fail(
                right, 'compare time with a date in quotes, such as "2005", "2005-06" or '
                '"2005-06-01T12:00"; a year alone is year == 2005.',
            ) from None  # fmt: skip
        start = begin.astype("M8[ms]")

        def get(piece: Piece) -> Truth:
            t = term.get(piece)
            if op == "==":
                return (t >= start) & (t < end), None
            if op == "!=":
                return (t < start) | (t >= end), None
            bound = {"<": start, ">=": start, "<=": end, ">": end}[op]
            return (t < bound if op in ("<", "<=") else t >= bound), None

        return Term("truth", get, term.of_station)

    def _compare_flags(self, term: Term, op: str, right: Node, node: Node) -> Term:
        if op not in ("==", "!="):
            raise self.binder.fail(
                node, 'flags are codes without order; use ==, != or in ("3", "4").'
            )
        does = _DOES[op]
        code = right.value if isinstance(right, Text) else ""
        if isinstance(right, Number) and right.value in range(10):
            code = str(int(right.value))
        elif isinstance(right, Name) and right.word in ("A", "B", "Q"):
            code = right.word
        if not code and not isinstance(right, Number | Text):
            other = self.binder.term(right)
            if other.kind == "flag":
                return Term(
                    "truth",
                    lambda piece: (does(term.get(piece), other.get(piece)), None),
                    term.of_station and other.of_station,
                )
        if len(code) != 1 or code not in L20:
            raise self.binder.fail(right, f"this is no flag; give one of {', '.join(L20)}.")
        return Term(
            "truth", lambda piece: (does(term.get(piece), ord(code)), None), term.of_station
        )

    def _compare_text(self, term: Term, op: str, left: Node, right: Node, node: Node) -> Term:
        if op not in ("==", "!="):
            raise self.binder.fail(node, "text has no order; use ==, != or in (...).")
        if not isinstance(right, Text):
            word = self.binder.text[left.start : left.end]
            raise self.binder.fail(right, f"{word!r} is text; compare it with text in quotes.")
        does, code_of = _DOES[op], _code_of(right.value)

        def get(piece: Piece) -> Truth:
            coded = term.get(piece)
            return does(coded.codes, code_of(coded)) & (coded.codes >= 0), None

        return Term("truth", get, term.of_station)


def _code_of(text: str) -> Callable[[Coded], int]:
    """Look for the code of a text in the first piece: all pieces have the same labels."""
    known: list[int] = []

    def find(coded: Coded) -> int:
        if not known:
            known.append(next((i for i, label in enumerate(coded.labels) if label == text), -2))
        return known[0]

    return find


def _settled(truth: Truth, opposite: bool) -> Truth:
    """Return where a condition, or its opposite, is known to hold."""
    holds, known = truth
    found = ~holds if opposite else holds
    return (found if known is None else found & known), None


def _joined(terms: list[Term], both: bool) -> Term:
    """Combine conditions by ``and`` or ``or``."""
    if len(terms) == 1:
        return terms[0]
    does: Any = np.logical_and if both else np.logical_or

    def get(piece: Piece) -> Truth:
        found = np.array(terms[0].get(piece)[0])
        for term in terms[1:]:
            if found.any() if both else not found.all():
                does(found, term.get(piece)[0], out=found)
        return found, None

    return Term("truth", get, all(t.of_station for t in terms))
