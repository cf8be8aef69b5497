"""Many small ODV files, as CDI orders come: files a second, end to end, on one core."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

import make_odv


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from sdcviz.observations import import_files

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_odv.small(home / "in", options.files)
        sizes = [f.stat().st_size for f in (home / "in").iterdir()]
        make_odv.big(home / "warm.txt", 1000)
        import_files([home / "warm.txt"], home / "warm")
        wall, cpu = [], []
        for n in range(options.repeats):
            t, c = time.perf_counter(), time.process_time()
            report = import_files([home / "in"], home / f"c{n}")
            wall.append(time.perf_counter() - t)
            cpu.append(time.process_time() - c)
            assert report.files == options.files
        print(
            f"{options.files:,} ODV files of {min(sizes) / 1e3:.0f} to {max(sizes) / 1e3:.0f} kB\n"
        )
        print("| what | s | CPU s | files/s | files/CPU s |")
        print("|---|---|---|---|---|")
        a, b = median(wall), median(cpu)
        print(
            f"| ours, end to end | {a:.2f} | {b:.2f} | {options.files / a:,.0f} | "
            f"{options.files / b:,.0f} |"
        )
        print("\ngoal 300 files/s")


if __name__ == "__main__":
    main()
