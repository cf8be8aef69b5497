"""Who asks, and what he may: a program by its token, or the one local user by his page.

- A program shows a token (``Authorization: Bearer sdc_...``) and nothing else counts then, so
  that no page of another site can use what a browser would send by itself. Programs on this
  machine need one too: that a request comes from here does not tell from whom.
- A page of this server has the visitor's cookie, and the guard has seen to it that what changes
  something comes from such a page. Until people sign on, whoever has a page is the local user.
- A token in an address counts nothing: addresses end in logs and histories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from sdcviz.errors import Forbidden, NotSignedOn
from sdcviz.workspaces.tokens import SCOPES, check_token, local_user

from .guard import COOKIE, VISITOR

__all__ = ["Editor", "Principal", "Reader", "Worker", "asker", "may", "require", "still_counts"]


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes
    ----------
    name : str
        Owner of what he makes.
    scopes : frozenset of str
        What he may, of `sdcviz.workspaces.SCOPES`.
    token : str
        Id of the token; empty for a page.
    """

    name: str
    scopes: frozenset[str]
    token: str = ""

    def sees(self, owner: str) -> bool:
        """Whether what belongs to `owner` is shown to him."""
        return "admin" in self.scopes or owner == self.name


def asker(request: Request) -> Principal:
    """Return who asks.

    Raises
    ------
    NotSignedOn
        Nobody who is known.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = check_token(secret.strip())
        if token is None:
            raise NotSignedOn(
                "This token does not count (any more); 'sdcviz token create' makes one."
            )
        scopes = frozenset(scope for scope in SCOPES if token.may(scope))
        return Principal(token.owner, scopes, token.id)
    if request.scope.get(VISITOR):
        return Principal(local_user(), frozenset(SCOPES))
    raise NotSignedOn(
        "Show a token (Authorization: Bearer sdc_...), or ask from a page of this server; "
        "'sdcviz token create' makes one."
    )


def require(request: Request, scope: str) -> Principal:
    """Return who asks, if he may what `scope` means.

    Raises
    ------
    Forbidden
        He may not.
    """
    who = asker(request)
    if scope not in who.scopes:
        raise Forbidden(f"This token may not {SCOPES[scope]}; make one with --scope {scope}.")
    return who


def still_counts(request: Request, scope: str) -> bool:
    """Whether who asked may still go on, for answers that last."""
    try:
        return scope in asker(request).scopes
    except NotSignedOn:
        return False


# Only for the OpenAPI document: what is shown is looked at by `asker`.
_BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token of `sdcviz token create`."
)
_PAGE = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="page", description="A page of this server."
)


def may(scope: str) -> Any:
    """Return the type of an endpoint's argument that is who asks, if he may what `scope` means."""

    def check(
        request: Request,
        _token: Annotated[Any, Security(_BEARER)],
        _page: Annotated[Any, Security(_PAGE)],
    ) -> Principal:
        return require(request, scope)

    return Annotated[Principal, Depends(check)]


Reader = may("read")
Worker = may("jobs")
Editor = may("edit")
