"""Logging: lines for people, or JSON lines for machines, without secrets.

Every module logs with ``logging.getLogger(__name__)`` and gives facts as
``extra={...}``; a program calls `configure` once.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Any

__all__ = ["HumanFormatter", "JsonFormatter", "configure", "hide"]

MASK = "***"
_NAMES = r"(?:pass(?:word|wd)?|pwd|secret(?:_?key)?|api_?key|token|session|sid|signature)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Authorization: Bearer abc, Cookie: a=b; c=d (as a header or in a printed mapping)
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(['\"]?\s*[:=]\s*).+"), r"\1\2"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{6,}"), r"\1\2"),
    # A token of the HTTP service, wherever it stands
    (re.compile(r"\b(sdc)(_)[\w-]{20,}"), r"\1\2"),
    # https://user:password@host
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s/:@]*)(:)[^\s/@]+(?=@)"), r"\1\2"),
    # token=abc in a URL, 'password': 'abc' in a printed mapping, also with a prefix (access_token)
    (re.compile(rf"(?i)(\b[\w-]*{_NAMES}['\"]?)(\s*[:=]\s*['\"]?)[^\s'\",;&)}}\]]+"), r"\1\2"),
)
_SECRET_NAME = re.compile(rf"(?i){_NAMES}$|^(?:proxy-)?authorization$|cookie$")
_hidden: set[str] = set()
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def hide(secret: str) -> None:
    """Never show this text in a log of this process.

    Parameters
    ----------
    secret : str
        A key or password; one shorter than 6 characters would mask ordinary
        words and is left alone.
    """
    if len(secret) >= 6:
        _hidden.add(secret)


def masked(text: str) -> str:
    """Return the text with known secrets and what looks like one replaced.

    Parameters
    ----------
    text : str
        A finished line, with its traceback if any.

    Returns
    -------
    str
        The same with ``***`` in the place of each secret.
    """
    for secret in _hidden:
        text = text.replace(secret, MASK)
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + MASK, text)
    return text


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    """Return what the caller gave as ``extra``, secrets masked by name and by look."""
    return {
        name: MASK if _SECRET_NAME.search(name) else value
        for name, value in vars(record).items()
        if name not in _OWN
    }


# The masking is in the formatters and not in a logging.Filter, because a filter
# does not see the traceback, where a connection string is as likely as anywhere.
class HumanFormatter(logging.Formatter):
    """One line for a person: time, level, logger, sentence, facts."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of one record (see `logging.Formatter.format`)."""
        facts = " ".join(f"{name}={value}" for name, value in _facts(record).items())
        head, *rest = super().format(record).split("\n")
        return masked("\n".join([f"{head}  {facts}" if facts else head, *rest]))


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, facts, error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of one record (see `logging.Formatter.format`)."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        for name, value in _facts(record).items():
            plain = isinstance(value, bool | int | float) or value is None
            line[name] = value if plain else masked(str(value))
        if record.exc_info:
            line["error"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure(
    level: str = "warning", *, as_json: bool = False, stream: IO[str] | None = None
) -> None:
    """Send the logs of this process to one stream; call it once, in the program.

    Parameters
    ----------
    level : str
        "debug", "info", "warning" or "error".
    as_json : bool
        JSON lines instead of lines for people.
    stream : text stream, optional
        Standard error by default, so that standard output stays for results.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else HumanFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    # numba logs every compiler pass at debug level, which would bury the rest.
    logging.getLogger("numba").setLevel(logging.WARNING)
