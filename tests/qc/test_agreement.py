from __future__ import annotations

import numpy as np
import pytest

from sdcviz.observations import open_collection
from sdcviz.qc import DEPTH, POSITION, TIME
from sdcviz.qc.agreement import agreement, collapse, kappa


def test_kappa_is_that_of_the_textbook():
    # 50 cases, 35 alike; by chance 25 * 30 + 25 * 20 of 2500
    found = kappa(np.array([[20, 5], [10, 15]]))
    assert (found.share, found.value) == pytest.approx((0.7, 0.4))
    assert found.error == pytest.approx(np.sqrt(0.7 * 0.3 / 50) / 0.5)
    assert (found.n, found.words) == (50, "fair")


def test_kappa_at_its_ends():
    assert kappa(np.diag([3, 4, 5])).value == pytest.approx(1)
    assert kappa(np.diag([3, 4, 5])).words == "almost perfect"
    assert kappa(np.array([[0, 5], [5, 0]])).value == pytest.approx(-1)
    assert kappa(np.array([[0, 5], [5, 0]])).words == "poor"
    independent = np.outer([10, 30, 60], [20, 30, 50])
    assert kappa(independent).value == pytest.approx(0)
    one = kappa(np.array([[9, 0], [0, 0]]))
    assert np.isnan(one.value) and one.share == 1 and one.words == "cannot be told"
    assert kappa(np.zeros((0, 0), int)).n == 0


def test_collapsing_keeps_all_samples():
    counts = np.array([[5, 1, 2], [3, 7, 0], [1, 0, 4]])
    assert collapse("134", counts).tolist() == [[5, 3], [4, 11]]
    assert collapse("", np.zeros((0, 0), int)).tolist() == [[0, 0], [0, 0]]


@pytest.fixture
def second(mixed):
    """Open what the second reader sees: the same snapshot with flags of his own."""
    return open_collection(mixed.path)


def test_two_readers_who_changed_nothing_agree(mixed, second):
    rows = np.arange(30)
    found = agreement(mixed, second, rows)
    assert len(found.differing) == 0 and found.kappa.value == pytest.approx(1)
    there = mixed.flags("temperature")[: mixed.offsets[30]] != ord("9")
    assert found.parameters["temperature"].sum() == there.sum()
    assert found.parameters[POSITION].sum() == 30 - (mixed.position_flag[:30] == ord("9")).sum()


def test_disagreements_are_counted_and_listed(mixed, second):
    rows = np.arange(40)
    flags = mixed.flags("temperature")
    good = [
        (row, i - int(mixed.offsets[row]))
        for row in rows
        for i in range(int(mixed.offsets[row]), int(mixed.offsets[row + 1]))
        if flags[i] == ord("1")
    ]
    (row_a, a), (row_b, b), (row_c, c) = good[0], good[1], good[2]
    second.lay_over("temperature", [row_a, row_b, row_c], [a, b, c], [ord("2"), ord("4"), ord("4")])
    outside = good[-1]
    known = (mixed.position_flag[:40] == ord("1")) & (rows != outside[0])
    placed = int(np.flatnonzero(known)[-1])
    second.lay_over(POSITION, [placed], [-1], [ord("3")])
    second.lay_over("temperature", [outside[0]], [outside[1]], [ord("4")])

    found = agreement(mixed, second, np.setdiff1d(rows, [outside[0]]))
    d = found.differing
    listed = list(
        zip(
            d.station.tolist(),
            d.sample.tolist(),
            (d.keys[p] for p in d.parameter),
            map(chr, d.new),
            strict=True,
        )
    )
    assert (row_b, b, "temperature", "4") in listed[:3]
    assert listed[-1] == (row_a, a, "temperature", "2"), "kept by both: comes last"
    assert (placed, -1, POSITION, "3") in listed and len(listed) == 4
    at = found.codes.index
    assert found.parameters["temperature"][at("1"), at("4")] == 2
    assert found.counts[at("1"), at("2")] == 1
    assert found.collapsed[0, 1] == 3 and found.collapsed[1, 0] == 0
    assert 0 < found.kappa_of_rejecting.value < 1
    assert agreement(mixed, second, rows, keys=[DEPTH]).differing.keys == ()


def test_times_of_samples_are_compared_too(mixed, second):
    own = np.flatnonzero(~np.isnat(mixed.sample_time))
    row = int(np.searchsorted(mixed.offsets, own[0], "right")) - 1
    second.lay_over(TIME, [row], [own[0] - mixed.offsets[row]], [ord("4")])
    found = agreement(mixed, second, np.array([row]), keys=[TIME])
    n = mixed.offsets[row + 1] - mixed.offsets[row]
    times = mixed.sample_time[mixed.offsets[row] : mixed.offsets[row] + n]
    missing = (mixed.time_flag[row] == ord("9")).sum()
    assert found.counts.sum() == (~np.isnat(times)).sum() + 1 - missing
    assert found.differing.sample.tolist() == [own[0] - mixed.offsets[row]]
