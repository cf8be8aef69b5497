"""Tokens by which programs sign on to the HTTP service.

A token is ``sdc_`` and 192 random bits. Only its SHA-256 is kept: with that many bits
nothing slower is needed, and who reads the database can't sign on with what is in it.
"""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sdcviz.errors import BadRequest, NotFound
from sdcviz.settings import get_settings

if TYPE_CHECKING:
    from sqlalchemy import Table

    from sdcviz.databases import Database

__all__ = [
    "MOST_DAYS",
    "SCOPES",
    "Token",
    "check_token",
    "list_tokens",
    "local_user",
    "make_token",
    "revoke_token",
]

SCOPES = {
    "read": "look at jobs, collections and products",
    "jobs": "start and steer jobs, and read",
    "edit": "change flags and collections, and read",
    "admin": "all of this, for the jobs of everyone",
}
"""What a token may do, in words."""
_MEANS = {
    "read": {"read"},
    "jobs": {"jobs", "read"},
    "edit": {"edit", "read"},
    "admin": set(SCOPES),
}
MOST_DAYS = 366
_FORM = re.compile(r"sdc_[A-Za-z0-9_-]{32}")
_BYTES = 24
_SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True)
class Token:
    """What is known of a token; not the token itself.

    Attributes
    ----------
    id : str
        12 hexadecimal digits, to name it by.
    name : str
        What it is for.
    owner : str
        Who works with it.
    scopes : tuple of str
        Names of `SCOPES`.
    created, expires, revoked, used : str
        ISO 8601 in UTC; empty where it never was. `used` is true to the hour.
    """

    id: str
    name: str
    owner: str
    scopes: tuple[str, ...]
    created: str
    expires: str
    revoked: str = ""
    used: str = ""

    def may(self, scope: str) -> bool:
        """Whether it allows what `scope` means."""
        return any(scope in _MEANS[own] for own in self.scopes)

    @property
    def state(self) -> str:
        """``valid``, ``expired`` or ``revoked``."""
        if self.revoked:
            return "revoked"
        return "valid" if _now() < datetime.fromisoformat(self.expires) else "expired"


def local_user() -> str:
    """Return the name of the one user of this machine that runs the server."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container whose user has no name
        return str(os.getuid())


def make_token(
    name: str, scopes: Iterable[str], days: float = 90, owner: str = ""
) -> tuple[str, Token]:
    """Make a token.

    Parameters
    ----------
    name : str
        What it is for, such as "nightly import".
    scopes : iterable of str
        Of `SCOPES`.
    days : float
        How long it counts.
    owner : str
        Who works with it; the user of this machine by default.

    Returns
    -------
    tuple of str and Token
        The token, which is nowhere kept, and what is known of it.

    Raises
    ------
    BadRequest
        Unknown scope, no name, or a time that is none.
    """
    wanted = _known(scopes)
    if not name.strip() or not f"{name}{owner}".isprintable() or len(f"{name}{owner}") > 200:
        raise BadRequest("Give the token a name that tells what it is for (--name).")
    if not 0 < days <= MOST_DAYS:
        raise BadRequest(f"A token counts for up to {MOST_DAYS} days, not for {days:g} (--days).")
    secret = "sdc_" + secrets.token_urlsafe(_BYTES)
    now = _now()
    token = Token(
        id=secrets.token_hex(6),
        name=name.strip(),
        owner=owner or local_user(),
        scopes=wanted,
        created=_text(now),
        expires=_text(now + timedelta(days=days)),
    )
    row = {**vars(token), "scopes": ",".join(wanted), "hash": _hash(secret)}
    _database().write("tokens", lambda c: c.execute(_table().insert(), row))
    return secret, token


def _known(scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = set(scopes)
    unknown = sorted(wanted - set(SCOPES))
    if unknown or not wanted:
        what = f"There is no scope {unknown[0]!r}" if unknown else "A token needs a scope"
        raise BadRequest(f"{what}; choose of {', '.join(SCOPES)} (--scope).")
    return tuple(scope for scope in SCOPES if scope in wanted)


def check_token(secret: str) -> Token | None:
    """Return what is known of a token that counts now, or None.

    Parameters
    ----------
    secret : str
        What was shown after ``Authorization: Bearer``.
    """
    if not _FORM.fullmatch(secret):
        return None
    table, digest = _table(), _hash(secret)
    query = table.select().where(table.c.hash == digest)
    row = _database().read(lambda c: c.execute(query).mappings().first())
    # The database finds by hash, which tells nothing about the token by the time it takes;
    # that it is this one is decided by a comparison that always takes as long.
    if row is None or not hmac.compare_digest(str(row["hash"]), digest):
        return None
    token = _token(row)
    if token.state != "valid":
        return None
    _note_use(token)
    return token


def _note_use(token: Token) -> None:
    now = _now()
    if token.used and now - datetime.fromisoformat(token.used) < _SEEN_EVERY:
        return
    table = _table()
    change = table.update().where(table.c.id == token.id).values(used=_text(now))
    _database().write("tokens", lambda c: c.execute(change))


def list_tokens() -> list[Token]:
    """Return all tokens that were ever made, the last one first."""
    query = _table().select().order_by(_table().c.created.desc())
    return [_token(row) for row in _database().read(lambda c: c.execute(query).mappings().all())]


def revoke_token(identity: str) -> Token:
    """Let a token count no more, from the next request on.

    Parameters
    ----------
    identity : str
        Its id, or an unambiguous beginning of it.

    Raises
    ------
    NotFound
        There is no such token.
    """
    found = [t for t in list_tokens() if identity and t.id.startswith(identity)]
    if len(found) != 1:
        raise NotFound(
            f"There is no token {identity!r}; 'sdcviz token list' shows those there are."
            if not found
            else f"Several tokens begin with {identity!r}; give more of the id."
        )
    table = _table()
    change = (
        table.update()
        .where(table.c.id == found[0].id, table.c.revoked == "")
        .values(revoked=_text(_now()))
    )
    _database().write("tokens", lambda c: c.execute(change))
    return next(t for t in list_tokens() if t.id == found[0].id)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)


def _text(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def _token(row: Any) -> Token:
    fields = {name: row[name] for name in Token.__dataclass_fields__}
    return Token(**{**fields, "scopes": tuple(row["scopes"].split(","))})


# ---- where they are kept ---------------------------------------------------
@lru_cache(maxsize=1)
def _table() -> Table:
    from sqlalchemy import Column, MetaData, String, Table, Text

    return Table(
        "token",
        MetaData(),
        Column("id", String(12), primary_key=True),
        Column("hash", String(64), nullable=False, unique=True),
        Column("name", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("scopes", Text, nullable=False),
        Column("created", String(32), nullable=False),
        Column("expires", String(32), nullable=False),
        Column("revoked", String(32), nullable=False),
        Column("used", String(32), nullable=False),
    )


def _database() -> Database:
    from sdcviz.jobs.tables import database_of

    return _opened(database_of(get_settings()))


@lru_cache(maxsize=8)
def _opened(url: str) -> Database:
    from sdcviz.databases import Database

    return Database(
        url,
        _table().metadata,
        "tokens",
        "tokens can't be looked up",
        "no token was changed",
    )
