"""A run of checks as a process of its own; what it finds is kept beside the collection."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .processes import CommandJob, Outcome

__all__ = ["CheckJob", "Outcome"]


class CheckJob(CommandJob):
    """One running `sdcviz qc check`.

    When it has ended well, ``sdcviz.qc.store.load_findings(collection)`` gives what
    was found, and `Outcome.report` the counts by check, why others were not
    run (``"skipped"``), and the batch that was written if flags were applied.

    Parameters
    ----------
    path : Path
        Folder of the collection.
    checks : sequence of str
        Names of checks; all that can be run by default.
    parameters : sequence of str
        Parameters to look at; all by default.
    rows : ndarray of int64, optional
        Stations to look at; all by default.
    user : str
        Who runs them.
    apply : bool
        Whether the proposed flags are set.
    """

    def __init__(
        self,
        path: Path | str,
        checks: Sequence[str] = (),
        parameters: Sequence[str] = (),
        rows: NDArray[np.int64] | None = None,
        user: str = "",
        apply: bool = False,
    ) -> None:
        self._rows = None if rows is None else _write_rows(rows)
        arguments = ["qc", "check", "--json", "--counts", "--progress", "json"]
        arguments += [a for name in checks for a in ("--check", name)]
        arguments += [a for key in parameters for a in ("--parameter", key)]
        arguments += ["--user", user] if user else []
        arguments += ["--apply"] if apply else []
        arguments += ["--rows", str(self._rows)] if self._rows else []
        super().__init__("run of checks", [*arguments, "--", str(path)])

    def _clean(self) -> None:
        if self._rows:
            self._rows.unlink(missing_ok=True)


def _write_rows(rows: NDArray[np.int64]) -> Path:
    with tempfile.NamedTemporaryFile(suffix=".npy", prefix="sdcviz-rows-", delete=False) as file:
        np.save(file, np.asarray(rows, np.int64))
    return Path(file.name)
