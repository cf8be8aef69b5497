"""Commands of quality control: ``sdcviz qc ...``."""

from __future__ import annotations

import typer

from . import app

__all__ = ["qc"]

qc = typer.Typer(
    name="qc",
    help="Quality control: checks, flags, their history, letters to data centres.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(qc)
