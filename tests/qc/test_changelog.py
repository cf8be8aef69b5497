"""The change log: one row a change, for data centres and their spreadsheets."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sdcviz.observations import import_files, open_collection
from sdcviz.qc.changelog import COLUMNS, write_change_log
from sdcviz.qc.model import DEPTH, POSITION, TIME, Edits
from sdcviz.qc.sessions import history_line, sessions

EVIL = ('=cmd|"/C calc"!A0', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "'=1")


@pytest.fixture
def c(data, tmp_path):
    import_files([data / "odv" / "octopus_diap.txt"], tmp_path / "c")
    return open_collection(tmp_path / "c")


def write(c, key, row, sample, new, notes=None, **more):
    old = c.flag_at(key, row, sample)
    edits = Edits.of(key, row, sample, old, new, notes)
    return c.journal.write(c, edits, **{"user": "ana", "reason": "spike", "session": "s1"} | more)


def read(c, path: Path) -> list[dict[str, str]]:
    n = write_change_log(c, path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == n
    return rows


def test_every_column_of_a_change(c, tmp_path):
    write(c, "nitrate", 3, [1], "4")
    (row,) = read(c, tmp_path / "log.csv")
    assert tuple(row) == COLUMNS
    i = int(c.offsets[3]) + 1
    assert row["operator"] == "ana" and row["session_id"] == "s1" and row["reason"] == "spike"
    assert row["edmo_code"] == "486" and "SISMER" in row["edmo_name"]
    assert row["local_cdi_id"] == c.station(3)["local_cdi_id"]
    assert row["cdi_url"].startswith("http") and row["cruise"] == "DIAPALIS 2"
    assert row["station_time"] == f"{c.time[3]}Z" == row["sample_time"]
    assert float(row["lon"]) == pytest.approx(float(c.lon[3]))
    assert row["source_file"] == "octopus_diap.txt" and int(row["source_row"]) == c.row[i]
    assert (row["parameter_label"], row["P01"]) == ("Nitrate", "NTRAYYDZ")
    assert float(row["z"]) == pytest.approx(float(c.depth[i])) and row["z_label"] == "Depth [m]"
    assert float(row["value_old"]) == pytest.approx(float(c.values("nitrate")[i]))
    assert row["value_new"] == ""
    assert (row["flag_old"], row["flag_new"], row["flag_scale"]) == ("0", "4", "L20")
    assert row["test_or_manual"] == "manual"
    assert c.name in row["product_or_collection"] and row["software_version"].startswith("sdcviz")


def test_places_checks_and_rules(c, tmp_path):
    write(c, POSITION, 0, -1, "3")
    write(c, TIME, 0, -1, "3")
    write(c, DEPTH, 0, [0, 1], "4")
    write(c, "nitrate", 1, [0], "4", ["spike 12.5 (limit 6), between"], tool="check")
    write(c, "nitrate", 2, [0], "4", tool="rule", selection="nitrate > 3")
    rows = read(c, tmp_path / "log.csv")
    assert [r["parameter_label"] for r in rows] == [
        *("Position", "Time", "Depth", "Depth", "Nitrate", "Nitrate")
    ]
    assert [r["z"] for r in rows[:2]] == ["", ""] and rows[2]["z"] != ""
    assert (rows[4]["test_or_manual"], rows[4]["threshold"]) == ("spike", "6")
    assert rows[4]["reason"] == "spike 12.5 (limit 6), between" and rows[5]["reason"] == "spike"
    assert (rows[5]["test_or_manual"], rows[5]["threshold"]) == ("rule", "nitrate > 3")


def test_what_was_undone_is_told_twice(c, tmp_path):
    write(c, "nitrate", 3, [1], "4")
    c.journal.undo(c, "ana")
    rows = read(c, tmp_path / "log.csv")
    assert [(r["flag_old"], r["flag_new"]) for r in rows] == [("0", "4"), ("4", "0")]
    assert sessions(c) == []


def test_no_cell_is_a_formula(data, tmp_path):
    """Neither what operators write nor what files hold."""
    raw = (data / "odv" / "octopus_diap.txt").read_text("cp1252")
    for n in range(raw.count("\nDIAPALIS 2\t")):
        raw = raw.replace("\nDIAPALIS 2\t", f"\n{EVIL[n % len(EVIL)].strip()}\t", 1)
    (tmp_path / "a.txt").write_text(raw, "cp1252")
    import_files([tmp_path / "a.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    for text in EVIL:
        number = c.text("cruise").texts().index(text.strip())
        write(c, "nitrate", number, [1], "4", user=text.strip(), reason=text, session=text)
    rows = read(c, tmp_path / "log.csv")
    assert len(rows) == len(EVIL)
    for row in rows:
        for name in ("operator", "reason", "session_id", "cruise"):
            assert row[name].startswith("'"), (name, row[name])
        numbers = [row[name] for name in ("lon", "lat", "z", "value_old")]
        assert all(float(n) == float(n) for n in numbers) and numbers[1].startswith("-")


def test_checks_are_told_by_name(c):
    notes = ["gradient 12.5 (limit 6)", "global_range 99 (limit 40)"]
    write(
        c, "nitrate", 1, [0, 1], "4", notes, tool="check", reason="checks: gradient, global_range"
    )
    (session,) = sessions(c)
    assert session.reasons == ("gradient", "global_range")
    line = history_line(c, session)
    assert "-> 4 (gradient)" in line and "-> 4 (global_range)" in line


def test_changes_of_some_stations_only(c, tmp_path):
    write(c, "nitrate", [1, 2, 3], [0, 0, 0], "4")
    assert write_change_log(c, tmp_path / "log.csv", np.array([2])) == 1
    (session,) = sessions(c, np.array([1, 3]))
    assert session.edits.station.tolist() == [1, 3]


def test_sessions_tell_what_they_left(c):
    write(c, "nitrate", 1, [0, 1], "3", session="a")
    write(c, "nitrate", 1, [1], "4", session="a", reason="worse")
    write(c, "nitrate", 1, [0], "2", session="b", user="bo")
    first, second = sessions(c)
    assert [(s.user, s.id) for s in (first, second)] == [("ana", "a"), ("bo", "b")]
    found = zip(first.edits.sample, first.edits.old, first.edits.new, strict=True)
    assert [(int(s), chr(a), chr(b)) for s, a, b in found] == [(0, "0", "3"), (1, "0", "4")]
    assert first.reasons == ("spike", "worse")


def test_a_long_history_says_what_it_leaves_out(c):
    rows = np.repeat(np.arange(c.n_stations), 2)
    samples = np.tile([0, 1], c.n_stations)
    write(c, "nitrate", rows, samples, "4", reason="x" * 900)
    (session,) = sessions(c)
    line = history_line(c, session)
    assert "\n" not in line and len(line) < 9000
    assert line.endswith("more flags, see the change log")


def test_what_passed_is_told_in_a_word(c):
    """Thousands of flags 0 to 1 must not hide the few that say something."""
    rows = np.repeat(np.arange(c.n_stations), np.diff(c.offsets))
    samples = np.arange(c.n_samples) - c.offsets[rows]
    write(c, "nitrate", rows, samples, "1", tool="check", reason="passed the checks: spike")
    write(c, "nitrate", 5, [2], "4")
    (session,) = sessions(c)
    line = history_line(c, session)
    text = line.split("\t")[3]
    assert text.count("-> 4 (spike)") == 1 and text.count("0 -> 1") == 1
    assert text.endswith(f"Nitrate [µmol/l] @ Depth [m]: {c.n_samples - 1} flags 0 -> 1")


def test_batches_of_others_that_are_not_laid_over_yet_are_not_told(c, tmp_path):
    elsewhere = open_collection(c.path)
    write(elsewhere, "nitrate", 3, [1], "4")
    assert c.flags_version == 0
    assert write_change_log(c, tmp_path / "log.csv") == 0
    c.catch_up()
    assert write_change_log(c, tmp_path / "log.csv") == 1


def test_a_collection_with_its_original_flags_has_no_log(c, tmp_path):
    write(c, "nitrate", 3, [1], "4")
    original = open_collection(c.path, flags="source")
    assert write_change_log(original, tmp_path / "log.csv") == 0
    assert original.where().export(tmp_path / "o.txt", "odv").read_bytes().count(b"EDITFLAGS") == 0
