"""ODV import end to end against the safe parse of pandas alone.

``--rows 10000000`` streams ten million rows; pandas is left out then.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent))

import make_odv  # noqa: E402

OURS = """
import json, sys, time
from sdcviz.observations import import_files
import_files([sys.argv[1]], sys.argv[3])  # compile, as a second import of the day finds it
wall, cpu = time.perf_counter(), time.process_time()
report = import_files([sys.argv[2]], sys.argv[4])
"""
PANDAS = """
import json, sys, time
import pandas as pd
wall, cpu = time.perf_counter(), time.process_time()
frame = pd.read_csv(sys.argv[2], sep="\\t", comment="/", dtype=str, keep_default_na=False)
"""
TELL = """
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
peak = next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM"))
print(json.dumps([wall, cpu, peak / 1024]))
"""


def run(script: str, *arguments: object) -> list[float]:
    """Run a script in a process of its own: seconds, CPU seconds, peak memory in MB."""
    done = subprocess.run(
        [sys.executable, "-c", script + TELL, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        small, big = home / "small.txt", home / "big.txt"
        make_odv.big(small, 1000)
        make_odv.big(big, options.rows)
        size = big.stat().st_size / 1e6
        with_pandas = options.rows <= 2_000_000
        ours, peer = [], []
        for n in range(options.repeats if with_pandas else 1):
            ours.append(run(OURS, small, big, home / f"a{n}", home / f"b{n}"))
            if with_pandas:
                peer.append(run(PANDAS, small, big))
        print(f"ODV import, {options.rows:,} rows x {make_odv.COLUMNS} columns, {size:.0f} MB\n")
        print("| what | s | CPU s | rows/s | peak MB | x file size |")
        print("|---|---|---|---|---|---|")
        rows = [("ours, end to end", ours)]
        if peer:
            rows.append(("pandas dtype=str, parse alone", peer))
        for name, found in rows:
            wall, cpu, peak = (median(f[i] for f in found) for i in range(3))
            print(
                f"| {name} | {wall:.2f} | {cpu:.2f} | {options.rows / wall:,.0f} | "
                f"{peak:.0f} | {peak / size:.1f} |"
            )
        if peer:
            ratio = median(p[0] / o[0] for p, o in zip(peer, ours, strict=True))
            cpu = median(p[1] / o[1] for p, o in zip(peer, ours, strict=True))
            print(f"\nours is {ratio:.2f} times as fast (CPU {cpu:.2f}); goal 1.5")


if __name__ == "__main__":
    main()
