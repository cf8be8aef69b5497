"""Whether a formula is a sum of fields with factors, and which."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ..qc.rules.grammar import Call, Name, Negated, Node, Number, Sum, Text

__all__ = ["linear"]

Terms = dict[str, tuple[float, float]]
"""By name of a field the factor of itself and that of its mean; "" is what has no field."""


def linear(node: Node) -> Mapping[str, tuple[float, float]] | None:
    """Return the factors of the fields of a formula, and those of their means over time.

    Returns
    -------
    mapping of str to (float, float), or None
        None: the formula is no sum of fields with factors.

    Examples
    --------
    >>> from sdcviz.qc.rules.grammar import read_rule
    >>> linear(read_rule("2 * (a - mean(a)) + 3"))
    {'a': (2.0, -2.0)}
    >>> linear(read_rule("a * b")) is None
    True
    """
    terms = _terms(node)
    return None if terms is None else {word: both for word, both in terms.items() if word}


def _terms(node: Node) -> Terms | None:
    if isinstance(node, Number):
        return {"": (float(node.value), 0.0)}
    if isinstance(node, Name | Text):
        return {_word(node): (1.0, 0.0)}
    if isinstance(node, Negated):
        found = _terms(node.item)
        return None if found is None else _scaled(found, -1)
    if isinstance(node, Call) and node.word == "mean":
        return {_word(node.args[0]): (0.0, 1.0)}
    if not isinstance(node, Sum):
        return None
    left, right = _terms(node.left), _terms(node.right)
    if left is None or right is None:
        return None
    if node.op in "+-":
        return _added(left, _scaled(right, 1 if node.op == "+" else -1))
    if set(right) == {""}:
        factor = right[""][0]
        if node.op == "/" and factor == 0:
            return None
        return _scaled(left, factor if node.op == "*" else 1 / factor)
    if node.op == "*" and set(left) == {""}:
        return _scaled(right, left[""][0])
    return None


def _word(node: Node) -> str:
    return node.word if isinstance(node, Name) else str(getattr(node, "value", ""))


def _scaled(terms: Terms, by: float) -> Terms:
    return {word: (own * by, mean * by) for word, (own, mean) in terms.items()}


def _added(a: Terms, b: Terms) -> Terms:
    none = (0.0, 0.0)
    both = {**a, **b}
    return {
        word: (math.fsum(t.get(word, none)[0] for t in (a, b)),
               math.fsum(t.get(word, none)[1] for t in (a, b)))
        for word in both
    }  # fmt: skip
