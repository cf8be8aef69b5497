"""The words of a rule, and the sentence for what is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sdcviz.errors import BadRequest

__all__ = ["RuleError", "Token", "tokens_of"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<op><=|>=|==|!=|<>|&&|\|\||[-+*/<>=(),\[\]&|!~])
    )""",
    re.VERBOSE,
)
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
class Token:
    """A word of a rule and where it stands."""

    kind: str
    word: str
    start: int
    end: int


def tokens_of(text: str) -> list[Token]:
    """Part a rule into its words; the last one is its end.

    Raises
    ------
    RuleError
        Something has no meaning.
    """
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
        found.append(Token(kind, word, start, at))
    found.append(Token("end", "", len(text.rstrip()), len(text.rstrip()) + 1))
    return found
