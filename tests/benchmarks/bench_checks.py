"""All checks of profiles against ioos_qc called per station, and over very many samples.

The peer does less: range, spike and rate of change of temperature and salinity,
the order of pressures, and the density inversion (its density comes from one call
of gsw for all stations, which is not counted). It is called for every tenth station in
turn with ours, and its time is multiplied. ``--samples 0`` leaves out the great run.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import make_stations
import numpy as np

if TYPE_CHECKING:
    from sdcviz.formats.model import Batch
    from sdcviz.observations import Collection

LEVELS = 50
ONE_IN = 10
PEERS = 5
WATER = {
    "mediterranean": (13.3, 38.6),
    "north_adriatic": (13.3, 38.6),
    "black_sea": (9.0, 22.2),
    "red_sea": (22.0, 40.2),
}
"""Temperature and salinity of the deep water of a region."""


def checks() -> list[str]:
    """Names of the checks that look at profiles."""
    from sdcviz.qc.checks.table import CHECKS

    levels = {"global_range", "regional_range", "few_levels", "deepest", "monotonic_depth"}
    others = {"depth_gap", "spike", "gradient", "digit_rollover", "stuck_value"}
    wanted = levels | others | {"density_inversion"}
    return [name for name in CHECKS if name in wanted]


def _batches(n: int) -> Iterator[Batch]:
    from sdcviz.formats.model import Batch, Column, Parameter, Stations
    from sdcviz.qc.checks.thresholds import read_thresholds

    limits = read_thresholds("checks")
    lon, lat, when = make_stations.tracks(n)
    rng = np.random.default_rng(2)
    depth = np.round(np.geomspace(5, 2000, LEVELS), 1)
    fall = np.exp(-depth / 300)
    for first in range(0, n, 100_000):
        piece = slice(first, first + 100_000)
        m = len(lon[piece])
        stations = Stations.blank(m, first)
        stations.lon, stations.lat, stations.time = lon[piece], lat[piece], when[piece]
        region = limits.region_of(lon[piece], lat[piece])
        water = np.array([WATER.get(r.name, (3.0, 34.9)) for r in limits.regions])[region]
        below, salt = water[:, :1], water[:, 1:]
        warmth = np.maximum(28 - 0.4 * np.abs(lat[piece])[:, None] - below, 0.2)
        t = below + warmth * fall + rng.normal(0, 0.01, (m, LEVELS))
        s = salt - 0.5 * fall + rng.normal(0, 0.002, (m, LEVELS))
        spiky = rng.random(m) < 0.01
        t[spiky, rng.integers(1, LEVELS - 1)] += 12
        k = m * LEVELS
        flags = np.full(k, ord("1"), np.uint8)
        columns = [
            Column(Parameter(*what), np.round(values, 3).ravel().astype(np.float32), flags)
            for values, what in (
                (t, ("TEMP", "degC", "TEMPPR01", "UPAA")),
                (s, ("PSAL", "1", "PSALPR01", "UUUU")),
            )
        ]
        yield Batch(
            stations=stations,
            offsets=np.arange(m + 1) * LEVELS,
            columns=columns,
            depth=np.tile(depth, m),
            depth_flag=flags,
            row=np.arange(k),
        )


def collection(folder: Path, n: int) -> Collection:
    """Build a collection of `n` profiles."""
    from sdcviz.observations import build_collection, open_collection

    identity = hashlib.sha256(f"profiles {n}".encode()).hexdigest()
    build_collection([("profiles", identity, _batches(n))], folder)
    return open_collection(folder)


class Peer:
    """ioos_qc, one call a station, parameter and check."""

    def __init__(self, c: Collection) -> None:
        import gsw

        self.values = {key: np.asarray(c.values(key), float) for key in ("temperature", "salinity")}
        self.depth, self.offsets = np.asarray(c.depth, float), np.asarray(c.offsets)
        pressure = gsw.p_from_z(-self.depth, np.repeat(c.lat, np.diff(c.offsets)))
        self.density = gsw.sigma0(
            self.values["salinity"] * 1.0047,
            gsw.CT_from_t(self.values["salinity"] * 1.0047, self.values["temperature"], pressure),
        )
        self.seconds = np.arange(LEVELS).astype("datetime64[s]")

    def run(self) -> None:
        """Check one in some stations."""
        from ioos_qc import argo, qartod

        limits = {"temperature": ((-2.5, 40), 6, 9), "salinity": ((2, 41), 0.9, 1.5)}
        for r in range(0, len(self.offsets) - 1, ONE_IN):
            of = slice(self.offsets[r], self.offsets[r + 1])
            for key, (span, spike, step) in limits.items():
                x = self.values[key][of]
                qartod.gross_range_test(x, fail_span=span)
                qartod.spike_test(x, suspect_threshold=spike, fail_threshold=spike)
                qartod.rate_of_change_test(x, self.seconds[: len(x)], threshold=step)
            argo.pressure_increasing_test(self.depth[of])
            qartod.density_inversion_test(self.density[of], self.depth[of], fail_threshold=-0.03)


def paired(folder: Path, repeats: int) -> float:
    """Measure both in turn, print the row, return the ratio of CPU medians."""
    from sdcviz.qc.checks.runner import run_checks

    c = collection(folder / "small", 20_000)
    peer, names = Peer(c), checks()
    times: list[list[tuple[float, float]]] = [[], [], []]
    for _ in range(repeats + 1):
        for kept, work in zip(
            times,
            (peer.run, lambda: run_checks(c, names), lambda: run_checks(c, names, threads=1)),
            strict=True,
        ):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            kept.append((time.perf_counter() - wall, time.process_time() - cpu))
    (pw, pc), (ow, oc), (sw, sc) = ([median(t) for t in zip(*k[1:], strict=True)] for k in times)
    pw, pc = pw * ONE_IN, pc * ONE_IN
    print("| 2e4 stations x 50 levels | wall / CPU s | times faster |\n|---|---|---|")
    print(f"| ioos_qc, {PEERS} checks, a call each | {pw:.1f} / {pc:.1f} | |")
    ours = f"all {len(names)} checks of profiles"
    print(f"| {ours}, 2 threads | {ow:.2f} / {oc:.2f} | {pw / ow:.0f} / {pc / oc:.0f} |")
    print(
        f"| the same, 1 thread | {sw:.2f} / {sc:.2f} | {pw / sw:.0f} / {pc / sc:.0f} |", flush=True
    )
    return pc / oc


GREAT = """
import json, resource, sys, time
from sdcviz.observations import open_collection
from sdcviz.qc.checks.runner import run_checks
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
c, names = open_collection(sys.argv[1]), json.loads(sys.argv[2])
run_checks(c, names, rows=range(1000))  # compile
start, before, cpu = peak(), time.perf_counter(), time.process_time()
found = run_checks(c, names)
seconds = time.perf_counter() - before, time.process_time() - cpu
print(json.dumps([c.n_samples, seconds, peak() - start, len(found), found.counts()]))
"""


def great(folder: Path, samples: int) -> None:
    """Run all checks once in a process of its own: seconds and memory."""
    c = collection(folder / "great", samples // LEVELS)
    columns = [c.depth, c.depth_flag]
    for key in c.keys:
        columns += [stored[0] for what in ("values", "flags") if (stored := c.stored(key, what))]
    size = sum(column.nbytes for column in columns)
    done: Any = subprocess.run(
        [sys.executable, "-c", GREAT, str(c.path), json.dumps(checks())],
        capture_output=True,
        text=True,
        check=True,
    )
    n, seconds, memory, found, by_check = json.loads(done.stdout)
    print(f"\n| {n:,} samples, 2 threads | |\n|---|---|")
    print(f"| wall / CPU s | {seconds[0]:.1f} / {seconds[1]:.1f} |")
    print(f"| memory / columns ({size / 1e6:.0f} MB) | {memory / size:.2f} |")
    print(f"| findings | {found:,} ({by_check}) |")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--samples", type=int, default=50_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ratio = paired(Path(folder), options.repeats)
        if options.samples:
            great(Path(folder), options.samples)
    if ratio < 100:
        sys.exit(f"only {ratio:.0f} times faster than ioos_qc; 100 are asked for")


if __name__ == "__main__":
    main()
