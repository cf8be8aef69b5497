"""``sdcviz token``: tokens by which programs sign on to the HTTP service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ..words import minute
from . import app, show
from .arguments import Json

__all__: list[str] = []

token = typer.Typer(
    help="Tokens for programs that use the HTTP service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(token, name="token")


@token.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="read, jobs, edit or admin (repeatable).", metavar="SCOPE")
    ],
    days: Annotated[float, typer.Option(help="How long it counts.", metavar="N")] = 90,
    owner: Annotated[str, typer.Option(help="Who works with it; else you.", metavar="NAME")] = "",
    as_json: Json = False,
) -> None:
    """Make a token and show it, this once."""
    from ..workspaces import make_token

    secret, made = make_token(name, scope, days, owner)
    if as_json:
        show.show_json({"token": secret, **asdict(made)})
        return
    typer.echo(secret)
    show.note(
        f"Token {made.id} counts until {minute(made.expires)}. It is not shown again: keep it as "
        "you keep a password."
    )


@token.command("list")
def list_(as_json: Json = False) -> None:
    """List the tokens; those that count no more too."""
    from ..workspaces import list_tokens

    tokens = list_tokens()
    if as_json:
        show.show_json([{**asdict(t), "state": t.state} for t in tokens])
        return
    show.show_rows(
        ["id", "name", "owner", "scopes", "state", "expires", "used"],
        [
            [t.id, t.name, t.owner, " ".join(t.scopes), t.state, minute(t.expires),
             minute(t.used) if t.used else "never"]
            for t in tokens
        ],
    )  # fmt: skip


@token.command()
def revoke(
    identity: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, or its start.")],
    as_json: Json = False,
) -> None:
    """Let a token count no more."""
    from ..workspaces import revoke_token

    gone = revoke_token(identity)
    if as_json:
        show.show_json({**asdict(gone), "state": gone.state})
    else:
        typer.echo(f"Token {gone.id} ({gone.name}) counts no more.")
