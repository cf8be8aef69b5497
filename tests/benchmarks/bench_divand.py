"""Interpolation against the authors' Octave toolbox, and its growth with the grid.

Both solve the same problem in turn, in processes of their own with one thread. CPU time is of
the whole analysis without start-up and reading; memory is what it adds to the process, and in
brackets the whole process. ``--quick`` leaves out what takes the peer more than a minute.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from divand_problems import Problem, box, cruises
from divand_runs import Run, has_peer, ours, peer

BOX3, BOX4 = (0.1, 0.1, 0.15), (0.2, 0.2, 0.3, 0.4)
Make = Callable[[], list[Problem]]
ROWS: list[tuple[str, str, int, Make]] = [
    # name, task, runs of both, problems
    ("2-D 300x300", "one", 3, lambda: [box((300, 300), (0.1, 0.1))]),
    ("2-D 600x600", "one", 3, lambda: [box((600, 600), (0.1, 0.1))]),
    ("2-D 1000x1000", "one", 1, lambda: [box((1000, 1000), (0.1, 0.1))]),
    ("3-D 60x60x10", "one", 3, lambda: [box((60, 60, 10), BOX3)]),
    ("3-D 100x100x20", "one", 1, lambda: [box((100, 100, 20), BOX3)]),
    ("4-D 20x20x8x6", "one", 3, lambda: [box((20, 20, 8, 6), BOX4)]),
    ("12 slices of 3-D 60x60x10", "slices", 1,
     lambda: [box((60, 60, 10), BOX3, seed) for seed in range(12)]),
    ("exact error 2-D 300x300", "exact", 3, lambda: [box((300, 300), (0.1, 0.1))]),
    ("cruises 2-D 300x300", "one", 3, lambda: [cruises((300, 300), (2, 2), 3000)]),
    ("cruises 2-D 600x600", "one", 3, lambda: [cruises((600, 600), (2, 2), 3000)]),
    ("cruises 3-D 100x60x15", "one", 1, lambda: [cruises((100, 60, 15), (2, 2, 0.2), 1500)]),
    ("12 slices of cruises 60x40x10", "slices", 1,
     lambda: [cruises((60, 40, 10), (2, 2, 0.2), 400, seed) for seed in range(12)]),
]  # fmt: skip
SLOW = {"2-D 1000x1000", "3-D 100x100x20", "12 slices of 3-D 60x60x10", "cruises 3-D 100x60x15"}
GROWTH: list[tuple[str, Make]] = [
    (f"{len(shape)}-D {'x'.join(map(str, shape))}", lambda s=shape, c=lengths: [box(s, c)])
    for shape, lengths in (
        ((100, 100), (0.1, 0.1)), ((300, 300), (0.1, 0.1)), ((1000, 1000), (0.1, 0.1)),
        ((30, 30, 11), BOX3), ((60, 60, 28), BOX3), ((130, 130, 60), BOX3),
    )
]  # fmt: skip


def row(name: str, task: str, runs: int, make: Make, folder: Path, against: bool) -> None:
    """Measure both in turn and print a row."""
    problems = make()
    files = [folder / f"problem{i}.mat" for i in range(len(problems))]
    for problem, file in zip(problems, files, strict=True):
        problem.save(file)
    own, theirs = [], []
    for _ in range(runs):
        if against:
            theirs.append(peer(task, files, folder))
        own.append(ours(task, files, folder))
    mine = _typical(own)
    cells = [name, f"{int(problems[0].mask.sum()):,}", f"{len(problems[0].f):,}", _told(mine)]
    if against:
        other = _typical(theirs)
        difference = float(np.nanmax(np.abs(own[0].field - theirs[0].field)))
        grown = (other.peak - other.base) / max(mine.peak - mine.base, 1)
        cells += [_told(other), f"{other.cpu / mine.cpu:.1f}", f"{grown:.1f}"]
        cells += [f"{other.peak / mine.peak:.1f}", f"{difference:.0e}"]
    print(f"| {' | '.join(cells)} | {mine.about} |", flush=True)


def _typical(runs: list[Run]) -> Run:
    cpu, peak, base = (median(getattr(r, k) for r in runs) for k in ("cpu", "peak", "base"))
    return Run(cpu, peak, base, runs[0].field, runs[0].about)


def _told(run: Run) -> str:
    return f"{run.cpu:.2f} s, {run.peak - run.base:.0f} ({run.peak:.0f}) MB"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="rows whose name holds this")
    chosen = parser.parse_args()
    against = has_peer()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = "problem | points | obs | ours"
        if against:
            head += " | octave-divand | times | memory added | all | difference"
        else:
            print("octave-divand is missing (apt-get install octave-divand): ours alone")
        print(f"| {head} | solver, iterations |\n|{'---|' * (head.count('|') + 2)}", flush=True)
        for title, task, runs, make in ROWS:
            if chosen.only in title and not (chosen.quick and title in SLOW):
                row(title, task, runs, make, folder, against)
        print("\nGrowth with the grid, ours alone, iterative and direct\n")
        print("| problem | points | obs | took | solver, iterations |\n|---|---|---|---|---|")
        for title, make in GROWTH:
            if chosen.only in title:
                row(title, "iterative", 1, make, folder, False)
                if make()[0].mask.sum() < 4e5 and not chosen.quick:
                    row(title, "direct", 1, make, folder, False)


if __name__ == "__main__":
    main()
