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
from difflib import get_close_matches

from sdcviz.qc.rules.tokens import RuleError, Token, tokens_of
from sdcviz.qc.rules.tree import (
    Call,
    Compare,
    Join,
    Listing,
    Member,
    Name,
    Negated,
    Node,
    Not,
    Number,
    Sum,
    Text,
)

__all__ = ["near_names", "quote", "read_rule"]

LONGEST = 10_000
DEEPEST = 30
_COMPARES = {"<", "<=", ">", ">=", "==", "!="}


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


class _Reader:
    """Reads words from left to right; each method reads one line of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.at = 0
        self.depth = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self, *words: str) -> Token | None:
        """Go on if one of the words comes next."""
        token = self.now
        if token.kind == "op" and token.word in words:
            self.at += 1
            return token
        return None

    def fail(self, why: str, token: Token | None = None) -> RuleError:
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
        begun: list[Token] = []
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

    def member(self, item: Node, negation: Token | None) -> Node:
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
        signs: list[Token] = []
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
