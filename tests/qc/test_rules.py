from __future__ import annotations

from itertools import pairwise
from shutil import copytree

import numpy as np
import pytest

from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest, NotFound
from sdcviz.observations import open_collection
from sdcviz.qc import DEPTH, POSITION, TIME, Findings
from sdcviz.qc.checks.climatology import grid_of, residuals
from sdcviz.qc.checks.thresholds import read_thresholds
from sdcviz.qc.rules import RuleError, changes, parse
from sdcviz.qc.store import save_findings
from sdcviz.settings import get_settings

BAD, GOOD = ord("4"), ord("1")


def hits(collection, text: str, parameter: str = "temperature", **more) -> list[tuple[int, int]]:
    stations, samples = parse(text).hits(collection, parameter, **more)
    return list(zip(stations.tolist(), samples.tolist(), strict=True))


def error(collection, text: str, parameter: str = "temperature") -> RuleError:
    with pytest.raises(RuleError) as caught:
        parse(text).hits(collection, parameter)
    return caught.value


# ---- what is found -------------------------------------------------------
def test_hits_have_a_value_of_the_parameter_in_question(mixed):
    everything = hits(mixed, "temperature > -100 or temperature < 100")
    values = mixed.values("temperature")
    assert len(everything) == int(np.isfinite(values).sum())
    salty = hits(mixed, "samples > 0", "salinity")
    assert len(salty) == int(np.isfinite(mixed.values("salinity")).sum())


def test_pieces_and_rows_change_nothing(mixed):
    text = "gradient(temperature) > 2 or slope(salinity) > 0.01 and not depth < 100"
    whole = hits(mixed, text)
    assert len(whole) > 20
    assert hits(mixed, text, size=7) == whole
    some = np.arange(10, 70)
    assert hits(mixed, text, rows=some[::-1]) == [h for h in whole if 10 <= h[0] < 70]
    assert hits(mixed, text, rows=np.empty(0, np.int64)) == []


def test_single_precision_stands_for_its_decimal(mixed):
    stored = mixed.values("temperature")
    assert stored.dtype == np.float32
    one = str(stored[np.isfinite(stored)][0])
    assert hits(mixed, f"temperature == {one}")
    assert hits(mixed, f"temperature >= {one} and temperature <= {one}")


def test_texts_of_the_station(mixed):
    cruise = mixed.text("cruise")
    name = cruise.labels[0]
    rows = set(np.flatnonzero(cruise.codes == 0).tolist())
    found = hits(mixed, f'cruise == "{name}"')
    assert {row for row, _ in found} <= rows and found
    assert hits(mixed, f'cruise in ("{name}", "no such cruise")') == found
    assert hits(mixed, f'like(cruise, "{name[0].lower()}*") and cruise == "{name}"') == found
    assert hits(mixed, f'not cruise != "{name}"') == found
    assert hits(mixed, 'text("project") == "MEDAR"')
    assert not hits(mixed, 'platform == "no such ship"')


def test_text_parameters(mixed):
    found = hits(mixed, 'species == "Gadus morhua"', "oxygen")
    species = mixed.values("species")
    wanted = [i for i, text in enumerate(species.texts()) if text == "Gadus morhua"]
    there = np.isfinite(mixed.values("oxygen"))
    assert len(found) == sum(there[i] for i in wanted) > 0
    assert hits(mixed, "samples > 0", "species")


def test_dates_are_whole_years_months_and_days(mixed):
    years = hits(mixed, 'time >= "1995" and time <= "1996"')
    assert hits(mixed, "year in (1995, 1996)") == years and years
    assert hits(mixed, 'date >= "1995-01-01" and date < "1997-01"') == years
    assert hits(mixed, 'not (time < "1995" or time > "1996")') == years
    one = hits(mixed, 'time == "1995"')
    assert sorted(one + hits(mixed, 'time == "1996"')) == years
    assert hits(mixed, 'time != "1995" and year == 1995') == []


