"""The exact error by the inverse on the pattern of the factor against a solution for every column.

Also orders of elimination and backends, and what was predicted. CPU seconds of one thread; the
columns are extrapolated from 25. "factorise" takes fresh memory, which on some machines is slow to
come; "update" does the same work in memory that is there. The matrices are those of an analysis
with an island and land in a corner.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "divand"))

import numpy as np  # noqa: E402
from divand_matrices import analysis_matrix, box_with_land, powers  # noqa: E402

from sdcviz.divand.cholesky import factorise  # noqa: E402
from sdcviz.divand.cost import count, predict, speed  # noqa: E402
from sdcviz.divand.ordering import dissect, least_degree  # noqa: E402

COLUMNS = 25


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of a call and what it returns."""
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


def problem(shape: tuple[int, ...]) -> tuple[Any, Any, int]:
    """Return the matrix, the geometric order and the number of points."""
    mask = box_with_land(shape)
    a = analysis_matrix(mask)
    return a, dissect(mask, powers(len(shape))), int(mask.sum())


def inverse(shape: tuple[int, ...], repeats: int) -> None:
    """Print a row: the diagonal of the inverse, both ways."""
    a, order, n = problem(shape)
    some = np.random.default_rng(0).choice(n, COLUMNS, replace=False)
    unit = np.zeros((n, COLUMNS))
    unit[some, np.arange(COLUMNS)] = 1.0
    times = []
    for _ in range(repeats):
        factor = factorise(a, order=order)
        factored, _ = cpu(lambda f=factor: f.update(a))
        ours, diagonal = cpu(factor.inverse_diagonal)
        single, _ = cpu(lambda f=factor: [f.solve(unit[:, c]) for c in range(COLUMNS)])
        block, columns = cpu(lambda f=factor: f.solve(unit))
        times.append((factored, ours, single * n / COLUMNS, block * n / COLUMNS))
    factored, ours, single, block = (median(t[k] for t in times) for k in range(4))
    off = abs(diagonal[some] / columns[some, np.arange(COLUMNS)] - 1).max()
    cost = count(a, order)
    print(
        f"| {'x'.join(map(str, shape))} ({n:,}) | {factored:.3f} | {cost.seconds:.3f} | "
        f"{ours:.3f} | "
        f"{ours / factored:.1f} | {single:,.1f} | {single / ours:,.0f}x | {block / ours:,.0f}x | "
        f"{off:.0e} | {cost.inverse_bytes / 1e6:,.0f} |",
        flush=True,
    )


def orders(shape: tuple[int, ...], repeats: int) -> None:
    """Print rows: geometric order and AMD, our own factor and CHOLMOD."""
    a, order, n = problem(shape)
    name = "x".join(map(str, shape))
    dissected, _ = cpu(lambda: dissect(box_with_land(shape), powers(len(shape))))
    minimum, degree = cpu(lambda: least_degree(a))
    ways = [
        ("multifrontal", "geometric", dissected, order),
        ("multifrontal", "AMD", minimum, degree),
        ("cvxopt", "geometric", dissected, order),
        ("cvxopt", "AMD", 0.0, None),  # it orders inside
    ]
    times: dict[int, list[tuple[float, float, float]]] = {k: [] for k in range(len(ways))}
    entries = {}
    for _ in range(repeats):
        for k, (backend, _, _, p) in enumerate(ways):
            whole, factor = cpu(lambda b=backend, p=p: factorise(a, order=p, backend=b))
            again, _ = cpu(lambda f=factor: f.update(a))
            solved, _ = cpu(lambda f=factor: f.solve(np.ones(n)))
            times[k].append((whole, again, solved))
            entries[k] = factor.nnz
            del factor
    for k, (backend, how, ordering, _) in enumerate(ways):
        whole, again, solved = (median(t[i] for t in times[k]) for i in range(3))
        print(
            f"| {name} ({n:,}) | {backend} | {how} | {ordering:.3f} | {whole:.2f} | {again:.2f} | "
            f"{solved:.3f} | {entries[k] / n:.0f} |",
            flush=True,
        )
    predicted = predict(shape, points=n)
    print(
        f"| {name} ({n:,}) | predicted | from the shape | | {predicted.seconds:.2f} | | "
        f"{predicted.solve_seconds:.3f} | {predicted.entries / n:.0f} |",
        flush=True,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="also 3-D 100x100x20 (8 GB)")
    options = parser.parse_args()
    tiny = box_with_land((12, 12))
    compiled = factorise(analysis_matrix(tiny), order=dissect(tiny, 2))
    compiled.inverse_diagonal()
    compiled.solve(np.ones((compiled.n, 2)))
    compiled.solve(np.ones(compiled.n))
    print(f"dense products: {speed() / 1e9:.0f} GFlop/s\n")
    print(
        "| problem (N) | update s | predicted s | diagonal of the inverse s | / update | "
        "a solution a column s | gain | gain over blocks of 25 columns | off | MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for shape in ((100, 100), (300, 300), (60, 60, 10)):
        inverse(shape, options.repeats)
    print(
        "\n| problem (N) | backend | order | order s | factorise s | update s | solve s | "
        "entries of L / N |"
    )
    print("|---|---|---|---|---|---|---|---|")
    shapes = [(600, 600), (60, 60, 10), (20, 20, 8, 6)]
    for shape in shapes:
        orders(shape, options.repeats)
    if options.large:
        orders((100, 100, 20), 1)
    print("\ngoal: exact error of 2-D 300x300 at least 60x faster than a solution a column")


if __name__ == "__main__":
    main()
