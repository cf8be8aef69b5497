"""The tree of a rule: what its pieces are, and where they stand in the text."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Call",
    "Compare",
    "Join",
    "Listing",
    "Member",
    "Name",
    "Negated",
    "Node",
    "Not",
    "Number",
    "Sum",
    "Text",
]


@dataclass(frozen=True)
class Node:
    """A piece of a rule and where it stands in the text."""

    start: int
    end: int


@dataclass(frozen=True)
class Number(Node):
    """A number."""

    value: float


@dataclass(frozen=True)
class Text(Node):
    """Text in quotes."""

    value: str


@dataclass(frozen=True)
class Name(Node):
    """A word that stands for something of a sample."""

    word: str


@dataclass(frozen=True)
class Call(Node):
    """A word with something in brackets."""

    word: str
    args: tuple[Node, ...]


@dataclass(frozen=True)
class Listing(Node):
    """Several in brackets."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Negated(Node):
    """Minus something."""

    item: Node


@dataclass(frozen=True)
class Sum(Node):
    """Two numbers and ``+ - * /`` between them."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Compare(Node):
    """Two things and ``< <= > >= == !=`` between them."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Member(Node):
    """Whether something is one of several."""

    item: Node
    options: tuple[Node, ...]


@dataclass(frozen=True)
class Join(Node):
    """Several conditions of which all (``and``) or one (``or``) must hold."""

    word: str
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Not(Node):
    """A condition that must not hold."""

    item: Node
