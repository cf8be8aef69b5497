"""``sdcviz notify``: what you want to hear about jobs, and where."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from ..words import duration, minute
from . import app, show
from .arguments import Json

__all__: list[str] = []

notify = typer.Typer(help="What you want to hear about jobs, and where.", no_args_is_help=True)
app.add_typer(notify, name="notify")

Owner = Annotated[str, typer.Option(help="Of whom; else you.", metavar="NAME")]


@notify.command("set")
def set_(
    ctx: typer.Context,
    mail: Annotated[
        str | None, typer.Option(help="Where mails go; '' for none.", metavar="ADDRESS")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(help="Web address that gets documents; '' for none.", metavar="URL"),
    ] = None,
    done: Annotated[
        bool | None, typer.Option("--done/--no-done", help="Of jobs that are done.")
    ] = None,
    failed: Annotated[
        bool | None, typer.Option("--failed/--no-failed", help="Of jobs that failed or were lost.")
    ] = None,
    longer_than: Annotated[
        float | None,
        typer.Option(min=0, help="Only of jobs that took longer.", metavar="SECONDS"),
    ] = None,
    owner: Owner = "",
    as_json: Json = False,
) -> None:
    """Say what you want to hear, and where; what is not named stays."""
    from ..notifications.preferences import preferences_of, save_preferences

    owner = owner or _me()
    given: dict[str, Any] = {"mail": mail, "webhook": webhook, "done": done, "failed": failed}
    given["longer_than"] = longer_than
    said = {name: value for name, value in given.items() if value is not None}
    wishes = replace(preferences_of(owner), **said)
    save_preferences(owner, wishes, ctx.obj)
    _tell(ctx, owner, as_json)


@notify.command("show")
def show_(ctx: typer.Context, owner: Owner = "", as_json: Json = False) -> None:
    """Show what you want to hear, and the secret that signs what your webhook gets."""
    _tell(ctx, owner or _me(), as_json)


@notify.command("list")
def list_(
    owner: Owner = "",
    limit: Annotated[int, typer.Option(min=1, help="Most rows.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest notices."""
    from ..notifications import Notices

    found = Notices().of(owner or _me(), limit)
    if as_json:
        show.show_json([asdict(notice) for notice in found])
        return
    show.show_rows(
        ["job", "state", "ended", "title", "trouble"],
        [[n.job[:8], n.state, minute(n.created), n.title, n.trouble] for n in found],
    )


def _me() -> str:
    from ..workspaces.tokens import local_user

    return local_user()


def _tell(ctx: typer.Context, owner: str, as_json: bool) -> None:
    from ..notifications.preferences import preferences_of, secret_of

    wishes = preferences_of(owner)
    secret = secret_of(owner, wishes.webhook, ctx.obj) if wishes.webhook else ""
    if as_json:
        show.show_json({"owner": owner, **asdict(wishes), "webhook_secret": secret})
        return
    of = [name for name in ("done", "failed") if getattr(wishes, name)]
    longer = f" that took longer than {duration(wishes.longer_than)}" if wishes.longer_than else ""
    show.show_rows(
        ["what", "setting"],
        [
            ["mail", wishes.mail or "none"],
            ["webhook", wishes.webhook or "none"],
            *([["its secret", secret]] if secret else []),
            ["of jobs", (" or ".join(of) or "none") + longer],
        ],
    )
