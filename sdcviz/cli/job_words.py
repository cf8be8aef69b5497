"""The words of a command that a job runs: its paths in full, since it runs in another folder."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from ..errors import BadRequest
from . import app

__all__ = ["in_full"]


def in_full(words: Sequence[str]) -> tuple[list[str], set[Path], set[Path]]:
    """Give the paths of a command of ours in full.

    Parameters
    ----------
    words : sequence of str
        Without the word sdcviz.

    Returns
    -------
    list of str
        The same command.
    set of Path
        What it reads: the paths that are there.
    set of Path
        What it writes: those of ``--out`` and ``--into``, or their folder where they are new.

    Raises
    ------
    BadRequest
        There is no such command, or it does not know an option.
    """
    reads, writes = set(), set()
    full: dict[str, str] = {}
    for name, text in _paths(words):
        path = Path(text).expanduser().absolute()
        full[text] = str(path)
        if name in {"out", "into"}:
            writes.add(path if path.exists() else path.parent)
        elif path.exists():
            reads.add(path)
    return [_word(word, full) for word in words], reads, writes


def _word(word: str, full: dict[str, str]) -> str:
    if word.startswith("--") and "=" in word:
        option, _, text = word.partition("=")
        return f"{option}={full.get(text, text)}"
    return full.get(word, word)


def _paths(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return names and values of the parameters of a command that are paths."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("sdcviz", [], resilient_parsing=True)
    rest = list(words)
    while hasattr(command, "commands"):
        name = rest.pop(0) if rest else ""
        if name not in command.commands:
            known = ", ".join(sorted(command.commands))
            raise BadRequest(f"There is no command {name!r} to run; known are {known}.")
        command = command.commands[name]
        context = command.context_class(command, parent=context, info_name=name)
    is_path = _are_paths(command.callback)
    try:
        given, _, _ = command.make_parser(context).parse_args(rest)
    except Exception as error:
        said = getattr(error, "format_message", None)  # of click, which typer brings along
        reason = said() if said else str(error)
        raise BadRequest(f"{context.info_name}: {reason}") from error
    found = []
    for name, value in given.items():
        if is_path.get(name):
            values = value if isinstance(value, list | tuple) else [value]
            found += [(str(name), str(one)) for one in values if one]
    return found


def _are_paths(callback: Any) -> dict[str, bool]:
    """Return which parameters of a command are paths, by what its function says of them."""
    told = inspect.signature(inspect.unwrap(callback)).parameters
    return {name: bool(re.search(r"\bPath\b|Path$", str(p.annotation))) for name, p in told.items()}