def test_an_area_of_corners_and_across_the_date_line(mixed):
    box = hits(mixed, "inside(-30, -40, 60, 40)")
    assert hits(mixed, "inside(-30, -40, 60, -40, 60, 40, -30, 40)") == box and box
    assert hits(mixed, "inside((-30, -40), (60, -40), (60, 40), (-30, 40))") == box
    assert hits(mixed, "inside(((-30, -40), (60, -40), (60, 40), (-30, 40)))") == box
    across = {row for row, _ in hits(mixed, "inside(150, -80, -150, 80)")}
    assert across and (np.abs(mixed.lon[sorted(across)]) >= 150).all()


def test_flags_of_values_depth_time_and_position(mixed):
    found = hits(mixed, 'flag(temperature) == "4"')
    assert hits(mixed, "flag(temperature) in (4,)") == found and found
    assert hits(mixed, "flag(value) == 4") == found
    assert hits(mixed, "flag(temperature) == Q") == hits(mixed, 'flag(temperature) == "Q"') != []
    bad = np.flatnonzero(mixed.depth_flag == BAD)
    deep = hits(mixed, "flag(depth) == 4")
    assert len(deep) == int(np.isfinite(mixed.values("temperature")[bad]).sum()) > 0
    alike = hits(mixed, "flag(temperature) == flag(salinity)")
    assert set(alike).isdisjoint(hits(mixed, "flag(temperature) != flag(salinity)"))


def test_inversion_is_where_denser_water_lies_above(mixed):
    sigma = mixed.values("derived:sigma0")
    for row, sample in hits(mixed, "inversion() > 5", rows=np.arange(40)):
        a, b = int(mixed.offsets[row]), int(mixed.offsets[row + 1])
        known = [i for i in range(a, b) if np.isfinite(sigma[i]) and np.isfinite(mixed.depth[i])]
        place = known.index(a + sample)
        drops = []
        for first, second in pairwise(known):
            if place in (known.index(first), known.index(second)):
                upper, lower = sorted((first, second), key=lambda i: mixed.depth[i])
                drops.append(sigma[upper] - sigma[lower])
        assert max(drops) > 5


def test_what_checks_found(mixed):
    findings = Findings.join(
        [
            Findings.of("spike", "temperature", [9, 3], [0, 1], "4", [9.0, 7.0], 6.0),
            Findings.of("spike", "salinity", [3], [0], "4", 2.0, 1.0),
            Findings.of("on_land", POSITION, [5], -1, "3", 0.0, 0.0),
            Findings.of("climatology", "temperature", [3], [2], "3", 4.5, 3.0),
        ]
    )
    some = {"findings": findings}
    there = set(hits(mixed, "samples > 0"))
    assert hits(mixed, 'check("spike")', **some) == sorted({(9, 0), (3, 1)} & there)
    assert hits(mixed, 'check("spike", salinity)', **some) == sorted({(3, 0)} & there)
    assert hits(mixed, 'check("On land")', **some) == [h for h in sorted(there) if h[0] == 5]
    assert set(hits(mixed, "check()", **some)) | set(hits(mixed, "not check()", **some)) == there
    assert hits(mixed, "residual(temperature) > 4", **some) == sorted({(3, 2)} & there)
    assert hits(mixed, "residual(temperature) > 4.6", **some) == []
    assert hits(mixed, 'check("on land")', POSITION, **some) == [(5, -1)]
    wrong = parse('check("spik")')
    with pytest.raises(
        RuleError, match=r"column 7: there is no check 'spik' .*Did you mean spike\?"
    ):
        wrong.hits(mixed, "temperature", findings=findings)


