"""The thresholds file: what ships is sound, an own file changes it, a typo is one sentence."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from made_stations import Made, made_collection

from sdcviz.errors import BadRequest
from sdcviz.qc.checks.runner import plan_checks, run_checks
from sdcviz.qc.checks.table import CHECKS
from sdcviz.qc.checks.thresholds import read_thresholds
from sdcviz.settings import get_settings

HEAD = """sources: {me: "My book, page 3"}
regions: {pond: {polygons: [[[0, 40], [10, 40], [10, 50], [0, 50]]]}}
checks:
"""


def own(folder: Path, text: str, head: str = HEAD) -> Path:
    path = folder / "own.yaml"
    path.write_text(head + text, encoding="utf-8")
    return path


def test_every_check_has_thresholds_and_says_what_it_does() -> None:
    shipped = read_thresholds("checks")
    assert set(shipped.limits) == set(CHECKS)
    for name, check in CHECKS.items():
        assert name == check.name
        assert check.formula and check.source and check.title
        assert all(setting.doc for setting in check.settings.values())


def test_every_figure_has_a_source() -> None:
    for limits in read_thresholds("checks").limits.values():
        for rules in limits.by_parameter.values():
            assert all(len(rule.source) > 5 for rule in rules)


@pytest.mark.parametrize(
    ("lon", "lat", "region"),
    [
        (10.2, 54.5, "baltic"),
        (20.0, 62.0, "baltic"),
        (11.3, 57.0, "baltic"),
        (9.0, 58.0, "north_sea"),
        (4.5, 42.9, "mediterranean"),
        (2.0, 39.5, "mediterranean"),
        (-4.0, 36.0, "mediterranean"),
        (17.5, 42.0, "mediterranean"),
        (25.0, 37.5, "mediterranean"),
        (34.0, 33.0, "mediterranean"),
        (13.5, 45.3, "north_adriatic"),
        (34.0, 43.0, "black_sea"),
        (37.0, 46.0, "black_sea"),
        (38.0, 20.0, "red_sea"),
        (-20.0, 65.0, "arctic"),
        (170.0, 75.0, "arctic"),
        (-55.0, 57.0, "nw_atlantic"),
        (305.0, 57.0, "nw_atlantic"),
        (-8.0, 36.0, "sw_shelf"),
        (-150.0, 0.0, "global"),
        (float("nan"), 10.0, "global"),
    ],
)
def test_places_lie_in_their_seas(lon: float, lat: float, region: str) -> None:
    shipped = read_thresholds("checks")
    assert shipped.regions[int(shipped.region_of([lon], [lat])[0])].name == region


def test_a_region_with_lines_of_its_own_takes_none_of_the_global_ones(tmp_path: Path) -> None:
    limits = read_thresholds(
        own(
            tmp_path,
            "  spike:\n    temperature:\n      - {limit: 1, source: me}\n"
            "      - {region: pond, depth: [100, ~], limit: 2, source: me p. 4}\n",
        )
    )
    stations = [
        Made(lon=5, lat=45, values={"TEMP": [10, 15, 10, 10, 10]}),
        Made(lon=50, lat=45, values={"TEMP": [10, 15, 10, 10, 10]}),
    ]
    c = made_collection(tmp_path, stations)
    f = run_checks(c, thresholds=limits)
    assert c.lon[f.station].tolist() == [50]
    assert limits.limits["spike"].of("temperature").rules[1].source == "My book, page 3, p. 4"


def test_an_own_file_replaces_what_it_names(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        "  spike:\n    temperature:\n      - {limit: 1, source: me}\n    oxygen: off\n"
        "  gradient: off\n",
        "based_on: checks\n" + HEAD,
    )
    mine, shipped = read_thresholds(path), read_thresholds("checks")
    assert "gradient" not in mine.limits
    spike = mine.limits["spike"]
    assert spike.of("temperature").number("limit").tolist() == [1]
    assert spike.find("oxygen") is None
    assert spike.of("salinity").rules == shipped.limits["spike"].of("salinity").rules
    assert mine.content["checks"]["spike"]["salinity"] == [
        *map(dict, shipped.content["checks"]["spike"]["salinity"])
    ]
    assert mine.regions[-1].name == "pond"


def test_the_setting_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = own(tmp_path, "  spike:\n    temperature:\n      - {limit: 1, source: me}\n")
    monkeypatch.setenv("SDCVIZ_CHECKS", str(path))
    get_settings.cache_clear()
    try:
        assert list(read_thresholds().limits) == ["spike"]
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    text = "  spike:\n    temperature:\n      - {{limit: {}, source: me}}\n"
    for limit in (1.0, 2.0):
        path = own(tmp_path, text.format(limit))
        assert read_thresholds(path).limits["spike"].of("temperature").number("limit") == [limit]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "  spkie:\n    temperature: []\n",
            "line 4: there is no check 'spkie'; did you mean 'spike'",
        ),
        (
            "  spike:\n    temperature:\n      - {limt: 3, source: me}\n",
            "line 6: there is no setting of 'spike' 'limt'; did you mean 'limit'",
        ),
        (
            "  spike:\n    temprature:\n      - {limit: 3, source: me}\n",
            "line 5: there is no parameter 'temprature'; did you mean 'temperature'",
        ),
        (
            "  spike:\n    temperature:\n      - {limit: 3,5, source: me}\n",
            "line 6: there is no setting of 'spike' '5'; put a text that has a comma into quotes",
        ),
        (
            "  spike:\n    temperature:\n      - {limit: six, source: me}\n",
            "line 6: limit should be a number, not 'six'",
        ),
        (
            "  spike:\n    temperature:\n      - {source: me}\n",
            "line 6: 'spike' needs 'limit': greatest value of the formula",
        ),
        (
            "  spike:\n    temperature:\n      - {limit: 3}\n",
            "line 6: a source is missing",
        ),
        (
            "  spike:\n    temperature:\n      - {limit: 3, source: them}\n",
            "line 6: there is no source 'them'; there are me",
        ),
        (
            "  spike:\n    temperature:\n      - {region: pnod, limit: 3, source: me}\n",
            "line 6: there is no region 'pnod'; did you mean 'pond'",
        ),
        (
            "  spike:\n    temperature:\n      - {depth: [500, 100], limit: 3, source: me}\n",
            "line 6: the depth 500 should be above 100",
        ),
        (
            "  spike:\n    temperature:\n      - {depth: 500, limit: 3, source: me}\n",
            "line 6: depth should be [from, to] in metres",
        ),
        (
            "  spike:\n    temperature:\n      - {flag: X, limit: 3, source: me}\n",
            "line 6: 'X' is no flag; the SeaDataNet flags are 0123456789ABQ",
        ),
        (
            "  monotonic_depth:\n    depth:\n      - {equal: bad, source: me}\n",
            "line 6: 'bad' is no flag",
        ),
        (
            "  global_range:\n    temperature:\n      - {low: 40, high: 2, source: me}\n",
            "line 6: low (40) is above high (2)",
        ),
        (
            "  spike:\n    temperature: []\n  spike:\n    salinity: []\n",
            "line 6: 'spike' is there twice",
        ),
        ("  spike: 3\n", "line 4: 'spike' should have an entry for each parameter"),
        ("  spike:\n    temperature: 3\n", "line 5: 'temperature' of 'spike' should be a list"),
        ("  spike:\n   - [\n", "this is no YAML"),
        ("  spike:\n\ttemperature: []\n", "line 5: this is no YAML"),
    ],
)
def test_a_typo_is_one_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadRequest) as error:
        read_thresholds(own(tmp_path, text))
    assert str(error.value).startswith("own.yaml, line ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("head", "sentence"),
    [
        ("", "line 1: the file should have the entries"),
        ("chekcs: {}\n", "line 1: there is no entry 'chekcs'; did you mean 'checks'"),
        ("sources: 3\nchecks: {}\n", "line 1: 'sources' should be"),
        ("based_on: own.yaml\n", "line 1: the file can't be based on itself"),
        ("based_on: nowhere\n", "line 1: there is no file 'nowhere' to be based on"),
        (
            "sources: {}\nregions:\n  pond: {polygons: [[[0, 40], [1, 40]]]}\nchecks: {}\n",
            "line 3: a polygon of 'pond' should be three or more",
        ),
        (
            "sources: {}\nregions:\n  pond: {polygons: [[[0, 4], [1, 4], [1, 95]]]}\nchecks: {}\n",
            "line 3: a polygon of 'pond' leaves",
        ),
        ("sources: {}\nregions:\n  pond: {}\nchecks: {}\n", "line 3: the region 'pond' has no"),
        ("sources: {}\nregions: {global: {}}\nchecks: {}\n", "line 2: the region 'global' is the"),
    ],
)
def test_a_wrong_head_is_one_sentence(tmp_path: Path, head: str, sentence: str) -> None:
    with pytest.raises(BadRequest) as error:
        read_thresholds(own(tmp_path, "", head))
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(BadRequest, match=r"There are no thresholds 'nowhere.yaml'"):
        read_thresholds("nowhere.yaml")


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_bytes(np.arange(256, dtype=np.uint8).tobytes())
    with pytest.raises(BadRequest, match=r"own\.yaml"):
        read_thresholds(path)


@pytest.mark.parametrize("seed", range(30))
def test_a_broken_copy_of_what_ships_is_read_or_one_sentence(tmp_path: Path, seed: int) -> None:
    lines = Path(read_thresholds("checks").name).read_text(encoding="utf-8").splitlines()
    chance = random.Random(seed)
    at = chance.randrange(len(lines))
    line = lines[at]
    cut = chance.randrange(len(line) + 1)
    odd = chance.choice("[]{}:,-\"'&*~#!%@`x\t\x00")
    lines[at] = [line[:cut], line[:cut] + odd + line[cut:], f"   {line}", ""][seed % 4]
    path = own(tmp_path, "\n".join(lines), "")
    try:
        assert read_thresholds(path).limits
    except BadRequest as error:
        assert str(error).startswith("own.yaml, line ")
        assert "\n" not in str(error)


def test_a_check_without_its_parameter_is_one_sentence(tmp_path: Path) -> None:
    c = made_collection(tmp_path, [Made(values={"TEMP": [1, 2, 3, 4, 5]})])
    with pytest.raises(BadRequest, match="needs temperature and salinity; made has no salinity"):
        run_checks(c, ["density_inversion"])
    assert "has no salinity" in plan_checks(c).skipped["density_inversion"]
    with pytest.raises(BadRequest, match="none of them is among the parameters"):
        run_checks(c, ["spike"], parameters=["depth"])


def test_a_second_column_of_a_quantity_has_the_limits_of_the_first(tmp_path: Path) -> None:
    limits = read_thresholds("checks").limits["spike"]
    assert limits.of("temperature_2").rules == limits.of("temperature").rules
    assert limits.find("turbidity") is None


def test_a_check_that_compares_parameters_needs_all_of_them_asked_for(tmp_path: Path) -> None:
    values = {"TEMP": [1, 2, 3, 4, 5], "PSAL": [35] * 5}
    c = made_collection(tmp_path, [Made(values=values)])
    with pytest.raises(BadRequest, match="ask for all of them"):
        run_checks(c, ["density_inversion"], parameters=["temperature"])


def test_an_outline_that_crosses_itself_still_holds_places(tmp_path: Path) -> None:
    bow = "regions: {bow: {polygons: [[[0, 0], [10, 10], [10, 0], [0, 10]]]}}\n"
    limits = read_thresholds(own(tmp_path, "", f"sources: {{}}\n{bow}checks: {{}}\n"))
    assert limits.region_of([1.0, 9.0, 5.0], [5.0, 5.0, 9.0]).tolist() == [1, 1, 0]
