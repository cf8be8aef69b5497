"""Flags on the command line: set by rule, told, taken back, exported."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sdcviz.cli import app
from sdcviz.observations import import_files

FLAG = ("--parameter", "nitrate", "--flag", "4", "--reason", "spike", "--user", "ana")


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def document(*words: object) -> Any:
    result = call(*words, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture
def collection(data: Path, tmp_path: Path) -> Path:
    import_files([data / "odv" / "octopus_diap.txt"], tmp_path / "c")
    return tmp_path / "c"


def counts(collection: Path, *words: str) -> dict[str, int]:
    parameters = document("info", collection, *words)["parameters"]
    return next(p["flags"] for p in parameters if p["key"] == "nitrate")


def test_flags_are_set_told_and_taken_back(collection: Path) -> None:
    tried = document("qc", "flag", collection, "--where", "depth > 100", *FLAG, "--try")
    assert tried == {"hits": 9, "changed": 9, "batch": None}
    assert counts(collection) == {"0": 110}
    report = document("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    assert (report["hits"], report["changed"]) == (9, 9)
    assert counts(collection) == {"0": 101, "4": 9}
    assert counts(collection, "--source-flags") == {"0": 110}
    again = document("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    assert (again["hits"], again["changed"], again["batch"]) == (9, 0, None)

    (batch,) = document("qc", "history", collection)
    assert (batch["user"], batch["samples"], batch["selection"]) == ("ana", 9, "depth > 100")
    undone = document("qc", "undo", collection, "--user", "ana")
    assert undone["undoes"] == report["batch"]
    assert counts(collection) == {"0": 110}
    assert document("qc", "undo", collection, "--user", "ana") is None
    assert document("qc", "redo", collection, "--user", "ana")["samples"] == 9
    assert counts(collection) == {"0": 101, "4": 9}
    assert [b["tool"] for b in document("qc", "history", collection)] == ["rule", "undo", "redo"]
    assert document("qc", "history", collection, "--user", "bo") == []


def test_the_summary_has_the_parameters_of_info(collection: Path) -> None:
    call("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    for words in ((), ("--source-flags",)):
        summary = document("qc", "summary", collection, *words)
        assert summary["parameters"] == document("info", collection, *words)["parameters"]
    summary = document("qc", "summary", collection)
    row = next(r for r in summary["flags"] if (r["parameter"], r["flag"]) == ("nitrate", "4"))
    assert (row["before"], row["after"]) == (0, 9)
    assert summary["batches"] == 1 and summary["last_change"].startswith("20")
    assert "nitrate\t4\tbad value\t0\t9" in call("qc", "summary", collection).stdout


def test_the_history_of_one_sample(collection: Path) -> None:
    call("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    call("qc", "flag", collection, "--where", "depth > 110", "--parameter", "depth",
         *FLAG[2:4], "--reason", "cable", "--user", "bo")  # fmt: skip
    station = document("qc", "history", collection, "--sample", "3")
    assert {(r["parameter"], r["user"]) for r in station} == {("nitrate", "ana"), ("@depth", "bo")}
    one = station[0]
    same = document("qc", "history", collection, "--sample", f"{one['station']}:{one['sample']}")
    assert [r["reason"] for r in same] == ["spike", "cable"]
    assert document("qc", "history", collection, "--sample", "3:0") == []
    table = call("qc", "history", collection, "--sample", "3", "--csv").stdout
    assert [r["reason"] for r in csv.DictReader(io.StringIO(table))] == ["spike", "cable"]


def test_every_command_shows_the_flags_as_they_stand(collection: Path, tmp_path: Path) -> None:
    call("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    stations = ("stations", collection, "--parameter", "nitrate", "--flags", "4")
    assert len(document(*stations)) == 8 and document(*stations, "--source-flags") == []
    name = document(*stations)[0]["local_cdi_id"]
    profile = document("profile", collection, name)["stations"][0]["profile"]
    assert "4" in profile["nitrate_flag"]
    original = document("profile", collection, name, "--source-flags")["stations"][0]["profile"]
    assert set(original["nitrate_flag"]) == {"0"}
    out = tmp_path / "out.csv"
    document("export", collection, "--out", out)
    with out.open(newline="") as file:
        table = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert sum(row["Nitrate flag"] == "4" for row in table) == 9


def test_export_per_file(collection: Path, data: Path, tmp_path: Path) -> None:
    original = (data / "odv" / "octopus_diap.txt").read_bytes()
    call("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    told = document("export", collection, "--per-file", tmp_path / "out")
    assert told["files"] == [str(tmp_path / "out" / "octopus_diap.txt")]
    assert Path(told["files"][0]).read_bytes() != original
    document("export", collection, "--per-file", tmp_path / "out", "--source-flags")
    assert Path(told["files"][0]).read_bytes() == original
    position = (*FLAG[2:4], "--reason", "on land", "--user", "ana")
    call("qc", "flag", collection, "--where", "depth > 100", "--parameter", "position", *position)
    result = call("export", collection, "--out", tmp_path / "out.txt")
    assert "octopus_diap.txt has no column for some changed flags (8 of position)" in result.stderr


def test_the_change_log(collection: Path, tmp_path: Path) -> None:
    call("qc", "flag", collection, "--where", "depth > 100", *FLAG)
    told = call("qc", "log", collection)
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert len(rows) == 9 and {r["flag_new"] for r in rows} == {"4"}
    written = call("qc", "log", collection, "--out", tmp_path / "log.csv")
    assert written.stdout.endswith("log.csv: 9 changes\n")
    assert (tmp_path / "log.csv").read_text() == told.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("flag", "--where", "depth > > 1", *FLAG), "Rule, column 9: "),
        (("flag", "--where", "depht > 1", *FLAG), "depht"),
        (("flag", "--where", "depth > 1", *FLAG[:3], "X", *FLAG[4:]), "The flag 'X' is not on"),
        (("flag", "--where", "depth > 1", "--parameter", "no", *FLAG[2:]), "no parameter 'no'"),
        (("flag", "--where", "depth > 1", *FLAG[:-1], " "), "Say who"),
        (("undo", "--user", " "), "Say whose change to undo"),
        (("history", "--sample", "3:99"), "Station 3 has 10 samples, numbered from 0"),
        (("history", "--sample", "nowhere:1"), "nowhere"),
        (("history", "--json", "--csv"), "--json and --csv exclude each other"),
    ],
)
def test_bad_input_is_told_in_one_sentence(
    collection: Path, words: tuple[str, ...], sentence: str
) -> None:
    result = CliRunner().invoke(app, ["qc", words[0], str(collection), *words[1:]])
    assert result.exit_code == 2
    last = result.stderr.strip().splitlines()[-1]
    assert last.startswith("sdcviz: ") and sentence in last
    assert "Traceback" not in result.output


def test_export_wants_one_target(collection: Path, tmp_path: Path) -> None:
    for words in ((), ("--out", tmp_path / "a.txt", "--per-file", tmp_path)):
        result = call("export", collection, *words)
        assert result.exit_code == 2 and "Give --out FILE, or --per-file FOLDER" in result.stderr
