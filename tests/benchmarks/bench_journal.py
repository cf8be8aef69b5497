"""The journal: commits, many writers, opening with many edits, against bare SQLite."""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bench_lasso import batches

WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from bench_journal import edit_one
from sdcviz.observations import open_collection
from sdcviz.qc.journal import conflicts, news  # loaded before the clock starts
c = open_collection(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
edit_one(c, int(sys.argv[3]), int(sys.argv[4]))
"""


def bare(file: Path, count: int) -> list[float]:
    """Return the seconds of commits of one row each, with nothing around them."""
    with sqlite3.connect(file, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE edit(a, b)")
        seconds = []
        for n in range(count):
            begun = time.perf_counter()
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO edit VALUES (?, ?)", (n, n))
            db.execute("COMMIT")
            seconds.append(time.perf_counter() - begun)
    return seconds


def edit_one(c: Any, row: int, count: int) -> list[float]:
    """Change the flag of a station's first sample over and over; return the seconds of each."""
    from sdcviz.qc.model import Edits

    key, seconds = c.keys[0], []
    for n in range(count):
        edits = Edits.of(key, row, 0, c.flag_at(key, row, 0), "34"[n % 2])
        begun = time.perf_counter()
        c.journal.write(c, edits, user=f"user {row}", reason="spike")
        seconds.append(time.perf_counter() - begun)
    return seconds


def many_writers(folder: Path, processes: int, count: int) -> float:
    """Return commits a second of several processes together."""
    command = [sys.executable, "-c", WRITER, str(Path(__file__).parent), str(folder)]
    started = [
        subprocess.Popen(
            [*command, str(n + 1), str(count)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for n in range(processes)
    ]  # fmt: skip
    for process in started:
        assert process.stdout and process.stdout.readline() == "ready\n"
    begun = time.perf_counter()
    for process in started:
        process.communicate("\n")
        assert process.returncode == 0
    return processes * count / (time.perf_counter() - begun)


def timed(work: Any, *given: Any, **named: Any) -> tuple[float, Any]:
    """Return seconds and result."""
    begun = time.perf_counter()
    done = work(*given, **named)
    return time.perf_counter() - begun, done


def scattered(c: Any, n: int, seed: int = 0) -> Any:
    """Make edits of samples here and there."""
    from sdcviz.qc.model import Edits

    key = c.keys[0]
    places = np.sort(np.random.default_rng(seed).choice(c.n_samples, n, replace=False))
    rows = np.searchsorted(c.offsets, places, "right") - 1
    samples = places - c.offsets[rows]
    old = c.flag_at(key, rows, samples)
    return Edits.of(key, rows, samples, old, np.where(old == ord("4"), ord("3"), ord("4")))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=50_000_000)
    parser.add_argument("--edits", type=int, default=100_000)
    parser.add_argument("--folder", help="where to work; the disk decides what a commit costs")
    options = parser.parse_args()
    from sdcviz.observations import build_collection, open_collection

    print("| what | result | goal |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as home:
        folder = Path(home) / "c"
        made = batches(options.samples // 50)
        build_collection([("made", "0" * 64, made)], folder)  # type: ignore[list-item]

        c = open_collection(folder)
        edit_one(c, 0, 50)
        raw, ours = bare(Path(home) / "bare.sqlite", 500), edit_one(c, 0, 500)
        raw += bare(Path(home) / "bare2.sqlite", 500)
        print(f"| commit of one row, bare SQLite, full sync | {median(raw) * 1e3:.2f} ms | |")
        print(f"| edit committed, median | {median(ours) * 1e3:.2f} ms | < 2 ms |")
        print(f"| the same, 99th percentile | {sorted(ours)[-5] * 1e3:.1f} ms | |")
        idle = median(timed(c.catch_up)[0] for _ in range(200))
        print(f"| asking for news, none | {idle * 1e3:.2f} ms | |")
        before = c.journal.last(c)
        rate = many_writers(folder, 4, 1000)
        lost = 4000 - len(c.journal.batches(c, after=before))
        print(
            f"| 4 processes x 1000 single edits | {rate:,.0f} commits/s, {lost} lost | > 500, 0 |"
        )

        c.catch_up()
        edits = scattered(c, options.edits)
        for part in np.array_split(np.arange(len(edits)), 100):
            c.journal.write(c, edits.take(part), user="Ann", reason="spike")
        plain = median(timed(open_collection, folder, "source")[0] for _ in range(5))
        first, opened = timed(open_collection, folder)
        again = median(timed(open_collection, folder)[0] for _ in range(5))
        n = f"{options.samples:,} samples, {options.edits:,} edits"
        print(f"| opening {n}: more than without | {(again - plain) * 1e3:.0f} ms | < 500 ms |")
        print(f"| the first time, before it is compacted | {(first - plain) * 1e3:.0f} ms | |")
        key, source = c.keys[0], open_collection(folder, "source")
        reads = [
            median(timed(lambda x=x: np.bincount(x.flags(key), minlength=256))[0] for _ in range(7))
            for x in (source, opened)
        ]
        print(f"| reading all flags, with / without edits | {reads[1] / reads[0]:.2f} | 1 |")

        million = scattered(c, 1_000_000, seed=1)
        seconds, _ = timed(c.journal.write, c, million, user="Bob", reason="check", tool="check")
        print(f"| 1,000,000 scattered edits in one batch | {seconds:.1f} s | |")
        seconds, _ = timed(c.journal.undo, c, "Bob")
        print(f"| their undo | {seconds:.1f} s | |")


if __name__ == "__main__":
    sys.exit(main())
