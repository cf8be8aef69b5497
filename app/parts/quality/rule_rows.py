"""A rule as rows of a form, and rows as a rule.

A row is a dict of texts: ``what`` (a word or function), ``of`` (its parameter),
``op`` and ``value``. Rules that are more than rows joined by one word have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sdcviz.qc.rules.grammar import (
    Call,
    Compare,
    Join,
    Member,
    Name,
    Node,
    Not,
    Number,
    Text,
    quote,
)

if TYPE_CHECKING:
    from sdcviz.observations import Collection
    from sdcviz.qc.rules import Rule

__all__ = ["Row", "choices", "rows_of", "text_of"]

Row = dict[str, str]

PROFILE = {
    "spike": "Spike of",
    "gradient": "Gradient of",
    "step": "Step of",
    "slope": "Change a metre of",
}
_NUMBERS = {
    "depth": "Depth [m]",
    "year": "Year",
    "month": "Month (1 to 12)",
    "longitude": "Longitude [°E]",
    "latitude": "Latitude [°N]",
    "bottom_depth": "Bottom depth [m]",
    "data_centre": "Data centre (EDMO)",
    "sample": "Number of the sample",
    "samples": "Samples of the station",
    "inversion": "Density inversion [kg/m³]",
}
_TEXTS = {
    "cruise": "Cruise", "platform": "Platform", "station": "Station",
    "local_cdi_id": "LOCAL_CDI_ID", "source": "File",
}  # fmt: skip
_OF_FLAGS = {"depth": "Depth", "time": "Time", "position": "Position"}
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
MANY = 500
"""Up to so many names are offered for a text; any other can be typed."""


def choices(data: Collection, checks: Sequence[str]) -> list[dict[str, Any]]:
    """Return what a row may be about: ``what``, ``of``, title, group, kind and options.

    Parameters
    ----------
    data : Collection
    checks : sequence of str
        Names of the checks that were run.
    """
    numbers = [p for p in data.parameters if p.kind == "number"]
    titles = {p.key: f"{p.label} [{p.unit}]" if p.unit else p.label for p in data.parameters}
    found: list[dict[str, Any]] = []

    def add(what: str, of: str, title: str, group: str, kind: str, *options: str) -> None:
        found.append(
            {"what": what, "of": of, "title": title, "group": group, "kind": kind,
             "options": list(options)}
        )  # fmt: skip

    for p in numbers:
        add("value", p.key, titles[p.key], "Value", "number")
    for what in ("depth", "year", "month", "sample", "samples", "bottom_depth"):
        add(what, "", _NUMBERS[what], "Place and time", "number")
    add("time", "", "Date", "Place and time", "date")
    for what in ("longitude", "latitude"):
        add(what, "", _NUMBERS[what], "Place and time", "number")
    add("inside", "", "Area", "Place and time", "area")
    for what, title in _TEXTS.items():
        add(what, "", title, "Station", "text", *_names(data, what))
    add("data_centre", "", _NUMBERS["data_centre"], "Station", "number")
    for p in data.parameters:
        add("flag", p.key, f"Flag of {p.label.lower()}", "Flag", "flag")
    for of, title in _OF_FLAGS.items():
        add("flag", of, f"Flag of {title.lower()}", "Flag", "flag")
    for what, title in PROFILE.items():
        for p in numbers:
            add(what, p.key, f"{title} {titles[p.key][0].lower()}{titles[p.key][1:]}",
                "Along the profile", "number")  # fmt: skip
    if {"temperature", "salinity"} <= {p.key for p in numbers}:
        add("inversion", "", _NUMBERS["inversion"], "Along the profile", "number")
    for name in checks:
        add("check", name, f"Check: {name.replace('_', ' ')}", "Found by checks", "check")
    return found


def _names(data: Collection, what: str) -> list[str]:
    if what == "source":
        return sorted(s["name"] for s in data.manifest["sources"])[:MANY]
    labels = data.text(what).labels
    return sorted(label for label in labels if label) if len(labels) <= MANY else []


# ---- rows to text ----------------------------------------------------------
def text_of(rows: Sequence[Row], joined_by: str = "and") -> str:
    """Write rows as a rule; rows without a value are left out.

    Parameters
    ----------
    rows : sequence of dict
    joined_by : {"and", "or"}
    """
    written = [_written(row) for row in rows]
    return f" {joined_by} ".join(text for text in written if text)


def _written(row: Row) -> str:
    what, of, op, value = (row.get(name, "").strip() for name in ("what", "of", "op", "value"))
    if what == "check":
        return ("not " if op == "not" else "") + f"check({quote(of)})"
    if not value:
        return ""
    if what == "inside":
        return ("not " if op == "not" else "") + f"inside({value})"
    subject = _subject(what, of)
    if what in _TEXTS:
        if op == "like":
            return f"like({subject}, {quote(value)})"
        value = (
            ", ".join(quote(part.strip()) for part in value.split(","))
            if op == "in"
            else quote(value)
        )
    elif what == "time":
        value = quote(value)
    elif what == "flag":
        codes = [code.strip().upper() for code in value.split(",")]
        op = {"==": "in", "!=": "not in"}.get(op, op) if len(codes) > 1 else op
        value = ", ".join(quote(code) for code in codes)
    return f"{subject} {op} ({value})" if op.endswith("in") else f"{subject} {op} {value}"


def _subject(what: str, of: str) -> str:
    if what == "value":
        return _parameter(of)
    if what == "inversion":
        return "inversion()"
    if what == "flag" or what in PROFILE:
        return f"{what}({of if of.isidentifier() else quote(of)})"
    return what


def _parameter(key: str) -> str:
    """Write a parameter so that it is not taken for another word."""
    from sdcviz.qc.rules import FUNCTIONS, WORDS

    plain = key.isidentifier() and key not in WORDS and key not in FUNCTIONS
    return key if plain else f"value({quote(key)})"


# ---- text to rows ----------------------------------------------------------
def rows_of(rule: Rule) -> tuple[str, list[Row]] | None:
    """Return the word that joins the conditions of a rule, and the rows; None if it is more."""
    tree = rule.tree
    word = tree.word if isinstance(tree, Join) else "and"
    rows = [_row(leaf, rule.text) for leaf in _leaves(tree, word)]
    if any(row is None for row in rows):
        return None
    return word, [row for row in rows if row is not None]


def _leaves(node: Node, word: str) -> list[Node]:
    if isinstance(node, Join) and node.word == word:
        return [leaf for item in node.items for leaf in _leaves(item, word)]
    return [node]


def _row(node: Node, text: str) -> Row | None:
    if isinstance(node, Not):
        row = _row(node.item, text)
        turned = {"": "not", "in": "not in"}.get(row["op"]) if row else None
        return row | {"op": turned} if row and turned else None
    if isinstance(node, Compare):
        left, right, op = node.left, node.right, node.op
        if isinstance(left, Number | Text):
            left, right, op = right, left, _TURNED[op]
        subject, value = _about(left), _value(right)
        return None if subject is None or value is None else subject | {"op": op, "value": value}
    if isinstance(node, Member):
        subject, values = _about(node.item), [_value(option) for option in node.options]
        if subject is None or None in values or any("," in (v or "") for v in values):
            return None
        return subject | {"op": "in", "value": ", ".join(v or "" for v in values)}
    if isinstance(node, Call):
        return _called(node, text)
    return None


def _called(node: Call, text: str) -> Row | None:
    args = node.args
    if node.word == "inside" and args and all(isinstance(a, Number) for a in args):
        return {"what": "inside", "of": "", "op": "", "value": text[args[0].start : args[-1].end]}
    if node.word == "check" and len(args) == 1 and isinstance(args[0], Text):
        return {"what": "check", "of": args[0].value, "op": "", "value": ""}
    if node.word == "like" and len(args) == 2 and isinstance(args[1], Text):
        subject = _about(args[0])
        if subject and subject["what"] in _TEXTS:
            return subject | {"op": "like", "value": args[1].value}
    return None


def _about(node: Node) -> Row | None:
    """Return what a row is about, or None."""
    if isinstance(node, Name):
        if node.word in _NUMBERS or node.word in _TEXTS or node.word == "time":
            return {"what": node.word, "of": ""}
        return {"what": "value", "of": node.word}
    if isinstance(node, Call) and node.word == "inversion" and not node.args:
        return {"what": "inversion", "of": ""}
    if isinstance(node, Call) and len(node.args) == 1:
        inner = node.args[0]
        of = inner.word if isinstance(inner, Name) else getattr(inner, "value", None)
        if isinstance(of, str) and (node.word in PROFILE or node.word in ("flag", "value")):
            return {"what": node.word, "of": of}
    return None


def _value(node: Node) -> str | None:
    if isinstance(node, Number):
        return f"{node.value:.15g}"
    if isinstance(node, Text):
        return node.value
    return node.word if isinstance(node, Name) and node.word in ("A", "B", "Q") else None
