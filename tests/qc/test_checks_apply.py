"""From findings to changes of flags: the worst wins, what people set stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_stations import Made, made_collection, row_of

from sdcviz.observations import Collection, open_collection
from sdcviz.qc import DEPTH, POSITION, Edits, Findings
from sdcviz.qc.apply import set_flags, to_edits
from sdcviz.qc.checks.runner import plan_checks, run_checks

NAN = float("nan")


@pytest.fixture
def one(tmp_path: Path) -> Collection:
    """Open one station with flags 0 1 3 4 9 Q, and a second with three values."""
    stations = [
        Made(
            lon=-35,
            lat=30,
            depth=[0, 10, 20, 30, 40, 50],
            values={"TEMP": [10, 10, 10, 10, NAN, 10], "CHL": [1] * 6},
            flags={"TEMP": "01349Q", "CHL": "000000"},
            depth_flags="000001",
            position_flag="0",
        ),
        Made(lon=-35, lat=31, depth=[0, 10, 20], values={"TEMP": [1, 2, 3]}, cdi="other"),
    ]
    return made_collection(tmp_path, stations)


def changes(edits: Edits) -> dict[tuple[str, int, int], str]:
    """Return parameter, station and sample to "old>new"."""
    return {
        (edits.keys[p], int(r), int(s)): f"{chr(old)}>{chr(new)}"
        for p, r, s, old, new in zip(
            edits.parameter, edits.station, edits.sample, edits.old, edits.new, strict=True
        )
    }


@pytest.mark.parametrize(
    ("proposed", "expected"),
    [
        ("4", {0: "0>4", 1: "1>4", 2: "3>4", 5: "Q>4"}),
        ("3", {0: "0>3", 1: "1>3"}),
        ("Q", {0: "0>Q", 1: "1>Q", 2: "3>Q"}),
        ("0", {}),
    ],
)
def test_the_worst_flag_wins_and_missing_stays_missing(
    one: Collection, proposed: str, expected: dict[int, str]
) -> None:
    row = row_of(one, 0)
    found = Findings.of("spike", "temperature", row, np.arange(6), proposed, 7, 6)
    edits = to_edits(one, found, good=False)
    assert changes(edits) == {("temperature", row, s): c for s, c in expected.items()}


def test_of_two_checks_the_worse_is_told_with_its_figures(one: Collection) -> None:
    row = row_of(one, 0)
    found = Findings.join(
        [
            Findings.of("gradient", "temperature", row, 0, "3", 9.5, 9),
            Findings.of("spike", "temperature", row, 0, "4", 7.25, 6, {0: "near the bottom"}),
            Findings.of("regional_range", "temperature", row, 0, "3", 1, 2),
        ]
    )
    edits = to_edits(one, found, good=False)
    assert changes(edits) == {("temperature", row, 0): "0>4"}
    assert edits.notes == ["spike 7.25 (limit 6), near the bottom"]


def test_what_a_person_set_stays(one: Collection) -> None:
    row = row_of(one, 0)
    one.journal.write(
        one,
        Edits.of("temperature", row, [0, 1], [ord("0"), ord("1")], "2"),
        user="Ann",
        reason="looks fine",
    )
    found = Findings.of("spike", "temperature", row, [0, 1, 2], "4", 7, 6)
    assert changes(to_edits(one, found, good=False)) == {("temperature", row, 2): "3>4"}


def test_what_a_check_set_may_get_worse(one: Collection) -> None:
    row = row_of(one, 0)
    one.journal.write(
        one, Edits.of("temperature", row, 0, "0", "3"), user="Ann", reason="gradient", tool="check"
    )
    found = Findings.of("spike", "temperature", row, 0, "4", 7, 6)
    assert changes(to_edits(one, found, good=False)) == {("temperature", row, 0): "3>4"}


def test_a_finding_on_a_station_is_for_all_its_values(one: Collection) -> None:
    row = row_of(one, 1)
    found = Findings.of("stuck_value", "temperature", row, -1, "4", 1, 1)
    edits = to_edits(one, found, good=False)
    assert changes(edits) == {("temperature", row, s): "1>4" for s in range(3)}


def test_a_position_has_one_flag(one: Collection) -> None:
    row = row_of(one, 0)
    found = Findings.of("on_land", POSITION, row, -1, "3", 2, 1)
    assert changes(to_edits(one, found, good=False)) == {(POSITION, row, -1): "0>3"}


def test_what_passed_becomes_good(one: Collection) -> None:
    plan = plan_checks(one)
    row = row_of(one, 0)
    found = Findings.join(
        [
            Findings.of("monotonic_depth", DEPTH, row, 1, "4", 0, 10),
            Findings.of("depth_gap", DEPTH, row, 2, "0", 400, 300),
            Findings.of("global_range", "chlorophyll", row, 5, "4", 400, 150),
        ]
    )
    expected = {
        ("temperature", row, 0): "0>1",
        **{("chlorophyll", row, s): "0>1" for s in range(5)},
        ("chlorophyll", row, 5): "0>4",
        **{(DEPTH, row, s): "0>1" for s in (0, 2, 3, 4)},
        (DEPTH, row, 1): "0>4",
        (POSITION, row, -1): "0>1",
    }
    assert changes(to_edits(one, found, limits=plan.limits)) == expected


def test_what_was_not_looked_at_keeps_its_flag(one: Collection) -> None:
    plan = plan_checks(one, ["spike"])  # has no limits for chlorophyll, depth, position
    row = row_of(one, 0)
    edits = to_edits(one, run_checks(one, ["spike"]), limits=plan.limits)
    assert changes(edits) == {("temperature", row, 0): "0>1"}
    other = np.array([row_of(one, 1)])
    assert not len(to_edits(one, run_checks(one, ["spike"]), limits=plan.limits, rows=other))


def test_a_flag_that_a_person_took_back_to_0_stays(one: Collection) -> None:
    row = row_of(one, 0)
    one.journal.write(one, Edits.of("temperature", row, 1, "1", "0"), user="Ann", reason="not sure")
    plan = plan_checks(one, ["spike"])
    edits = to_edits(one, run_checks(one, ["spike"]), limits=plan.limits)
    assert changes(edits) == {("temperature", row, 0): "0>1"}


def test_a_second_run_over_applied_flags_changes_nothing(tmp_path: Path) -> None:
    values = {"TEMP": [10, 17, 10, 10, 30, 10], "PSAL": [36, 36, 35, 36, 36, 36]}
    station = Made(lon=-35, lat=30, depth=np.arange(6) * 10.0, values=values)
    c = made_collection(tmp_path, [station])
    plan = plan_checks(c)
    first = to_edits(c, run_checks(c), limits=plan.limits)
    assert len(first)
    c.journal.write(c, first, user="Ann", reason="checks", tool="check")
    assert not len(to_edits(c, run_checks(c), limits=plan.limits))


def test_what_others_changed_in_the_meantime_stays(one: Collection) -> None:
    row = row_of(one, 0)
    found = Findings.of("spike", "temperature", row, [0, 1], "4", 7, 6)
    plan = plan_checks(one, ["spike"])
    elsewhere = open_collection(one.path)
    edits = Edits.of("temperature", row, 1, "1", "2")
    elsewhere.journal.write(elsewhere, edits, user="Bob", reason="looks fine")
    assert set_flags(one, found, plan, user="Ann") == (1, 0)
    now = open_collection(one.path)
    assert bytes(now.flag_at("temperature", [row, row], [0, 1])) == b"42"


def test_the_reason_is_short_and_the_note_names_the_check(one: Collection) -> None:
    row = row_of(one, 0)
    found = Findings.of("spike", "temperature", row, [1], "4", 7, 6)
    set_flags(one, found, plan_checks(one, ["spike"]), user="Ann")
    failed, passed = one.journal.batches(one)
    assert (failed.reason, passed.reason) == ("Spike", "passed: Spike")
    found = Findings.of("global_range", "chlorophyll", row, [5], "4", 400, 150)
    set_flags(one, found, plan_checks(one), user="Ann")
    several = one.journal.batches(one)[2:]
    assert [b.reason for b in several] == ["automatic checks", "passed: automatic checks"]
    [entry] = one.journal.history(one, row, 5, "chlorophyll")
    assert entry.note == "global_range 400 (limit 150)"


def test_someone_who_is_faster_is_waited_for(
    one: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = row_of(one, 0)
    found = Findings.of("spike", "temperature", row, [0, 1], "4", 7, 6)
    elsewhere = open_collection(one.path)
    write = type(one.journal).write

    def later(journal: Any, collection: Collection, edits: Edits, **words: Any) -> Any:
        # Between the look at the flags and the writing of new ones.
        monkeypatch.undo()
        other = Edits.of("temperature", row, 1, "1", "2")
        elsewhere.journal.write(elsewhere, other, user="Bob", reason="looks fine")
        return write(journal, collection, edits, **words)

    monkeypatch.setattr(type(one.journal), "write", later)
    assert set_flags(one, found, plan_checks(one, ["spike"]), user="Ann") == (1, 0)
    assert bytes(one.flag_at("temperature", [row, row], [0, 1])) == b"42"
