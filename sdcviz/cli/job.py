"""``sdcviz job``: heavy work in the background; ``sdcviz usage``: what it took."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from ..words import minute
from . import app, show
from .arguments import Csv, Json
from .job_given import seconds_of, size_of, states
from .job_shown import document, percent, show_one

__all__ = ["jobs_app"]

jobs_app = typer.Typer(
    help="Heavy work in the background: submit, list, show, log, stop, pause ...",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(jobs_app, name="job")

Id = Annotated[str, typer.Argument(metavar="ID", help="The job, or the first digits of its id.")]


@jobs_app.command()
def submit(
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND ...", help="A command without the word sdcviz."),
    ],
    engine: Annotated[str | None, typer.Option(help="local, docker, slurm ...")] = None,
    cpu: Annotated[float, typer.Option(min=0.01, help="Processors.")] = 1.0,
    memory: Annotated[str, typer.Option(help="Most memory: 500M, 4G.", metavar="SIZE")] = "",
    walltime: Annotated[
        str, typer.Option(help="Most time: seconds, 90m, 2h or 1:30:00.", metavar="TIME")
    ] = "",
    title: Annotated[str, typer.Option(help="For people.")] = "",
    workspace: Annotated[str, typer.Option(help="Whose account it goes to.")] = "",
    image: Annotated[str, typer.Option(help="Container image that gets the command.")] = "",
    reads: Annotated[
        list[Path] | None, typer.Option(help="What it reads (repeatable).", metavar="PATH")
    ] = None,
    writes: Annotated[
        list[Path] | None, typer.Option(help="What it writes (repeatable).", metavar="PATH")
    ] = None,
    network: Annotated[bool, typer.Option("--network", help="It may reach the network.")] = False,
    keep: Annotated[
        bool, typer.Option(help="It goes on when the server stops.", show_default=True)
    ] = True,
    as_json: Json = False,
) -> None:
    """Start a command in the background; prints its id.

    It runs in a folder of its own and gets the paths of this one in full.
    """
    from .. import jobs

    words, read, written = list(command), set(reads or []), set(writes or [])
    if not image:
        from .job_words import in_full

        words, more_read, more_written = in_full(words)
        read, written = read | more_read, written | more_written
    job = jobs.submit(
        words,
        engine=engine,
        title=title,
        limits=jobs.Limits(cpu=cpu, memory=size_of(memory), walltime=seconds_of(walltime)),
        workspace=workspace,
        image=image,
        network=network,
        reads=sorted(read),
        writes=sorted(written),
        keep=keep,
    )
    if as_json:
        show.show_json({"id": job.id})
    else:
        typer.echo(job.id)


@jobs_app.command("list")
def list_jobs(
    state: Annotated[
        list[str] | None, typer.Option(help="Only those in this state (repeatable).")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only those of one person.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Only those of one workspace.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most rows.")] = 50,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    from .. import jobs

    found = jobs.find(owner, workspace, states(state), limit=limit)
    if as_json:
        show.show_json([document(job) for job in found])
        return
    rows = [
        [j.id[:8], str(j.state), percent(j), j.spec.engine, minute(j.created), j.spec.title]
        for j in found
    ]
    show.show_rows(["id", "state", "progress", "engine", "submitted", "title"], rows)


@jobs_app.command("show")
def show_job(id: Id, as_json: Json = False) -> None:
    """Show a job: state, progress, reason, use."""
    from .. import jobs

    show_one(jobs.get(id), as_json)


@jobs_app.command()
def log(
    id: Id,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until the job ends.")] = False,
    offset: Annotated[int, typer.Option(help="Bytes to leave out; negative: only the last.")] = 0,
) -> None:
    """Write the log of a job to standard output."""
    from .. import jobs

    job = jobs.get(id)
    while True:
        over = job.is_over or job.state is jobs.State.HIBERNATED
        while True:
            data, after = jobs.read_log(job.id, offset)
            offset = after
            if not data:
                break
            sys.stdout.buffer.write(data)
        sys.stdout.flush()
        if over or not follow:
            return
        time.sleep(0.2)
        job = jobs.get(job.id)


@jobs_app.command()
def wait(
    id: Id,
    timeout: Annotated[float | None, typer.Option(help="Most seconds to wait.")] = None,
    as_json: Json = False,
) -> None:
    """Wait for the end of a job; the exit code is 1 unless it is done."""
    from .. import jobs

    job = jobs.wait(jobs.get(id).id, timeout)
    show_one(job, as_json)
    if job.state is not jobs.State.DONE:
        raise typer.Exit(1)


@jobs_app.command()
def stop(id: Id, as_json: Json = False) -> None:
    """End a job for good."""
    from .. import jobs

    show_one(jobs.cancel(id), as_json)


@jobs_app.command()
def pause(id: Id, as_json: Json = False) -> None:
    """Freeze a running job; its memory stays taken."""
    from .. import jobs

    show_one(jobs.pause(id), as_json)


@jobs_app.command()
def resume(id: Id, as_json: Json = False) -> None:
    """Let a paused job go on."""
    from .. import jobs

    show_one(jobs.resume(id), as_json)


@jobs_app.command()
def hibernate(id: Id, as_json: Json = False) -> None:
    """End a job for now; it keeps what it has finished, and its memory is free."""
    from .. import jobs

    show_one(jobs.hibernate(id), as_json)


@jobs_app.command()
def wake(id: Id, as_json: Json = False) -> None:
    """Start a hibernated job again."""
    from .. import jobs

    show_one(jobs.wake(id), as_json)


@jobs_app.command()
def keep(
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is left to do.")
    ] = False,
) -> None:
    """Keep jobs until Ctrl-C: what the server does beside the page."""
    from ..jobs.keeping import keep_jobs
    from ..notifications import Notifier

    notifier = Notifier()
    notifier.start()
    try:
        keep_jobs(until_idle, notifier.on_end)
    finally:
        notifier.stop()


@jobs_app.command("engines")
def list_engines(as_json: Json = False) -> None:
    """List the engines that are offered."""
    from .. import jobs

    found = jobs.engines()
    if as_json:
        rows = [{"name": name, "capabilities": sorted(e.capabilities)} for name, e in found.items()]
        show.show_json(rows)
        return
    show.show_rows(
        ["name", "can"], [[name, ", ".join(sorted(e.capabilities))] for name, e in found.items()]
    )


@app.command()
def usage(
    month: Annotated[
        str, typer.Option(help="Such as 2026-11; this one by default.", metavar="MONTH")
    ] = "",
    by: Annotated[str, typer.Option(help="owner, workspace or job.")] = "owner",
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    """Tell what jobs took in a month: processors, memory, time, bytes."""
    from .. import jobs
    from ..jobs.accounting import columns_by

    show.one_form(as_json, as_csv)
    rows = jobs.usage(month or None, by)
    if as_json:
        show.show_json(rows)
        return
    names = columns_by(by)
    if as_csv:
        from ..formats.csv_write import table_text

        sys.stdout.write(table_text(names, rows))
    else:
        show.show_rows(list(names), [[row[name] for name in names] for row in rows])
