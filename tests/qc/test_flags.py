"""Which flag of a sample counts."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic import batch, sha

from sdcviz.formats.flags import WORST_FIRST, badness, spoiled
from sdcviz.formats.model import L20
from sdcviz.observations import build_collection, open_collection
from sdcviz.qc.flags import standing_flags
from sdcviz.qc.model import DEPTH, POSITION, TIME


@pytest.fixture(scope="module", params=["profiles", "series"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("flags") / "c"
    series = request.param == "series"
    files = [("a", sha("a"), [batch(60, 1)]), ("b", sha("b"), [batch(40, 4, series=series)])]
    build_collection(files, path)
    return path


def by_hand(c, key: str) -> list[str]:
    """Work out the flag of each sample, one after another."""
    found = []
    for row in range(c.n_stations):
        for i in range(c.offsets[row], c.offsets[row + 1]):
            time = c.time_flag[row]
            if c.sample_time is not None and not np.isnat(c.sample_time[i]):
                time = c.sample_time_flag[i]
            places = {chr(c.depth_flag[i]), chr(time), chr(c.position_flag[row])}
            flag = chr(c.flags(key)[i])
            bad = "4" if "4" in places else "3" if "3" in places else ""
            if flag != "9" and bad and WORST_FIRST.index(bad) < WORST_FIRST.index(flag):
                # Codes that say more than good or bad are hidden by flag 4 alone.
                flag = bad if bad == "4" or flag in "012" else flag
            found.append(flag)
    return found


def test_depth_time_and_position_count(folder):
    c = open_collection(folder)
    for key in ("temperature", "salinity"):
        assert [chr(f) for f in standing_flags(c, key)] == by_hand(c, key)


def test_the_filters_select_by_them(folder):
    c = open_collection(folder)
    flags = standing_flags(c, "temperature")
    for code in L20:
        chosen = c.where(parameter="temperature", flags=(code,))
        assert chosen.sample_numbers.tolist() == np.flatnonzero(flags == ord(code)).tolist()


def test_they_follow_changes(folder):
    c = open_collection(folder)
    before = standing_flags(c, "temperature")
    row = int(np.flatnonzero(np.diff(c.offsets) > 2)[0])
    for key, sample in (("temperature", 0), (DEPTH, 1), (POSITION, -1), (TIME, -1)):
        c.lay_over(key, row, sample, ord("4"))
        assert [chr(f) for f in standing_flags(c, "temperature")] == by_hand(c, "temperature")
    assert standing_flags(c, "temperature") is not before
    again = standing_flags(c, "temperature")
    c.lay_over("salinity", row, 0, ord("4"))
    assert standing_flags(c, "temperature") is again


@pytest.mark.parametrize("value", L20)
def test_a_bad_place_never_makes_a_sample_better(value):
    for place in L20:
        found = chr(spoiled()[badness()[ord(place)], ord(value)])
        assert WORST_FIRST.index(found) <= WORST_FIRST.index(value)
        assert found == value or (place in "34" and found == place)
