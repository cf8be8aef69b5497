"""What holds for any profiles: against plain loops, any cut into pieces, any order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_stations import Made, made_collection

from sdcviz.observations import Collection, build_collection, open_collection
from sdcviz.qc import Findings
from sdcviz.qc.checks.runner import run_checks
from sdcviz.qc.checks.thresholds import read_thresholds

LIMITS = """
sources: {me: these tests}
regions:
  east: {polygons: [[[0, -90], [180, -90], [180, 90], [0, 90]]]}
checks:
  global_range: {temperature: [{low: 2, high: 18, source: me}]}
  regional_range:
    temperature:
      - {depth: [~, 50], low: 5, high: 15, flag: 3, source: me}
      - {depth: [50, ~], low: 6, high: 14, flag: 4, source: me}
      - {region: east, low: 4, high: 16, source: me}
  spike:
    temperature:
      - {depth: [~, 50], limit: 2, source: me}
      - {depth: [50, ~], limit: 1, flag: 3, source: me}
  gradient: {temperature: [{limit: 3, source: me}, {region: east, limit: 4, source: me}]}
  digit_rollover: {temperature: [{jump: 5, source: me}]}
  stuck_value: {temperature: [{share: 0.75, levels: 3, span: 10, source: me}]}
  depth_gap: {depth: [{gap: 30, source: me}]}
  density_inversion: {density: [{limit: 0.03, source: me}]}
"""
Level = tuple[int, float, float]  # sample, depth, value


def stations(seed: int, n: int = 60) -> list[Made]:
    """Make stations of any length with everything that may be odd in them."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        k = int(rng.integers(0, 14))
        depth = np.cumsum(rng.choice([0, 5, 10, 40], k)).astype(float)
        rng.shuffle(depth[: int(rng.integers(0, k + 1))])
        depth[rng.random(k) < 0.1] = np.nan
        # Few different values, so that limits are met exactly and values stick.
        value = np.where(rng.random(k) < 0.5, 10.0, np.round(rng.uniform(0, 20, k), 1))
        value[rng.random(k) < 0.15] = np.nan
        flags = "".join(rng.choice(list("001234"), k))
        made.append(
            Made(
                lon=float(rng.choice([-20, 20])),
                lat=float(rng.uniform(-60, 60)),
                cdi=str(i),
                feature=str(rng.choice(["profile", "profile", "profile", "time series"])),
                depth=depth,
                depth_flags="".join(rng.choice(list("1111123"), k - 1)) + "4" if k else "",
                values={"TEMP": value, "PSAL": np.round(35 + rng.normal(0, 0.3, k), 2)},
                flags={"TEMP": flags},
            )
        )
    return made


@pytest.fixture(scope="module", params=[1, 2, 3])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return made_collection(tmp_path_factory.mktemp("properties"), stations(request.param))


