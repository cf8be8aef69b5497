"""Errors that the demo collection does not have, planted on top of it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from sdcviz.demo import synthetic_files
from sdcviz.observations import build_collection, open_collection
from sdcviz.qc.checks.runner import run_checks

KINDS = ("wrong year", "future", "zero", "swapped", "no cruise", "negative oxygen", "oxygen x 1.6")
EACH = 5
BY = {
    "wrong year": ("cruise_dates",),
    "future": ("date",),
    "zero": ("position",),
    "swapped": ("speed",),
    "no cruise": ("metadata",),
    "negative oxygen": ("negative", "spike"),  # what is flagged 4 as a spike is not looked at again
    "oxygen x 1.6": ("oxygen_saturation",),
}
"""The checks that are made for each kind."""


def spoil(batch, rows: np.ndarray) -> dict[str, list[int]]:
    """Plant one error in each of some stations of a batch."""
    s, oxygen = batch.stations, batch.columns[2]
    planted = defaultdict(list)
    for n, i in enumerate(rows.tolist()):
        kind = KINDS[n % len(KINDS)]
        first = batch.offsets[i]
        if kind == "wrong year":
            s.time[i] -= np.timedelta64(365, "D")
        elif kind == "future":
            s.time[i] += np.timedelta64(365 * 90, "D")
        elif kind == "zero":
            s.lon[i] = s.lat[i] = 0
        elif kind == "swapped":
            s.lon[i], s.lat[i] = s.lat[i], s.lon[i]
        elif kind == "no cruise":
            s.cruise.codes[i] = -1
        elif kind == "negative oxygen":
            oxygen.values[first + 2] = -5
        else:
            oxygen.values[first] *= 1.6
        planted[kind].append(int(s.index[i]))
    return planted


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Return collection, findings and, for each kind, the rows where it is planted."""
    folder = tmp_path_factory.mktemp("more") / "c"
    rng = np.random.default_rng(0)
    truth = {kind: [] for kind in KINDS}
    sources = []
    for name, sha256, batches in synthetic_files(1500, 7, []):
        made = list(batches)
        batch = made[0]
        usable = np.flatnonzero(np.isfinite(batch.columns[2].values[batch.offsets[:-1]]))
        if name.startswith("synthetic_20") and len(usable) > 20:
            rows = rng.choice(usable[2:-2], len(KINDS), replace=False)
            for kind, indices in spoil(batch, rows).items():
                truth[kind] += [(name, i) for i in indices]
        sources.append((name, sha256, iter(made)))
    build_collection(sources, folder)
    c = open_collection(folder)
    names = [c.manifest["sources"][s]["name"] for s in c.source]
    rows = {(n, int(i)): r for r, (n, i) in enumerate(zip(names, c.station_index, strict=True))}
    return c, run_checks(c), {k: [rows[t] for t in places] for k, places in truth.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_by_its_check(outcome, kind):
    _, found, truth = outcome
    assert len(truth[kind]) >= EACH
    mine = found.take(np.isin(found.check, [found.checks.index(name) for name in BY[kind]]))
    hit = np.isin(truth[kind], mine.station)
    assert hit.mean() >= 0.9, (kind, hit)


def test_these_checks_find_nothing_else(outcome):
    _, found, truth = outcome
    for kind in ("wrong year", "future", "zero", "no cruise", "oxygen x 1.6"):
        mine = found.take(np.isin(found.check, [found.checks.index(name) for name in BY[kind]]))
        assert set(mine.station.tolist()) <= set(truth[kind]), kind