def test_residuals_are_those_of_the_field_in_the_settings(
    data, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    demo = open_collection(make_demo(tmp_path / "demo", stations=150))
    monkeypatch.setenv("SDCVIZ_CLIMATOLOGY", str(data / "grid" / "levitus_climatology.cdf"))
    get_settings.cache_clear()
    try:
        far = set(hits(demo, "residual(temperature) > 2"))
        near = set(hits(demo, "residual(temperature) <= 2"))
        assert len(far) > 5 and len(near) > 5 and far.isdisjoint(near)
        limits = read_thresholds().limits["climatology"]
        grid = grid_of(limits.of("temperature"), "temperature", "climatology")
        found = residuals(demo, "temperature", grid, limits)
        with np.errstate(invalid="ignore"):
            size = np.abs(found.residual) / found.spread
        assert len(far) == int((size > 2).sum()) and len(near) == int((size <= 2).sum())
        assert hits(demo, "residual(temperature) > 2", size=500) == sorted(far)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_findings_that_were_saved_are_looked_at(mixed, tmp_path):
    copytree(mixed.path, tmp_path / "copy")
    collection = open_collection(tmp_path / "copy")
    found = Findings.of("spike", "temperature", [9], [0], "4", [9.0], 6.0)
    save_findings(collection, found, checks=["spike", "gradient"])
    expected = hits(collection, "sample == 0", rows=np.array([9]))
    assert hits(collection, 'check("spike")') == expected
    assert hits(collection, 'check("gradient")') == []


def test_depth_position_and_time_are_flagged_too(mixed):
    bare = set(np.flatnonzero(np.diff(mixed.offsets) == 0).tolist())
    assert bare, "some stations have no samples"
    north = np.flatnonzero(mixed.lat > 60).tolist()
    assert hits(mixed, "latitude > 60", POSITION) == [(row, -1) for row in north]
    deep = hits(mixed, "value > 1000", DEPTH)
    assert len(deep) == int((mixed.depth > 1000).sum())
    early = hits(mixed, 'time < "1990"', TIME)
    own = mixed.sample_time
    for row, sample in early:
        i = int(mixed.offsets[row]) + max(sample, 0)
        when = mixed.time[row] if sample < 0 else own[i]
        assert when < np.datetime64("1990")
    assert {s for _, s in early} > {-1, 0} and bare & {row for row, _ in early}


def test_edits_leave_what_is_worse_or_the_same(mixed):
    rule = parse("temperature > 15")
    stations, samples = rule.hits(mixed, "temperature")
    old = mixed.flag_at("temperature", stations, samples)
    edits = rule.edits(mixed, "temperature", "3")
    assert len(edits) == int(np.isin(old, [ord(c) for c in "012"]).sum()) > 0
    assert set(edits.new.tolist()) == {ord("3")}
    every = rule.edits(mixed, "temperature", "3", keep_worse=False)
    assert len(every) == int((old != ord("3")).sum()) > len(edits)
    with pytest.raises(BadRequest, match="'x' is no flag"):
        rule.edits(mixed, "temperature", "x")
    assert changes(np.array([BAD, GOOD], np.uint8), "4").tolist() == [False, True]


# ---- mistakes ------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "the rule is empty"),
        ("temprature > 3", 1, "Did you mean temperature?"),
        ("depth < 3 and 7 > temprature", 19, "Did you mean temperature?"),
        ("temperature > 30 and", 21, "ends where a name"),
        ("temperature > > 3", 15, "'>' stands where a name"),
        ("temperature = 3", 13, "write '==' instead of '='"),
        ("temperature > 3 & depth < 3", 17, "write 'and' instead of '&'"),
        ("(depth < 3", 11, "ends where ',' or ')'"),
        ("depth < 3)", 10, "')' stands where 'and'"),
        ("temperature", 1, "alone is no condition"),
        ("flag(temperature)", 1, 'flag(temperature) == "4"'),
        ("cruise > 'A'", 1, "text has no order"),
        ("cruise == 3", 11, "is text; compare it with text in quotes"),
        ("depth < 'deep'", 9, "is a number; compare it with a number"),
        ("flag(temperature) > 3", 1, "codes without order"),
        ("flag(temperature) == 'x'", 22, "this is no flag"),
        ("flag(temperature) == 1.5", 22, "this is no flag"),
        ("flag(sigma0) == 4", 6, "no flags of its own"),
        ("time > 2005", 8, "a date in quotes"),
        ("time > '2005-13'", 8, "a date in quotes"),
        ("time > 'today'", 8, "a date in quotes"),
        ("gradeint(temperature) > 2", 1, "Did you mean gradient?"),
        ("gradient > 2", 1, "needs brackets"),
        ("gradient() > 2", 1, "takes one thing"),
        ("gradient(cruise) > 2", 10, "cruise is no parameter; name one here. There are: "),
        ("gradient(species) > 2", 10, "no numbers along the profile"),
        ("inversion(temperature) > 2", 1, "takes nothing"),
        ("inside(1, 2, 3)", 1, "west, south, east, north"),
        ("inside(1, 20, 3, 10)", 1, "the box is empty"),
        ("inside(depth, 1, 2, 3)", 8, "degrees as numbers"),
        ("inside(0, 1, 2, 3) == 1", 1, "condition by itself"),
        ("month in ()", 10, "the list is empty"),
        ("month in 3", 10, "a list in brackets"),
        ("month not 3", 11, "'in' should"),
        ("month == (3, 4)", 10, "after 'in' only"),
        ("depth + cruise > 3", 9, "is no number (text)"),
        ("depth + (depth > 3) > 3", 10, "a condition stands where a value"),
        ("'deep' == 'deep'", 1, "compare it with something"),
        ("text(project) == 'x'", 6, "in quotes"),
        ("text('projct') == 'x'", 6, "Did you mean project?"),
        ("like(cruise)", 1, "a text and a pattern"),
        ("like(depth, 'x')", 6, "is no text"),
        ("depth < 3m", 9, "'3m' is no number"),
        ("depth < 1e999", 9, "too great"),
        ("cruise == 'x", 11, "has no end"),
        ("depth < 3; depth", 10, "';' has no meaning"),
        ("check('spike')", 1, "no checks were run"),
        ("residual(temperature) > 2", 1, "nothing to compare temperature with"),
        ("value('odd key') > 3", 7, "there is no 'odd key'"),
    ],
)
def test_a_mistake_points_at_its_place(mixed, text, column, says):
    caught = error(mixed, text)
    assert str(caught).startswith(f"Rule, column {column}: ")
    assert says in str(caught) and "\n" not in str(caught)
    line, mark = caught.pointer.split("\n")
    assert line == text and mark.index("^") == column - 1


