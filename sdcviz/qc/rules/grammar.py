"""The language of rules: words, and the tree that they make.

A rule is text such as ``temperature > 30 and depth < 10 and month in (6, 7, 8)``.
It looks like Python and is not: only what is listed here has a meaning, nothing
is ever executed.

    rule       = either
    either     = both { "or" both }
    both       = negated { "and" negated }
    negated    = "not" negated | comparison
    comparison = sum { ("<" | "<=" | ">" | ">=" | "==" | "!=") sum }
               | sum ["not"] "in" "(" sum { "," sum } ")"
    sum        = product { ("+" | "-") product }
    product    = signed { ("*" | "/") signed }
    signed     = "-" signed | "+" signed | item
    item       = number | text in quotes | name | name "(" [ either { "," either } ] ")"
               | "(" either { "," either } ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from sdcviz.errors import BadRequest

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
    "RuleError",
    "Sum",
    "Text",
    "near_names",
    "quote",
    "read_rule",
]

LONGEST = 10_000
DEEPEST = 30
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<op><=|>=|==|!=|<>|&&|\|\||[-+*/<>=(),\[\]&|!~])
    )""",
    re.VERBOSE,
)
_COMPARES = {"<", "<=", ">", ">=", "==", "!="}
_WRITTEN_SO = {
    "=": "==", "<>": "!=", "&": "and", "&&": "and", "|": "or", "||": "or", "!": "not", "~": "not",
}  # fmt: skip
"""What other languages write, and how it is written here."""


class RuleError(BadRequest):
    """A rule that has no meaning; the sentence names the place.

    Attributes
    ----------
    text : str
        The rule.
    start, end : int
        The letters that are meant, from 0.
    """

    def __init__(self, text: str, start: int, end: int, why: str) -> None:
        self.text, self.start, self.end = text, start, max(end, start + 1)
        super().__init__(f"Rule, column {start + 1}: {why}")

    @property
    def pointer(self) -> str:
        """The rule, and under it a mark at the place."""
        line = re.sub(r"\s", " ", self.text)
        return f"{line}\n{' ' * self.start}{'^' * (self.end - self.start)}"


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


@dataclass(frozen=True)
class _Token:
    kind: str
    word: str
    start: int
    end: int


def near_names(word: str, known: list[str]) -> str:
    """Return the end of a sentence that offers names like `word`, or the first of all."""
    lower = {k.casefold(): k for k in known}
    near = [lower[n] for n in get_close_matches(word.casefold(), lower, 3, 0.6)]
    if near:
        return f"Did you mean {' or '.join(near)}?"
    more = " ..." if len(known) > 12 else ""
    return f"There are: {', '.join(known[:12])}{more}." if known else "There are none."


