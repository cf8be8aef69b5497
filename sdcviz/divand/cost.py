"""Time and memory of a factorisation before it is done.

From the size of a grid alone, `predict` cuts the box as `dissect` does, without a matrix: every
separator is a dense block whose rows are itself and the layers around its box. From a matrix and an
order, `count` gives the true numbers of entries and operations. Both turn them into seconds by two
constants and one measurement of the machine's speed in dense products (`speed`, once a process).

To recalibrate, run `tests/benchmarks/bench_divand_inverse.py`: it prints the seconds beside those
that are predicted; PER_OPERATION is what large 3-D problems need, PER_ENTRY what is left for 2-D.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import ceil, comb, prod
from time import perf_counter
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Cost", "count", "predict", "speed"]

PER_OPERATION = 1.15
"""Time of an operation of a factorisation in units of one of a large dense product."""
PER_ENTRY = 4.5e-9
"""Seconds for every entry of the factor: assembly and memory."""
PER_SOLUTION = 1.2e-9
"""Seconds for every entry of the factor in a solution with one right-hand side."""
INVERSE = 2.1
"""Time of all entries of the inverse on the pattern in units of the factorisation."""
LEAF = 64
"""Boxes of at most so many points are not cut, as in `dissect`."""


class Cost(NamedTuple):
    """What a factorisation takes on this machine with one thread.

    Attributes
    ----------
    entries : float
        Of the factor.
    operations : float
        Floating point operations of the factorisation.
    bytes : float
        Memory of the matrix, the factor and what it needs on the way.
    seconds : float
        Of the factorisation.
    solve_seconds : float
        Of a solution with one right-hand side.
    inverse_bytes, inverse_seconds : float
        The same for all entries of the inverse on the matrix's pattern, beyond the factorisation.
    """

    entries: float
    operations: float
    bytes: float
    seconds: float
    solve_seconds: float
    inverse_bytes: float
    inverse_seconds: float


class _Box(NamedTuple):
    entries: float
    operations: float
    panels: float
    need: float  # entries that wait, at most
    fronts: float  # of a chain of blocks in an inversion, at most


def predict(
    shape: Sequence[int],
    *,
    points: int | None = None,
    thickness: int | None = None,
    moddim: Sequence[float] | None = None,
) -> Cost:
    """Predict what the factorisation of an analysis on a grid takes.

    Parameters
    ----------
    shape : sequence of int
        Of the grid. Leave out dimensions of zero correlation length: their layers are problems
        of their own.
    points : int, optional
        Number of sea points; all of them without.
    thickness : int, optional
        Layers in a separator, as in `dissect`; without, as many as Laplacian powers are usual.
    moddim : sequence of float, optional
        Period of every dimension, 0 where it is not cyclic.

    Returns
    -------
    Cost
        Within a factor of three for entries and bytes.
    """
    sides = [int(s) for s in shape]
    if not sides or min(sides) < 1:
        raise ValueError(f"A grid of shape {tuple(shape)} has no points; give sides of at least 1.")
    total = prod(sides)
    n = total if points is None else max(int(points), 1)
    m = ceil(1 + len(sides) / 2) if thickness is None else thickness
    # Land makes the box smaller, evenly.
    scale = (n / total) ** (1 / len(sides))
    cyclic = [False] * len(sides) if moddim is None else [bool(d) for d in moddim]
    box = [max(1, round(s * scale)) for s in sides]
    seams = [d for d in range(len(box)) if cyclic[d] and box[d] > m + 2]
    faces = tuple(2 if d in seams else 0 for d in range(len(box)))
    rest = tuple(b - m if d in seams else b for d, b in enumerate(box))
    found = _cut(rest, faces, m)
    width = prod(box) - prod(rest)
    found = _block(
        width, 0, found.entries, found.operations, found.panels, found.need, found.fronts
    )
    row = sum(2**k * comb(len(sides), k) * comb(m, k) for k in range(min(m, len(sides)) + 1))
    return _cost(found, 12.0 * n * row)


def count(a: sp.csc_array, order: NDArray[np.int64]) -> Cost:
    """Tell what the factorisation of a matrix takes, by a count without numbers.

    Parameters
    ----------
    a : csc array, shape (n, n)
        Both triangles.
    order : array of int64, shape (n,)
        Order of elimination.
    """
    from sdcviz.divand.blocks import find_blocks
    from sdcviz.divand.elimination import count_entries

    indptr, indices = a.indptr.astype(np.int64), a.indices.astype(np.int32)
    blocks = find_blocks(indptr, indices, order)
    entries, need, fronts, _ = map(float, blocks.sizes)
    operations = float((count_entries(a, order).astype(float) ** 2).sum())
    found = _Box(entries, operations, float(blocks.panel_start[-1]), need, fronts)
    return _cost(found, (8.0 + a.indices.itemsize) * a.nnz)


@cache
def speed() -> float:
    """Measure the floating point operations a second of a dense product (syrk)."""
    from scipy.linalg.blas import dsyrk

    a = np.asfortranarray(np.ones((512, 128)))
    best = np.inf
    for _ in range(8):
        start = perf_counter()
        dsyrk(1.0, a, lower=1)
        best = min(best, perf_counter() - start)
    return 512 * 512 * 128 / best


@cache
def _cut(box: tuple[int, ...], faces: tuple[int, ...], m: int) -> _Box:
    """Follow the cuts of a box; `faces` are the sides of each dimension that border a separator."""
    around = sum(f * m * prod(box) // b for f, b in zip(faces, box, strict=True))
    d = max(range(len(box)), key=lambda k: box[k])
    if prod(box) <= LEAF or box[d] < m + 2:
        return _leaf(prod(box), m * prod(box) // box[d], around)
    halves = []
    for k in range(2):
        side = (box[d] - m + k) // 2
        outer = faces[d] - (faces[d] + 1 - k) // 2 if k else (faces[d] + 1) // 2
        halves.append(
            _cut((*box[:d], side, *box[d + 1 :]), (*faces[:d], outer + 1, *faces[d + 1 :]), m)
        )
    left = [_left(box, faces, d, m)] * 2
    need = max(halves[0].need, left[0] + halves[1].need, left[0] + left[1])
    return _block(
        m * prod(box) // box[d],
        around,
        sum(h.entries for h in halves),
        sum(h.operations for h in halves),
        sum(h.panels for h in halves),
        need,
        max(h.fronts for h in halves),
    )


def _leaf(points: int, band: int, around: int) -> _Box:
    """Return what a box that is not cut takes: a band, and half of the rows around it."""
    column = min(band, points / 2) + around / 2 + 1
    entries = points * column
    high = points + around
    return _Box(entries, points * column**2, 1.3 * entries, float(around) ** 2, float(high) ** 2)


def _left(box: tuple[int, ...], faces: tuple[int, ...], d: int, m: int) -> float:
    """Return the entries that half of a box leaves to its separator."""
    half = max(1, (box[d] - m) // 2)
    side = (*box[:d], half, *box[d + 1 :])
    around = sum(f * m * prod(side) // b for f, b in zip(faces, side, strict=True))
    return float(around + m * prod(side) // half) ** 2


def _block(
    width: float,
    below: float,
    entries: float = 0.0,
    operations: float = 0.0,
    panels: float = 0.0,
    need: float = 0.0,
    fronts: float = 0.0,
) -> _Box:
    """Add a dense block to what its children take."""
    high = width + below
    return _Box(
        entries + width * (width + 1) / 2 + width * below,
        operations + (high**3 - float(below) ** 3) / 3,
        panels + width * high,
        max(need, float(below) ** 2),
        fronts + float(high) ** 2,
    )


def _cost(found: _Box, matrix: float) -> Cost:
    seconds = PER_OPERATION * found.operations / speed() + PER_ENTRY * found.entries
    return Cost(
        found.entries,
        found.operations,
        matrix + 8.0 * (found.panels + found.need),
        seconds,
        PER_SOLUTION * found.entries,
        8.0 * found.fronts,
        INVERSE * seconds,
    )
