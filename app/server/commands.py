"""Which commands of sdcviz a job may be that is asked for over HTTP, and with which options.

What is not listed is refused: `serve`, `job` and `token` would be a way around the limits of
jobs, letters send mail, and a scheduler would send data anywhere. The words are read here by
strict rules and put together anew (``--option=value ... -- arguments``), so that the command can't
read them in another way than they were checked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum

from sdcviz.errors import BadRequest, Forbidden

__all__ = ["COMMANDS", "Command", "Kind", "Words", "read_words"]

_LONGEST = 4096


class Kind(Enum):
    """What a word is."""

    FLAG = "flag"
    TEXT = "text"
    FILE = "file to read"
    COLLECTION = "collection to read"
    RECIPE = "recipe"
    INTO = "collection to import into"
    EDITED = "collection whose flags are changed"
    OUT = "file to write"
    USER = "who changes"
    WORKERS = "number of processes"


@dataclass(frozen=True)
class Command:
    """A command: kinds of its arguments (the last may come again) and options."""

    arguments: tuple[Kind, ...]
    options: dict[str, Kind] = field(default_factory=dict)
    more: bool = False
    always: tuple[str, ...] = ()
    """Options that are added where they are missing."""


def _options(kind: Kind, names: str) -> dict[str, Kind]:
    return {f"--{name}": kind for name in names.split()}


_FILTERS = _options(
    Kind.TEXT,
    "box polygon time months depth parameter value flags has cruise platform data-centre source",
)
_JSON = _options(Kind.FLAG, "json")
_LISTS = _options(Kind.FLAG, "json csv")
_VIEW = _options(Kind.FLAG, "json source-flags")
_CHECK = (
    {"--user": Kind.USER}
    | _options(Kind.TEXT, "check parameter")
    | _options(Kind.FLAG, "json csv counts")
)
_CHANGE = {"--user": Kind.USER, **_JSON}

_VIEWED = _options(Kind.TEXT, "variable mask interpolation role")
_LINED = _options(Kind.TEXT, "line depth points")
_PLACE = _options(Kind.TEXT, "lon lat")
_TIME = _options(Kind.TEXT, "time")
_GIVEN = _LISTS | {"--out": Kind.OUT}
_MAPPED = (
    _options(
        Kind.TEXT,
        "variable depth time mask derived role range colormap title caption width height extent "
        "projection masked dpi",
    )
    | _options(Kind.FLAG, "error contours json")
    | {"--out": Kind.OUT}
)
_COMPARED = {
    "--observations": Kind.COLLECTION, "--selection": Kind.FILE, "--other": Kind.FILE,
    **_options(Kind.TEXT, "area parameter window dots compare split spread"),
    **_options(Kind.TEXT, "other-variable other-time other-derived other-role"),
}  # fmt: skip


def _of_product(*options: dict[str, Kind]) -> Command:
    """Return a command that reads a product: one file, or several as one."""
    return Command((Kind.FILE,), {k: v for some in options for k, v in some.items()}, more=True)


COMMANDS: dict[tuple[str, ...], Command] = {
    ("import",): Command(
        (Kind.FILE,),
        {"--into": Kind.INTO, "--name": Kind.TEXT, "--mapping": Kind.FILE}
        | _options(Kind.FLAG, "append replace json"),
        more=True,
    ),
    ("export",): Command(
        (Kind.COLLECTION,), {"--out": Kind.OUT, "--format": Kind.TEXT, **_FILTERS, **_VIEW}
    ),
    ("divand",): Command(
        (Kind.RECIPE,),
        {"--out": Kind.OUT, "--workers": Kind.WORKERS, **_options(Kind.TEXT, "time level")}
        | _options(Kind.FLAG, "preview json"),
    ),
    ("review",): Command(
        (Kind.FILE, Kind.COLLECTION),
        {"--out": Kind.OUT, **_options(Kind.FILE, "reference previous second areas selection")}
        | _options(Kind.TEXT, "variable parameter")
        | _options(Kind.FLAG, "independent json"),
    ),
    ("product",): _of_product(_JSON, _options(Kind.TEXT, "role")),
    ("prepare",): _of_product(
        _options(Kind.TEXT, "variable role"), _options(Kind.FLAG, "plan json")
    ),
    ("extract", "profile"): _of_product(_VIEWED, _PLACE, _TIME, _GIVEN),
    ("extract", "timeseries"): _of_product(_VIEWED, _PLACE, _options(Kind.TEXT, "depth"), _GIVEN),
    ("extract", "hovmoller"): _of_product(_VIEWED, _PLACE, _LINED, _GIVEN),
    ("extract", "section"): _of_product(_VIEWED, _options(Kind.TEXT, "line points"), _TIME, _GIVEN),
    ("figure",): _of_product(
        _MAPPED,
        _PLACE,
        _LINED,
        _COMPARED,
        _options(Kind.TEXT, "kind interpolation around deepest partner"),
        _options(Kind.FLAG, "stretched"),
    ),
    ("animate",): _of_product(_MAPPED, _PLACE, _COMPARED, _options(Kind.TEXT, "line along fps")),
    ("columns",): Command((Kind.FILE,), _JSON),
    ("info",): Command((Kind.COLLECTION,), _VIEW),
    ("stations",): Command((Kind.COLLECTION,), _FILTERS | _LISTS | _VIEW),
    ("profile",): Command((Kind.COLLECTION, Kind.TEXT), _LISTS | _VIEW),
    ("duplicates",): Command((Kind.COLLECTION,), _LISTS),
    ("qc", "check"): Command((Kind.COLLECTION,), _CHECK, always=("--user",)),
    ("qc", "summary"): Command((Kind.COLLECTION,), _VIEW),
    ("qc", "history"): Command((Kind.COLLECTION,), _LISTS | _options(Kind.TEXT, "sample user")),
    ("qc", "log"): Command((Kind.COLLECTION,), {"--out": Kind.OUT}),
    ("qc", "climatology"): Command((Kind.COLLECTION,), _JSON),
    ("qc", "flag"): Command(
        (Kind.EDITED,),
        _CHANGE
        | _options(Kind.TEXT, "where parameter flag reason")
        | _options(Kind.FLAG, "over-worse try"),
        always=("--user",),
    ),
    ("qc", "undo"): Command((Kind.EDITED,), _CHANGE, always=("--user",)),
    ("qc", "redo"): Command((Kind.EDITED,), _CHANGE, always=("--user",)),
}

_APPLIED = Command((Kind.EDITED,), {**_CHECK, "--apply": Kind.FLAG}, always=("--user",))
"""``qc check`` that also sets flags."""


@dataclass(frozen=True)
class Words:
    """A command taken apart.

    Attributes
    ----------
    name : tuple of str
    options : list of (str, Kind, str)
        In their order; a flag has an empty value.
    arguments : list of (Kind, str)
    """

    name: tuple[str, ...]
    options: list[tuple[str, Kind, str]]
    arguments: list[tuple[Kind, str]]

    def put_together(self) -> tuple[str, ...]:
        """Return the words so that they can be read in one way only."""
        options = [n if k is Kind.FLAG else f"{n}={v}" for n, k, v in self.options]
        return (*self.name, *options, "--", *(value for _, value in self.arguments))


def read_words(words: Sequence[str]) -> Words:
    """Take a command apart.

    Raises
    ------
    Forbidden
        It is no command that may be asked for over HTTP.
    BadRequest
        It has options or arguments that the command has not.
    """
    for word in words:
        _check_text(word)
    name = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in COMMANDS), None)
    if name is None:
        known = ", ".join(" ".join(command) for command in COMMANDS)
        raise Forbidden(
            f"{' '.join(words[:1])!r} is no command for a job over HTTP; there are {known}."
        )
    rest = list(words[len(name) :])
    command = COMMANDS[name]
    if name == ("qc", "check") and "--apply" in rest:
        command = _APPLIED
    options, arguments = _split(" ".join(name), command, rest)
    given = {option for option, _, _ in options}
    options += [(n, command.options[n], "") for n in command.always if n not in given]
    return Words(name, options, _kinds(" ".join(name), command, arguments))


def _check_text(word: str) -> None:
    if len(word) > _LONGEST:
        raise BadRequest(f"An argument is longer than {_LONGEST} characters.")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in word):
        raise BadRequest(f"The argument {word[:40]!a} has characters that can't be printed.")


def _split(
    name: str, command: Command, words: Sequence[str]
) -> tuple[list[tuple[str, Kind, str]], list[str]]:
    """Tell options and arguments apart."""
    options: list[tuple[str, Kind, str]] = []
    arguments: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            arguments += rest
        elif not word.startswith("-") or word == "-":
            arguments.append(word)
        else:
            options.append(_option(name, command, word, rest))
    return options, arguments


def _option(name: str, command: Command, word: str, rest: Iterable[str]) -> tuple[str, Kind, str]:
    option, equals, value = word.partition("=")
    kind = command.options.get(option)
    if kind is None:
        near = get_close_matches(option, command.options, 1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise BadRequest(f"{name}: a job over HTTP has no option {option}{hint}")
    if kind is Kind.FLAG:
        if equals:
            raise BadRequest(f"{name}: {option} takes no value.")
        return option, kind, ""
    if not equals:
        following = next(iter(rest), None)
        if following is None:
            raise BadRequest(f"{name}: {option} needs a value.")
        value = following
    return option, kind, value


def _kinds(name: str, command: Command, arguments: list[str]) -> list[tuple[Kind, str]]:
    least = len(command.arguments)
    if len(arguments) < least or (len(arguments) > least and not command.more):
        wanted = ", ".join(kind.value for kind in command.arguments)
        raise BadRequest(f"{name}: expected {wanted}; there are {len(arguments)} arguments.")
    kinds = [*command.arguments, *[command.arguments[-1]] * (len(arguments) - least)]
    return list(zip(kinds, arguments, strict=True))
