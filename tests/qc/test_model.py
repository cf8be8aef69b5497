from __future__ import annotations

import numpy as np

from sdcviz.qc import Edits, Findings


def test_edits_of_two_parameters_are_joined_under_one_list_of_keys() -> None:
    first = Edits.of("salinity", [3, 3], [0, 1], "1", "4", ["spike", ""])
    second = Edits.of("temperature", 5, 2, "0", "3")
    both = Edits.join([first, second, first.take(np.array([False, True]))])
    assert both.keys == ("salinity", "temperature")
    assert [both.keys[i] for i in both.parameter] == ["salinity"] * 2 + ["temperature", "salinity"]
    assert both.new.tobytes() == b"4434"
    assert both.notes == ["spike", "", "", ""]


def test_findings_keep_their_words_when_joined_and_taken() -> None:
    pair = Findings.of("duplicates", None, [7, 9], -1, "0", 0.2, 2.0, {1: "like station 7"})
    spike = Findings.of("spike", "salinity", [7], [3], "4", [2.5], 0.9)
    found = Findings.join([spike, pair])
    assert found.counts() == {"spike": 1, "duplicates": 2}
    frame = found.to_frame()
    assert frame["parameter"].tolist() == ["salinity", "", ""]
    assert frame["detail"].tolist() == ["", "", "like station 7"]
    assert found.of_station(9).details == {0: "like station 7"}
    assert len(found.of_station(7)) == 2


def test_nothing_is_joined_to_nothing() -> None:
    assert len(Edits.join([])) == 0
    assert len(Findings.join([])) == 0