def quote(text: str) -> str:
    """Write text so that a rule reads it back."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_rule(text: str) -> Node:
    """Make the tree of a rule.

    Raises
    ------
    RuleError
        The text is no rule.
    """
    if len(text) > LONGEST:
        raise RuleError(text[:80], 0, 1, f"a rule has at most {LONGEST} letters.")
    return _Reader(text).whole()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            letter = text[start]
            why = f"{letter!r} has no meaning in a rule."
            if letter in "\"'":
                why = "this text in quotes has no end; add the closing quote."
            raise RuleError(text, start, len(text) if letter in "\"'" else start + 1, why)
        kind = match.lastgroup or ""
        word, start = match[kind], match.start(kind)
        at = match.end()
        if kind == "number" and re.match(r"\w", text[at : at + 1]):
            end = at + len(re.match(r"\w*", text[at:])[0])  # type: ignore[index]
            raise RuleError(text, start, end, f"{text[start:end]!r} is no number.")
        if kind == "op" and word in _WRITTEN_SO:
            raise RuleError(text, start, at, f"write {_WRITTEN_SO[word]!r} instead of {word!r}.")
        if kind == "name" and word.lower() in ("and", "or", "not", "in"):
            kind, word = "op", word.lower()
        found.append(_Token(kind, word, start, at))
    found.append(_Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1))
    return found


class _Reader:
    """Reads words from left to right; each method reads one line of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self, *words: str) -> _Token | None:
        """Go on if one of the words comes next."""
        token = self.now
        if token.kind == "op" and token.word in words:
            self.at += 1
            return token
        return None

    def fail(self, why: str, token: _Token | None = None) -> RuleError:
        token = token or self.now
        return RuleError(self.text, token.start, token.end, why)

    def expected(self, what: str) -> RuleError:
        token = self.now
        if token.kind == "end":
            return self.fail(f"the rule ends where {what} should follow.")
        return self.fail(f"{token.word!r} stands where {what} should.")

    def whole(self) -> Node:
        if self.now.kind == "end":
            raise self.fail("the rule is empty; write one, such as temperature > 30.")
        found = self.either()
        if self.now.kind != "end":
            raise self.expected("'and', 'or' or the end of the rule")
        return found

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"there are more than {DEEPEST} brackets in each other.")
        found = self.joined("or", lambda: self.joined("and", self.negated))
        self.depth -= 1
        return found

    def joined(self, word: str, part: Callable[[], Node]) -> Node:
        items = [part()]
        while self.take(word):
            items.append(part())
        if len(items) == 1:
            return items[0]
        return Join(items[0].start, items[-1].end, word, tuple(items))

    def negated(self) -> Node:
        begun: list[_Token] = []
        while token := self.take("not"):
            begun.append(token)
        found = self.comparison()
        return Not(begun[0].start, found.end, found) if len(begun) % 2 else found

    def comparison(self) -> Node:
        left = self.sum()
        negation = self.take("not")
        if self.take("in"):
            return self.member(left, negation)
        if negation:
            raise self.expected("'in'")
        found: list[Node] = []
        while token := self.take(*_COMPARES):
            right = self.sum()
            found.append(Compare(left.start, right.end, token.word, left, right))
            left = right
        if not found:
            return left
        if len(found) == 1:
            return found[0]
        return Join(found[0].start, found[-1].end, "and", tuple(found))

    def member(self, item: Node, negation: _Token | None) -> Node:
        close = {"(": ")", "[": "]"}
        opened = self.take("(", "[")
        if not opened:
            raise self.expected("a list in brackets, such as (6, 7, 8),")
        options = self.several(close[opened.word])
        end = self.tokens[self.at - 1].end
        if not options:
            raise self.fail("the list is empty.", opened)
        found: Node = Member(item.start, end, item, options)
        return Not(item.start, end, found) if negation else found

    def several(self, close: str) -> tuple[Node, ...]:
        """Read up to the closing bracket; a comma may stand before it."""
        items: list[Node] = []
        while not self.take(close):
            if items and not self.take(","):
                raise self.expected(f"',' or {close!r}")
            if items and self.take(close):
                break
            items.append(self.either())
        return tuple(items)

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.signed))

    def chain(self, words: tuple[str, ...], part: Callable[[], Node]) -> Node:
        found = part()
        length = 0
        while token := self.take(*words):
            length += 1
            if length > DEEPEST:
                raise self.fail("the sum is too long.", token)
            right = part()
            found = Sum(found.start, right.end, token.word, found, right)
        return found

    def signed(self) -> Node:
        signs: list[_Token] = []
        while token := self.take("-", "+"):
            signs.append(token)
        found = self.item()
        if len([s for s in signs if s.word == "-"]) % 2:
            if isinstance(found, Number):
                return Number(signs[0].start, found.end, -found.value)
            return Negated(signs[0].start, found.end, found)
        return found

    def item(self) -> Node:
        token = self.now
        if token.kind == "number":
            self.at += 1
            if float(token.word) == float("inf"):
                raise self.fail(f"{token.word} is too great.", token)
            return Number(token.start, token.end, float(token.word))
        if token.kind == "text":
            self.at += 1
            value = re.sub(r"\\(.)", r"\1", token.word[1:-1], flags=re.DOTALL)
            return Text(token.start, token.end, value)
        if token.kind == "name":
            self.at += 1
            if not self.take("("):
                return Name(token.start, token.end, token.word)
            args = self.several(")")
            return Call(token.start, self.tokens[self.at - 1].end, token.word, args)
        if self.take("("):
            items = self.several(")")
            end = self.tokens[self.at - 1].end
            if len(items) == 1:
                return items[0]
            return Listing(token.start, end, items)
        raise self.expected("a name, a number or a text in quotes")