@pytest.mark.parametrize(
    "text",
    [
        '__import__("os").system("true")',
        "().__class__.__bases__",
        "temperature.__class__ > 3",
        "[x for x in (1, 2)]",
        "lambda: 1",
        "depth if depth else 3",
        "depth := 3",
        "f'{depth}' == 'x'",
        "depth ** 9 ** 9 ** 9 > 3",
        "exec('x') > 3",
        "open('x') == 'y'",
        "@depth > 3",
        "(" * 200 + "depth > 3" + ")" * 200,
        "depth " + "+ 1 " * 5000 + "> 3",
        "depth > " + "9" * 20_000,
    ],
)
def test_nothing_but_rules_has_a_meaning(mixed, text):
    error(mixed, text)


def test_very_long_rules_are_judged(mixed):
    assert hits(mixed, "not " * 2001 + "depth < 100") == hits(mixed, "depth >= 100")
    many = ", ".join(map(str, range(1900, 2100)))
    assert hits(mixed, f"year in ({many})") == hits(mixed, "year >= 1900 and year < 2100")
    deep = "(" * 25 + "depth > 3" + ")" * 25
    assert hits(mixed, deep) == hits(mixed, "depth > 3")


def test_only_what_has_flags_can_be_flagged(mixed):
    with pytest.raises(NotFound, match="no parameter 'nitrate'"):
        parse("depth > 3").hits(mixed, "nitrate")
    with pytest.raises(BadRequest, match="is computed"):
        parse("depth > 3").hits(mixed, "derived:sigma0")
