"""Findings on disk, beside the collection they are about.

``findings/<snapshot>.npz`` in the collection's folder, or in the data folder
where that one may not be written. A later run of some checks, or over some
stations, replaces their findings and keeps the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from sdcviz.errors import StorageError
from sdcviz.observations.layout import sync_folder
from sdcviz.settings import get_settings

from .model import DEPTH, Findings

if TYPE_CHECKING:
    from sdcviz.observations.collection import Collection

    from .checks.limits import Thresholds

__all__ = ["Run", "findings_state", "load_findings", "load_run", "save_findings"]

_COLUMNS = ("station", "sample", "parameter", "check", "flag", "value", "threshold")


@dataclass(frozen=True)
class Run:
    """What is kept of the checks of a snapshot.

    Attributes
    ----------
    findings : Findings
    time : str
        When the last of them were run, ISO 8601 in UTC.
    user : str
        Who ran them.
    checks : tuple of str
        All checks that were run, also those that found nothing.
    skipped : dict of str to str
        Checks that were not run, and why.
    thresholds : dict
        What the thresholds file said.
    """

    findings: Findings
    time: str = ""
    user: str = ""
    checks: tuple[str, ...] = ()
    skipped: dict[str, str] = field(default_factory=dict)
    thresholds: dict[str, Any] = field(default_factory=dict)


def save_findings(
    collection: Collection,
    findings: Findings,
    *,
    checks: Sequence[str],
    thresholds: Thresholds | None = None,
    user: str = "",
    rows: NDArray[np.int64] | None = None,
    parameters: Sequence[str] | None = None,
    skipped: dict[str, str] | None = None,
) -> Path:
    """Keep what checks found, in the place of what the same ones found before.

    Parameters
    ----------
    collection : Collection
    findings : Findings
    checks : sequence of str
        Names of the checks that were run.
    thresholds : Thresholds, optional
        What they were run with.
    user : str
        Who ran them.
    rows : ndarray of int64, optional
        Stations that were looked at; all by default.
    parameters : sequence of str, optional
        Parameters that were looked at; all by default.
    skipped : dict of str to str, optional
        Checks that were not run, and why.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    StorageError
        It can be written neither beside the collection nor in the data folder.
    """
    before = load_run(collection)
    ran, left_out = list(checks), dict(skipped or {})
    if before is not None:
        kept = before.findings.take(
            ~_replaced(before.findings, checks, rows, parameters, collection.n_stations)
        )
        findings = Findings.join([kept, findings]) if len(kept) else findings
        ran += [name for name in before.checks if name not in ran]
        left_out = {k: v for k, v in (before.skipped | left_out).items() if k not in ran}
    about = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": user,
        "checks": ran,
        "skipped": left_out,
        "thresholds": thresholds.content if thresholds else {},
        "keys": findings.keys,
        "names": findings.checks,
        "details": list(findings.details.items()),
    }
    refused: OSError | None = None
    for path in _places(collection):
        try:
            return _write(path, findings, about)
        except OSError as error:
            refused = refused or error
    assert refused is not None
    raise StorageError(
        f"The findings of {collection.name} can't be kept ({refused.strerror}: "
        f"{refused.filename or _places(collection)[0].parent}); free some space, or set "
        "SDCVIZ_DATA_DIR to a folder that you may write."
    ) from refused


def load_findings(collection: Collection) -> Findings | None:
    """Return the findings that were kept for this snapshot, or None."""
    run = load_run(collection)
    return None if run is None else run.findings


def load_run(collection: Collection) -> Run | None:
    """Return what was kept of the checks of this snapshot, or None.

    A file that is damaged counts as none: checks can be run again.
    """
    found = []
    for path in _places(collection):
        try:
            found.append((path.stat().st_mtime_ns, path))
        except OSError:
            continue
    for _, path in sorted(found, reverse=True):
        try:
            return _read(path)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
            continue
    return None


def findings_state(collection: Collection) -> tuple[tuple[int, int], ...]:
    """Return what changes when other findings are kept; empty where there are none.

    It asks for the files only, so it may be called often.
    """
    state = []
    for path in _places(collection):
        try:
            about = path.stat()
        except OSError:
            continue
        state.append((about.st_mtime_ns, about.st_ino))
    return tuple(state)


def _places(collection: Collection) -> list[Path]:
    """Return where the findings may be: beside the collection, else in the data folder."""
    name = f"{collection.snapshot}.npz"
    kept = get_settings().data_dir / "findings" / collection.id
    return [collection.path / "findings" / name, kept / name]


def _replaced(
    before: Findings,
    checks: Sequence[str],
    rows: NDArray[np.int64] | None,
    parameters: Sequence[str] | None,
    n_stations: int,
) -> NDArray[np.bool_]:
    """Tell which older findings a run of some checks replaces."""
    again = np.array([*(name in checks for name in before.checks), False])[before.check]
    if rows is not None:
        looked_at = np.zeros(n_stations, bool)
        looked_at[rows] = True
        again &= looked_at[before.station]
    if parameters is not None:
        named = {DEPTH if name == "depth" else name for name in parameters}
        meant = np.array([*(key in named for key in before.keys), False])
        again &= meant[before.parameter]
    return again


def _write(path: Path, findings: Findings, about: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(about, ensure_ascii=False, default=str).encode()
    try:
        with open(draft, "wb") as file:
            np.savez(
                file,
                allow_pickle=False,
                about=np.frombuffer(text, np.uint8),
                **{name: getattr(findings, name) for name in _COLUMNS},
            )
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
    for other in path.parent.glob("*.npz"):
        if other.name < path.name:  # of a snapshot that an import has replaced: its rows are gone
            other.unlink(missing_ok=True)
    return path


def _read(path: Path) -> Run:
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(file["about"].tobytes())
        columns = {name: file[name] for name in _COLUMNS}
    found = Findings(
        **columns,
        keys=tuple(about["keys"]),
        checks=tuple(about["names"]),
        details={int(n): text for n, text in about["details"]},
    )
    return Run(
        found,
        about["time"],
        about["user"],
        tuple(about["checks"]),
        about["skipped"],
        about["thresholds"],
    )
