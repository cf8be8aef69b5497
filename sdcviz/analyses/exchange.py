"""The folder by which another engine gets a problem and gives its answer.

What is in it is plain: grid, metric, lengths, places, anomalies and error variances as the
built-in engine itself gets them, after the recipe, the collection, the background and the
transformation have been seen to. So nothing of a recipe is translated twice::

    problem.json      what to do: version, key, error, cyclic dimensions, list of slices with hashes
    grid.nc           mask, xi1.., pmn1.., len1.. (stored depth, lat, lon: lon first for Julia)
    slice_0000.nc     x1.., f, epsilon2: observations of one time slice
    result_0000.nc    field, error, residual, used; attributes tell whose answer it is
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import __version__, divand
from ..errors import BadRequest, UnreadableFile
from ..formats.netcdf_file import netcdf_file
from ..storage import storage_errors

__all__ = ["FORMAT", "VERSION", "Answer", "Slice", "read_answer", "read_problem", "write_problem"]

FORMAT = "sdcviz divand problem"
VERSION = 1

Array = NDArray[np.float64]


class Slice(NamedTuple):
    """Observations of one time slice.

    Attributes
    ----------
    number : int
    label : str
    places : tuple of ndarray, shape (k,)
        In the units of the grid's coordinates.
    anomaly, epsilon2 : ndarray, shape (k,)
    """

    number: int
    label: str
    places: tuple[Array, ...]
    anomaly: Array
    epsilon2: Array


class Answer(NamedTuple):
    """What another engine made of a time slice.

    Attributes
    ----------
    field : ndarray of the grid's shape
    error : ndarray of the grid's shape, or None
        Relative error variance.
    residual : ndarray, shape (k,)
    used : ndarray of bool, shape (k,)
    engine : str
        Name and versions.
    seconds : float
    warnings : tuple of str
    """

    field: Array
    error: Array | None
    residual: Array
    used: NDArray[np.bool_]
    engine: str
    seconds: float
    warnings: tuple[str, ...]


def write_problem(
    folder: Path, key: str, norm: divand.Background, error: str, slices: Sequence[Slice]
) -> None:
    """Write a problem; answers that are there already stay.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : str
        Hash of all that decides the numbers.
    norm : Background
        Grid, metric and lengths.
    error : str
        "cpme", "exact" or "none".
    slices : sequence of Slice
        Each with at least one observation.

    Raises
    ------
    StorageError
        The disk is full or can't be written.
    """
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _whole(folder / "grid.nc", lambda path: _write_grid(path, norm))
        listed = []
        for one in slices:
            path = folder / f"slice_{one.number:04d}.nc"
            _whole(path, lambda part, one=one: _write_slice(part, one))
            listed.append(
                {
                    "number": one.number,
                    "label": one.label,
                    "observations": len(one.anomaly),
                    "input": path.name,
                    "sha256": _hash(path),
                    "output": f"result_{one.number:04d}.nc",
                }
            )
        problem = {
            "format": FORMAT,
            "version": VERSION,
            "sdcviz": __version__,
            "key": key,
            "grid": "grid.nc",
            "grid_sha256": _hash(folder / "grid.nc"),
            "shape": list(norm.mask.shape),
            "moddim": list(norm.periods),
            "alphabc": 1.0,
            "scale_len": True,
            "error": error,
            "slices": listed,
        }
        text = json.dumps(problem, indent=1, ensure_ascii=False)
        _whole(folder / "problem.json", lambda path: path.write_text(text, encoding="utf-8"))


def read_problem(folder: Path) -> dict[str, Any]:
    """Read what was asked.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict

    Raises
    ------
    UnreadableFile
        There is none, or one of another version.
    """
    path = folder / "problem.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        right = told["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(
            f"{folder}: no problem of an analysis is in it; make one with "
            "'sdcviz divand RECIPE --export-julia FOLDER'."
        ) from error
    if not right or told["version"] != VERSION:
        raise UnreadableFile(
            f"{path}: a problem of version {told.get('version')}, and this sdcviz knows "
            f"{VERSION}; export it again."
        )
    return dict(told)


def read_answer(folder: Path, problem: dict[str, Any], number: int) -> Answer:
    """Read the answer to one time slice.

    Parameters
    ----------
    folder : Path
    problem : dict
        See `read_problem`.
    number : int

    Returns
    -------
    Answer

    Raises
    ------
    BadRequest
        It is missing, or an answer to another problem.
    UnreadableFile
        It is damaged.
    """
    asked = next(one for one in problem["slices"] if one["number"] == number)
    path = folder / asked["output"]
    if not path.exists():
        raise BadRequest(
            f"{path}: {asked['label']} has no answer yet; run the driver once more, "
            "it goes on with what is missing."
        )
    try:
        answer, meant = _read_answer(path)
    except (OSError, RuntimeError, KeyError, IndexError, ValueError, AttributeError) as error:
        raise _damaged(path, f"it can't be read ({error})") from error
    if meant != (problem["key"], asked["sha256"], problem["grid_sha256"]):
        raise BadRequest(
            f"{path}: the answer to another problem; delete it and run the driver once more."
        )
    shape, count = tuple(problem["shape"]), asked["observations"]
    if answer.field.shape != shape or (answer.error is not None and answer.error.shape != shape):
        raise _damaged(path, f"its field has the shape {answer.field.shape} and not {shape}")
    if answer.residual.shape != (count,) or answer.used.shape != (count,):
        raise _damaged(path, f"it has {len(answer.residual)} residuals for {count} observations")
    if (answer.error is None) != (problem["error"] == "none"):
        raise _damaged(path, f"the problem asks for the error {problem['error']!r}")
    return answer


# ---- files ------------------------------------------------------------------
def _whole(path: Path, write: Any) -> None:
    """Have a file written that appears complete or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_grid(path: Path, norm: divand.Background) -> None:
    assert norm.given_xi is not None
    with netcdf_file(path, "w", format="NETCDF4") as file:
        names = [f"n{k}" for k in range(1, norm.mask.ndim + 1)]
        for name, size in zip(names, norm.mask.shape, strict=True):
            file.createDimension(name, size)

        def put(name: str, array: Any, kind: str, dims: list[str]) -> None:
            made = file.createVariable(name, kind, dims, zlib=True, complevel=1)
            made[:] = np.ascontiguousarray(np.transpose(array))

        put("mask", norm.mask.astype(np.int8), "i1", names[::-1])
        for k, name in enumerate(names):
            first: list[Any] = [0] * norm.mask.ndim
            first[k] = slice(None)
            put(f"xi{k + 1}", norm.given_xi[k][tuple(first)], "f8", [name])
            put(f"pmn{k + 1}", norm.given_pmn[k], "f8", names[::-1])
            put(f"len{k + 1}", norm.given_lengths[k], "f8", names[::-1])


