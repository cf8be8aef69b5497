from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest
from sdcviz.observations import Collection, open_collection
from sdcviz.qc import DEPTH, POSITION, Edits
from sdcviz.qc import statistics as stats


@pytest.fixture
def demo(tmp_path: Path) -> Collection:
    """Open a demo in which some flags were changed."""
    c = open_collection(make_demo(tmp_path / "demo", stations=60))
    c.lay_over("temperature", [3, 3, 8], [0, 1, 2], ord("4"))
    c.lay_over(POSITION, [5], [-1], ord("3"))
    c.lay_over(DEPTH, [5], [0], ord("4"))
    return c


def test_flags_before_and_after_add_up(demo):
    frame = stats.flag_counts(demo)
    whole = frame.groupby("parameter")[["before", "after"]].sum()
    assert (whole["before"] == whole["after"]).all()
    assert whole["before"]["temperature"] == whole["before"][DEPTH] == demo.n_samples
    assert whole["before"][POSITION] == demo.n_stations
    bad = frame[frame["flag"] == "4"].set_index("parameter")
    before = np.count_nonzero(demo.imported_flags("temperature") == ord("4"))
    assert bad.loc["temperature", ["before", "after"]].tolist() == [before, before + 3]
    assert bad.loc[DEPTH, "after"] - bad.loc[DEPTH, "before"] == 1
    assert (frame["before"] + frame["after"] > 0).all()


def test_data_centres_have_the_flags_of_their_stations(demo, monkeypatch):
    whole = stats.centre_counts(demo, "temperature")
    assert whole["values"].sum() == demo.parameter("temperature").n_values
    assert whole["stations"].sum() == demo.parameter("temperature").n_stations
    assert list(whole["values"]) == sorted(whole["values"], reverse=True)
    one = whole.set_index("edmo").loc[demo.edmo[8]]
    rows = np.flatnonzero(demo.edmo == demo.edmo[8])
    flags = [demo.profile(r)["temperature_flag"] for r in rows]
    assert one["bad_after"] == sum((f == "4").sum() for f in flags) > 0
    assert one["unchecked_after"] == sum((f == "0").sum() for f in flags)
    assert whole["bad_after"].sum() == whole["bad_before"].sum() + 3
    assert isinstance(one["data_centre"], str) and one["data_centre"]
    # Cut in pieces, even smaller than a station, it is the same.
    monkeypatch.setattr(stats, "_CHUNK", 7)
    pd.testing.assert_frame_equal(stats.centre_counts(demo, "temperature"), whole)


def test_changes_are_counted_by_who_made_them():
    changes = pd.DataFrame(
        {
            "batch": [1, 1, 2, 3],
            "time": ["2026-01-01", "2026-01-01", "2026-01-02", "2026-01-03"],
            "user": ["ada", "ada", "<b>", "ada"],
            "station": [4, 5, 4, 4],
            "new": ["4", "3", "1", "2"],
            "samples": [10, 1, 2, 3],
        }
    )
    found = stats.tally(changes, "user")
    assert found.to_dict("records") == [
        {
            "user": "ada", "changes": 14, "to_bad": 11, "to_good": 3, "stations": 2,
            "batches": 2, "first": "2026-01-01", "last": "2026-01-03",
        },
        {
            "user": "<b>", "changes": 2, "to_bad": 0, "to_good": 2, "stations": 1,
            "batches": 1, "first": "2026-01-02", "last": "2026-01-02",
        },
    ]  # fmt: skip
    with pytest.raises(BadRequest, match="user, reason, tool, check"):
        stats.tally(changes, "weather")


def test_changes_that_stand_are_listed_with_who_made_them(demo):
    def write(row: int, samples: list[int], new: str, **how: str) -> None:
        old = demo.flag_at("salinity", [row] * len(samples), samples)
        edits = Edits.of("salinity", row, samples, old, new, notes=notes.get(row))
        demo.journal.write(demo, edits, **how)

    notes = {9: ["spike 12.3 (limit 6)", ""]}
    write(3, [0, 1, 2], "4", user="ada", reason="spike")
    write(4, [0], "3", user="ada", reason="=cmd()")
    write(9, [1, 2], "4", user="eve", reason="automatic checks", tool="check")
    write(4, [1], "4", user="eve", reason="mistake")
    demo.journal.undo(demo, "eve")
    found = stats.changes(demo)
    assert stats.tally(found, "user")[["user", "changes"]].values.tolist() == [
        ["ada", 4],
        ["eve", 2],
    ]
    assert stats.tally(found, "check")["check"].tolist() == ["", "passed", "spike"]
    assert set(stats.tally(found, "reason")["reason"]) == {"spike", "=cmd()", "automatic checks"}
    assert stats.tally(found, "data_centre")["changes"].sum() == 6
    assert stats.tally(found, "parameter")["parameter"].tolist() == ["salinity"]
    # What is undone counts again once that is taken back.
    demo.journal.redo(demo, "eve")
    assert stats.tally(stats.changes(demo), "user")["changes"].sum() == 7


def test_a_journal_without_changes_has_an_empty_tally(tmp_path):
    c = open_collection(make_demo(tmp_path / "demo", stations=10))
    for by in stats.BY:
        assert len(stats.tally(stats.changes(c), by)) == 0
