"""Planted errors of the demo collection that the checks find, and what else they find."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

CLIMATOLOGY = "grid/levitus_climatology.cdf"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=20_000)
    parser.add_argument("--thresholds", default=None, help="a file of thresholds")
    options = parser.parse_args()
    data = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    grid = Path(os.environ.get("SDCVIZ_TEST_DATA", data)) / CLIMATOLOGY
    if grid.is_file():
        os.environ.setdefault("SDCVIZ_CLIMATOLOGY", str(grid))

    from sdcviz.demo import make_demo
    from sdcviz.demo.recall import recall
    from sdcviz.observations import open_collection
    from sdcviz.qc.checks.runner import plan_checks, run_checks
    from sdcviz.qc.checks.thresholds import read_thresholds

    with tempfile.TemporaryDirectory() as folder:
        c = open_collection(make_demo(Path(folder) / "demo", options.stations))
        thresholds = read_thresholds(options.thresholds)
        start = time.perf_counter()
        found = run_checks(c, thresholds=thresholds)
        took = time.perf_counter() - start
        print(f"{c.n_stations:,} stations, {c.n_samples:,} samples; {took:.1f} s\n")
        print(recall(c, found).text())
        print()
        for name, why in plan_checks(c, thresholds=thresholds).skipped.items():
            print(f"not run: {name}: {why}")


if __name__ == "__main__":
    sys.exit(main())
