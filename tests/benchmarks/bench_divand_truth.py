"""How well analyses of the demo's stations find the truth behind them, month by month."""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "analyses"))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=float, default=0.5, help="degrees")
    parser.add_argument("--error", default="cpme", choices=["cpme", "exact"])
    parser.add_argument("--months", type=int, nargs="*", default=list(range(1, 13)))
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")

    import demo_truth
    import numpy as np

    warnings.simplefilter("ignore")
    sea = demo_truth.Sea.make(options.step)
    everything = demo_truth.stations()
    print(
        f"{len(everything):,} temperatures of 30 years; {'x'.join(map(str, sea.mask.shape))} "
        f"points, {int(sea.mask.sum()):,} of sea; lengths {demo_truth.HORIZONTAL / 1e3:g} km and "
        f"two levels; error: {options.error}\n"
        "L2: where the relative error variance is at most 0.5; within: truth within 1 and 2 "
        "posterior standard deviations (a normal error: 0.68 and 0.95)\n"
    )
    print("month  samples  spread   RMSE   bias  share of L2  RMSE L2  bias L2  within 1  2    CPU")
    scores = []
    for month in options.months:
        points = demo_truth.of_month(everything, month)
        if not len(points):
            print(f"{month:5d}        0  no station")
            continue
        truth = sea.truth(month)
        start = time.process_time()
        made = demo_truth.analyse_month(sea, points, options.error)
        took = time.process_time() - start
        s = demo_truth.Score.of(*made, truth)
        scores.append([s.rmse, s.bias, s.rmse_l2, s.bias_l2, s.within1, s.within2])
        print(
            f"{month:5d} {len(points):8,d} {s.spread:7.2f} {s.rmse:6.3f} {s.bias:+6.3f} "
            f"{s.share_l2:12.2f} {s.rmse_l2:8.3f} {s.bias_l2:+8.3f} {s.within1:9.2f} "
            f"{s.within2:4.2f} {took:4.1f} s"
        )
    mean = np.mean(scores, axis=0)
    print(
        f"\nmean: RMSE {mean[0]:.3f} (L2 {mean[2]:.3f}), bias {mean[1]:+.3f} (L2 {mean[3]:+.3f}), "
        f"within one sigma {mean[4]:.2f}, two {mean[5]:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