def _write_slice(path: Path, one: Slice) -> None:
    with netcdf_file(path, "w", format="NETCDF4") as file:
        file.createDimension("observation", len(one.anomaly))
        columns = {f"x{k}": values for k, values in enumerate(one.places, 1)}
        columns |= {"f": one.anomaly, "epsilon2": one.epsilon2}
        for name, values in columns.items():
            file.createVariable(name, "f8", ["observation"])[:] = values


def _read_answer(path: Path) -> tuple[Answer, tuple[str, str, str]]:
    with netcdf_file(path) as file:
        file.set_auto_maskandscale(False)
        field = np.transpose(file["field"][:]).astype(np.float64)
        error = None
        if "error" in file.variables:
            error = np.transpose(file["error"][:]).astype(np.float64)
        meant = tuple(str(file.getncattr(n)) for n in ("key", "input_sha256", "grid_sha256"))
        heard = str(file.getncattr("warnings"))
        return Answer(
            field,
            error,
            np.asarray(file["residual"][:], np.float64),
            np.asarray(file["used"][:]).astype(bool),
            str(file.getncattr("engine")),
            float(file.getncattr("seconds")),
            tuple(line for line in heard.splitlines() if line),
        ), meant  # type: ignore[return-value]


def _damaged(path: Path, reason: str) -> UnreadableFile:
    return UnreadableFile(
        f"{path}: no answer that can be used, {reason}; delete it and run the driver once more."
    )
