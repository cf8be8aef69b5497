"""Recipes: read, written, and refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from analysis_runs import RECIPE, recipe

from sdcviz.analyses.example import example_recipe
from sdcviz.analyses.recipe import Recipe
from sdcviz.analyses.recipe_file import (
    make_recipe,
    parse_recipe,
    read_recipe,
    recipe_schema,
    write_recipe,
)
from sdcviz.errors import BadRequest, NotFound

TEXT = """\
parameter: temperature
domain: {box: [-6, 30, 36.5, 46], resolution: 0.25}
levels: [0, 10, 20]
time: {years: [1991, 2020], months: monthly}
lengths: {horizontal: 80 km, vertical: [10 m, 20 m, 30 m]}
epsilon2: 0.5
background: mean
"""
FLOOR = {"box": [2, 38, 8, 43], "resolution": 0.5, "bathymetry": "/floor.nc"}


def refuse(old: str, new: str) -> str:
    assert old in TEXT
    with pytest.raises(BadRequest) as caught:
        parse_recipe(TEXT.replace(old, new), "r.yaml")
    return str(caught.value)


def test_a_recipe_is_read() -> None:
    read = parse_recipe(TEXT)
    assert read.domain.resolution == (0.25, 0.25)
    assert read.lengths.horizontal == (80_000.0,)
    assert read.lengths.vertical == (10.0, 20.0, 30.0)
    assert read.flags == ("1", "2")
    assert read.background.method == "mean"
    assert read.time.years == ((1991, 2020),)
    assert len(read.time.months) == 12
    assert read.error == "cpme"


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("parameter:", "paramter:", 1, "there is no 'paramter'; did you mean 'parameter'?"),
        ("resolution", "resolutoin", 2, "there is no 'domain.resolutoin'; did you mean"),
        ("background: mean", "box: [1, 2, 3, 4]", 7, "'box' is written as domain.box"),
        ("background: mean", "bathymetri: x.nc", 7, "did you mean domain.bathymetry?"),
        ("background: mean", "xyz: 1", 7, "there is no 'xyz'; there are recipe, collection,"),
        ("levels: [0, 10, 20]", "levels: {set: woa33, bottm: 9}", 3, "mean 'bottom'?"),
        ("[1991, 2020]", "[2020, 1991]", 4, "2020 is after 1991"),
        ("monthly", "monthyl", 4, "there is no 'monthyl'; choose monthly, seasons"),
        ("monthly", "[[12, 1, 13]]", 4, "is 13; it must be at most 12"),
        ("epsilon2: 0.5", "epsilon2: -1", 6, "epsilon2 is -1; it must be greater than 0"),
        ("epsilon2: 0.5", "epsilon2: abc", 6, 'epsilon2 is "abc"; give a number'),
        ("80 km", "80", 5, "80 has no unit; write '80 m' or '80 km'"),
        ("80 km", "80 miles", 5, "the unit 'miles' is not known"),
        ("80 km", "-80 km", 5, "-80 km is no length"),
        ("80 km", "0 km", 5, "a length must be greater than 0"),
        ("-6, 30,", "-6, ", 2, "domain.box.4 is missing"),
        ("-6, 30,", "-6, 50,", 2, "the latitudes 50 to 46 are no range"),
        ("[0, 10, 20]", "[0, 20, 10]", 3, "the depths must increase"),
        ("[0, 10, 20]", "woa34", 3, "there is no set 'woa34'; choose woa33, woa102"),
        ("[0, 10, 20]", "[10]", 3, "with one level or none, say from where to where"),
        ("background: mean", "background: meen", 7, "choose none, mean, profile or product"),
        ("background: mean", "background: product", 7, "needs its file"),
        ("background: mean", "background: {method: mean, file: x.nc}", 7, "not for mean"),
        ("background: mean", "error: exat", 7, "choose cpme, exact or none"),
        ("background: mean", "transformation: logit", 7, "logit needs min and max"),
        ("background: mean", "clamp: {min: 4, max: 3}", 7, "min 4 is not below max 3"),
        ("background: mean", "thresholds: {L1: 3}", 7, "thresholds.L1 is 3; it must be at most 1"),
        ("background: mean", "flags: 1", 7, "flags is 1; give a list"),
        ("background: mean", "run: {memory: 4}", 7, "write a number and MB or GB"),
        ("background: mean", "run: {workers: 0}", 7, "it must be at least 1"),
        ("background: mean", "parameter: oxygen", 7, "'parameter' is there twice"),
        ("background: mean", "recipe: 2", 7, "recipe is 2; choose 1"),
        ("background: mean", "background: [1", 8, "this is no YAML"),
        ("background: mean", "velocity: {u: uo}", 7, "velocity.file is missing: netCDF file"),
        ("background: mean", "velocity: {file: c.nc, strength: 0}", 7, "must be greater than 0"),
        ("background: mean", "velocity: {file: c.nc, w: wo}", 7, "there are file, u, v, strength"),
        ("80 km,", "80 km, slopes: 30,", 5, "30 has no unit; write '30 m' or '30 km'"),
        ("80 km,", "80 km, slopes: {distance: 0 km},", 5, "a length must be greater than 0"),
        ("80 km,", "80 km, slopes: {distance: 9 km, least: 2},", 5, "it must be at most 1"),
        ("background: mean", "slopes: 30 km", 7, "'slopes' is written as lengths.slopes"),
        ("background: mean", "domain2: {box: 1}", 7, "did you mean 'domain'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, told: str) -> None:
    sentence = refuse(old, new)
    assert sentence.startswith(f"r.yaml, line {line}: ")
    assert told in sentence
    assert "\n" not in sentence
    assert sentence[-1] in ".?"


def test_lengths_are_as_many_as_levels() -> None:
    assert "lengths.vertical has 2 values for 3 levels" in refuse(
        "[10 m, 20 m, 30 m]", "[1 m, 2 m]"
    )


def test_what_is_missing_is_described() -> None:
    assert "epsilon2 is missing: error variance of an observation" in refuse("epsilon2: 0.5\n", "")


@pytest.mark.parametrize("text", ["", "- a", "just words", "5"])
def test_a_file_that_is_no_recipe(text: str) -> None:
    with pytest.raises(BadRequest, match="has lines such as"):
        parse_recipe(text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="sdcviz divand --example"):
        read_recipe(tmp_path / "no.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadRequest, match="not readable as text"):
        read_recipe(tmp_path / "binary.yaml")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lengths": {"horizontal": "fit", "vertical": "0 m"}},
        {"lengths": {"horizontal": ["80 km", "90.5 km", "100 km", "1000.25 km"]}},
        {"levels": {"set": "woa33", "bottom": 500}},
        {"velocity": "/currents.nc"},
        {"velocity": {"file": "/currents.nc", "u": "uo", "v": "vo", "strength": 2.5}},
        {"velocity": "none"},
        {"lengths": {"horizontal": "80 km", "slopes": "30.5 km"}, "domain": FLOOR},
        {"lengths": {"horizontal": "80 km", "slopes": {"distance": "9 km", "least": 0.5}},
         "domain": FLOOR},
        {"lengths": {"horizontal": "80 km", "slopes": "none"}},
        {"levels": {"depths": [10], "top": 5, "bottom": 15}},
        {"levels": {"top": 0, "bottom": 10}},
        {"background": {"method": "product", "file": "/x.nc", "variable": "t"}},
        {"background": {"method": "profile", "vertical_length": "100 m"}},
        {"transformation": {"method": "log", "threshold": 200, "offset": 0.1}},
        {"time": {"moving": {"first": 1991, "last": 2000, "length": 6}, "months": "seasons"}},
        {"time": {"windows": {"first": "2000-01-01", "last": "2000-12-31", "every": 9,
                              "length": 30}}},
        {"metadata": {"title": "T", "authors": ["A <a@b.c>"], "edmo": 486}},
        {"domain": {"box": [170, -10, -170, 10], "resolution": [1, 0.5], "basin": [180, 0]}},
        {"run": {"memory": "4 GB", "workers": 3}, "error": "none"},
    ],
)  # fmt: skip
def test_a_recipe_that_was_written_reads_the_same(changes: dict[str, Any]) -> None:
    given = recipe(**changes)
    assert parse_recipe(write_recipe(given)) == given
    json.dumps(given.science(), allow_nan=False)


def test_the_example_is_a_recipe_and_names_every_part(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(example_recipe("my collection"))
    read = read_recipe(path)
    assert read.collection == str(tmp_path / "my collection")
    assert read.domain.basin == (5.0, 40.0)
    assert read.velocity is None and read.lengths.slopes is None
    for key in Recipe.model_fields:
        assert f"\n{key}:" in path.read_text(), key


def test_paths_are_seen_from_the_folder_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(TEXT + "collection: ../c\nvelocity: {file: sub/c.nc, strength: 2}\n")
    read = read_recipe(path)
    assert read.collection == str(tmp_path / ".." / "c")
    assert read.velocity is not None and read.velocity.file == str(tmp_path / "sub" / "c.nc")
    assert read.velocity.strength == 2


def test_the_schema_describes_every_key() -> None:
    schema = recipe_schema()
    json.dumps(schema, allow_nan=False)
    parts = [schema, *schema["$defs"].values()]
    assert len(parts) > 8
    for part in parts:
        assert part["additionalProperties"] is False
        for name, key in part["properties"].items():
            assert key.get("description"), (part["title"], name)


def test_run_and_metadata_change_no_number() -> None:
    plain = make_recipe(RECIPE)
    other = recipe(run={"workers": 7}, metadata={"title": "x"}, collection="/elsewhere")
    assert plain.science() == other.science()
    assert plain.science() != recipe(epsilon2=0.6).science()
