"""What the commands write: JSON, CSV, tables for people, progress."""

from __future__ import annotations

import csv
import datetime
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import BadRequest
from .events import steps_to, tell_job

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["note", "progress_bar", "show_csv", "show_json", "show_rows"]

Progress = Callable[[int, int, str], None]


def note(text: str) -> None:
    """Write a sentence that is not a result: to standard error."""
    typer.echo(text, err=True)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: numpy scalars, times and paths turned into texts or numbers.

    A number that is missing (NaN, NaT) becomes null, as JSON has no word for it.
    """
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.datetime | datetime.date):
        return None if value != value else value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if type(value).__name__ == "datetime64":
        return None if value != value else str(value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars
        return plain(value.tolist())
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


def show_json(document: Any) -> None:
    """Write exactly one JSON document to standard output; it is the result of a job."""
    document = plain(document)
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")
    tell_job("result", report=document)


def show_csv(table: pd.DataFrame) -> None:
    """Write a table to standard output as CSV; times as ISO 8601, missing values empty.

    No text is a formula for a spreadsheet.
    """
    from ..formats.csv_write import safe_text

    texts = table.select_dtypes(["object", "string", "category"]).columns
    table = table.assign(
        **{
            name: [safe_text(v) if isinstance(v, str) else v for v in table[name]]
            for name in texts
            if table.columns.to_list().count(name) == 1
        }
    )
    table.to_csv(sys.stdout, index=False, date_format="%Y-%m-%dT%H:%M:%S", lineterminator="\n")


def show_rows(headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table for people on a terminal, tab-separated lines in a pipe."""
    if not sys.stdout.isatty():
        writer = csv.writer(sys.stdout, dialect="excel-tab", lineterminator="\n")
        writer.writerow(headings)
        writer.writerows([_cell(value) for value in row] for row in rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_cell(value).replace("[", r"\[") for value in row))
    Console().print(table)


def _cell(value: Any) -> str:
    value = plain(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def one_form(as_json: bool, as_csv: bool) -> None:
    """Refuse two forms of output at once."""
    if as_json and as_csv:
        raise BadRequest("--json and --csv exclude each other: choose one.")


@contextmanager
def progress_bar(kind: str = "auto") -> Iterator[Progress | None]:
    """Give a function that shows progress on standard error, or None to stay quiet.

    Parameters
    ----------
    kind : str
        "auto": a bar on a terminal, nothing in a pipe; "json": one JSON line a
        step for a program that reads it; "none".

    Yields
    ------
    callable or None
        Takes ``(done, total, text)``.
    """
    if kind == "json":
        yield steps_to(_json_line)
    elif kind == "auto" and sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
        )
        with Progress(*columns, Remaining(), console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            yield steps_to(
                lambda done, total, text: bar.update(
                    task, completed=done, total=total or None, description=text
                )
            )
    elif kind in {"auto", "none"}:
        yield steps_to(None)
    else:
        raise BadRequest(f"--progress {kind}: expected auto, json or none.")


def _json_line(done: int, total: int, text: str) -> None:
    line = json.dumps({"done": done, "total": total, "text": text}, ensure_ascii=False)
    print(line, file=sys.stderr, flush=True)