@pytest.fixture(scope="module")
def limits(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("limits") / "limits.yaml"
    path.write_text(LIMITS)
    return read_thresholds(path)


Told = set[tuple[int, int, str, float, float]]


def told(f: Findings, c: Collection) -> Told:
    """Return station_index, sample, flag, value and threshold of all findings."""
    columns = (c.station_index[f.station], f.sample, f.flag, f.value, f.threshold)
    return {
        (int(i), int(s), chr(flag), round(float(v), 6), float(t))
        for i, s, flag, v, t in zip(*columns, strict=True)
    }


# ---- plain loops ----


def levels(c: Collection, row: int, need_depth: bool = True) -> list[Level]:
    """Return the levels that a check may use, one after another."""
    table = c.profile(row)
    out = []
    for i in range(len(table)):
        z, x = float(table["depth"].iloc[i]), round(float(table["temperature"].iloc[i]), 4)
        known = not math.isnan(z) and str(table["depth_flag"].iloc[i]) not in "49"
        fine = not math.isnan(x) and str(table["temperature_flag"].iloc[i]) not in "49"
        if fine and (known or not need_depth):
            out.append((i, z, x))
    return out


def profiles(c: Collection) -> Iterator[tuple[int, list[Level]]]:
    for row in range(c.n_stations):
        if c.feature[row] == 0:
            yield row, levels(c, row)


def east(c: Collection, row: int) -> bool:
    return bool(c.lon[row] > 0)


def over(x: float, limit: float) -> bool:
    return x - limit > 1e-7


def global_range(c: Collection) -> Told:
    out = set()
    for row in range(c.n_stations):
        for i, _, x in levels(c, row, need_depth=False):
            if x < 2 or x > 18:
                out.add((row, i, "4", x, 2.0 if x < 2 else 18.0))
    return out


def regional_range(c: Collection) -> Told:
    out = set()
    for row in range(c.n_stations):
        for i, z, x in levels(c, row, need_depth=False):
            if east(c, row):
                low, high, flag = 4.0, 16.0, "3"
            elif math.isnan(z):
                continue
            else:
                low, high, flag = (5.0, 15.0, "3") if z < 50 else (6.0, 14.0, "4")
            if x < low or x > high:
                out.add((row, i, flag, x, low if x < low else high))
    return out


def bends(c: Collection, slope: float, limit: Callable[[int, float], tuple[float, str]]) -> Told:
    out = set()
    for row, known in profiles(c):
        for (_, _, v1), (i, z, v2), (_, _, v3) in zip(known, known[1:], known[2:], strict=False):
            x = abs(v2 - (v3 + v1) / 2) - slope * abs((v3 - v1) / 2)
            most, flag = limit(row, z)
            if over(x, most):
                out.add((row, i, flag, round(x, 6), most))
    return out


def spike(c: Collection) -> Told:
    return bends(c, 1, lambda row, z: (2.0, "4") if z < 50 else (1.0, "3"))


def gradient(c: Collection) -> Told:
    return bends(c, 0, lambda row, z: (4.0 if east(c, row) else 3.0, "3"))


def digit_rollover(c: Collection) -> Told:
    greatest: dict[tuple[int, int], float] = {}
    for row, known in profiles(c):
        for (i, _, v1), (j, _, v2) in pairwise(known):
            if over(abs(v2 - v1), 5):
                for n in (i, j):
                    greatest[row, n] = max(greatest.get((row, n), 0), abs(v2 - v1))
    return {(row, i, "4", round(x, 6), 5.0) for (row, i), x in greatest.items()}


def stuck_value(c: Collection) -> Told:
    out = set()
    for row, known in profiles(c):
        values = [x for _, _, x in known]
        for x in set(values):
            where = [z for _, z, y in known if y == x]
            share = len(where) / len(values)
            if len(values) >= 3 and share >= 0.75 and max(where) - min(where) >= 10:
                out.add((row, -1, "4", round(share, 6), 0.75))
    return out


def depth_gap(c: Collection) -> Told:
    out = set()
    for row in range(c.n_stations):
        table = c.profile(row)
        if c.feature[row] != 0:
            continue
        flags = [str(f) for f in table["depth_flag"]]
        known = [
            (i, z)
            for i, z in enumerate(map(float, table["depth"]))
            if not math.isnan(z) and flags[i] not in "49"
        ]
        for (i, a), (j, b) in pairwise(known):
            if abs(a - b) > 30:
                out.add((row, j if b > a else i, "0", abs(a - b), 30.0))
    return out


PLAIN = [global_range, regional_range, spike, gradient, digit_rollover, stuck_value, depth_gap]


@pytest.mark.parametrize("plain", PLAIN, ids=lambda f: f.__name__)
def test_loops_over_stations_find_the_same(
    made: Collection, limits: Any, plain: Callable[[Collection], Told]
) -> None:
    found = told(run_checks(made, [plain.__name__], limits), made)
    expected = {(int(made.station_index[row]), *rest) for row, *rest in plain(made)}
    if plain is depth_gap:  # of two gaps at one level the later one is told
        assert {f[:3] for f in found} == {f[:3] for f in expected}
        assert found <= expected
    else:
        assert found == expected
    assert found


def test_pieces_of_any_size_give_the_same(made: Collection) -> None:
    whole = run_checks(made, piece=10**9, threads=1)
    for size, threads in ((1, 1), (7, 2), (50, 3)):
        assert run_checks(made, piece=size, threads=threads).to_frame().equals(whole.to_frame())


def test_a_station_alone_gives_what_it_gives_among_others(made: Collection, limits: Any) -> None:
    together = told(run_checks(made, thresholds=limits), made)
    alone: Told = set()
    for row in range(made.n_stations):
        alone |= told(run_checks(made, thresholds=limits, rows=np.array([row])), made)
    assert alone == together


def test_some_stations_give_their_part(made: Collection, limits: Any) -> None:
    rows = np.arange(1, made.n_stations, 3)
    everything = run_checks(made, thresholds=limits)
    expected = everything.take(np.isin(everything.station, rows))
    assert told(run_checks(made, thresholds=limits, rows=rows), made) == told(expected, made)


def test_the_order_of_stations_does_not_matter(tmp_path: Path, limits: Any) -> None:
    before = stations(7)
    order = np.random.default_rng(0).permutation(len(before))
    # Stations are told apart by their LOCAL_CDI_ID; rows and indices change.
    named = []
    for n, made in enumerate((before, [before[i] for i in order])):
        c = made_collection(tmp_path / str(n), made)
        ids = c.text("local_cdi_id").texts()
        f = run_checks(c, thresholds=limits)
        frame = f.to_frame()
        frame["station"] = [ids[row] for row in f.station]
        by = ["check", "station", "parameter", "sample"]
        named.append(frame.sort_values(by).reset_index(drop=True))
    assert len(named[0])
    assert named[0].equals(named[1])


def test_what_is_empty_has_nothing_wrong(tmp_path: Path) -> None:
    build_collection([], tmp_path / "empty")
    assert not len(run_checks(open_collection(tmp_path / "empty")))
    bare = made_collection(tmp_path / "bare", [Made(depth=[])])
    assert run_checks(bare, ["few_levels"]).sample.tolist() == [-1]
    assert not len(run_checks(bare, ["few_levels"], rows=np.empty(0, np.int64)))
