"""The ``sdcviz`` command.

The rooms that a command needs are imported inside it: ``sdcviz --help`` loads
none of them.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import SdcvizError

__all__ = ["app", "main"]

BAD_INPUT = 2
STOPPED = 130


class _Sentences(TyperGroup):
    """A command group that tells an error in one sentence, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SdcvizError as error:
            typer.echo(f"sdcviz: {error}", err=True)
            raise typer.Exit(BAD_INPUT) from error
        except KeyboardInterrupt as error:
            typer.echo("\nsdcviz: Stopped; what was there before is unchanged.", err=True)
            raise typer.Exit(STOPPED) from error


app = typer.Typer(
    cls=_Sentences,
    name="sdcviz",
    help="Ocean observations from raw files to a published product.",
    no_args_is_help=True,
    # Plain help: it works in any pipe, and rich would double the time it takes.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sdcviz {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log JSON lines.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    from ..logs import configure, hide
    from ..settings import load_settings

    given: dict[str, Any] = {}
    if log_level is not None:
        given["log_level"] = log_level.lower()
    if log_json:
        given["log_json"] = True
    settings = load_settings(**given)
    database = (settings.journal_url, settings.jobs_url)
    for secret in (settings.secret_key, settings.smtp_password, *database):
        if secret is not None:
            hide(secret.get_secret_value())
    configure(settings.log_level, as_json=settings.log_json)
    ctx.obj = settings


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the ``sdcviz`` command: the entry point of the installed script."""
    # The page cancels an import with SIGTERM: it has to clean up as after Ctrl-C.
    signal.signal(signal.SIGTERM, _stop)
    # JSON is UTF-8 by its definition, and names of ships and people need it anyway.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app(prog_name="sdcviz")


# The commands register themselves on `app`, hence last.
from . import (  # noqa: E402
    animate,  # noqa: F401
    collection,  # noqa: F401
    compare,  # noqa: F401
    divand,  # noqa: F401
    extract,  # noqa: F401
    figure,  # noqa: F401
    job,  # noqa: F401
    job_trial,  # noqa: F401
    notebook,  # noqa: F401
    notify,  # noqa: F401
    picture,  # noqa: F401
    product,  # noqa: F401
    qc,  # noqa: F401
    qc_check,  # noqa: F401
    qc_climatology,  # noqa: F401
    qc_flags,  # noqa: F401
    qc_letters,  # noqa: F401
    review,  # noqa: F401
    server,  # noqa: F401
    token,  # noqa: F401
    vocabulary,  # noqa: F401
)
