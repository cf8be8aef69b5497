"""``sdcviz job trial``: a job that does as told, to try an engine out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from . import show
from .job import jobs_app

__all__: list[str] = []


@jobs_app.command(hidden=True)
def trial(
    steps: Annotated[int, typer.Option(min=0, help="Steps of work.")] = 3,
    seconds: Annotated[float, typer.Option(help="Time of each step.")] = 0.1,
    memory: Annotated[int, typer.Option(help="Bytes to fill at the end.")] = 0,
    log: Annotated[int, typer.Option(help="Bytes to write to standard output.")] = 0,
    write: Annotated[int, typer.Option(help="Bytes to write to a file of the folder.")] = 0,
    deaf: Annotated[bool, typer.Option("--deaf", help="Do not hear SIGTERM.")] = False,
    child: Annotated[
        bool, typer.Option("--child", help="Leave the steps to a process in a session of its own.")
    ] = False,
    kept: Annotated[
        Path | None, typer.Option(help="File of finished steps, to go on from.", metavar="FILE")
    ] = None,
    code: Annotated[int, typer.Option(help="Exit code.")] = 0,
) -> None:
    """Do as told: work, fill memory, write a lot, not hear, fail."""
    if deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if child:
        words = [w for w in sys.argv[1:] if w != "--child"]
        command = [sys.executable, "-m", "sdcviz.cli", *words]
        raise typer.Exit(subprocess.run(command, start_new_session=True).returncode)
    _write_log(log)
    begun = int(kept.read_text()) if kept and kept.exists() else 0
    with show.progress_bar("none") as tell:
        assert tell is not None, "a trial is run by an engine"
        tell(begun, steps, "First step")
        for step in range(begun, steps):
            time.sleep(seconds)
            if kept:
                draft = kept.with_name(kept.name + ".draft")
                draft.write_text(str(step + 1))
                draft.replace(kept)
            tell(step + 1, steps, f"Step {step + 1}")
    if write:
        with Path("written").open("wb") as file:
            for _ in range(0, write, 1 << 20):
                file.write(os.urandom(1 << 20))
    if memory:
        block = bytearray(os.urandom(1 << 20))
        filled = [bytes(block) for _ in range(0, memory, len(block))]
        time.sleep(seconds)
        del filled
    if code:
        typer.echo(f"sdcviz: it failed as told, with {code}.", err=True)
        raise typer.Exit(code)
    show.show_json({"steps": steps, "begun": begun})


def _write_log(count: int) -> None:
    line, block = "0123456789" * 9 + "012345678", 108 * 1000
    for begin in range(0, count, block):
        numbers = range(begin, min(begin + block, count), 108)
        sys.stdout.write("".join(f"{number:08d}{line}\n" for number in numbers))
    sys.stdout.flush()
