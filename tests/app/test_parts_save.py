"""The tool that saves flags, without a browser: the files are real."""

from __future__ import annotations

import csv
import zipfile

import pytest

from sdcviz import import_files, open_collection
from sdcviz.qc import Edits
from sdcviz_app import downloads
from sdcviz_app.desk import Desk
from sdcviz_app.parts.quality.save import SAVES, SavePart
from sdcviz_app.session import Session

FILES = ("ODV_vertical_profiles_ctd.txt", "BlackSea_2profiles.txt")


@pytest.fixture
def part(data, tmp_path):
    import_files([data / "odv" / name for name in FILES], tmp_path / "two", name="Two <b>seas")
    session = Session()
    session.open(str(tmp_path / "two"))
    return SavePart(desk=Desk(session=session))


def written(part: SavePart, title: str):
    part.open()
    part.form.value = title
    part.write()
    assert part.writer.address, part.writer.result.object
    return downloads.find(part.writer.address.rpartition("/")[2])


def change_a_flag(part: SavePart) -> str:
    c = part.desk.data
    row = int((c.source == 0).argmax())
    key = next(p.key for p in c.parameters if c.has(p.key)[row])
    old = c.flag_at(key, row, 0)
    c.journal.write(c, Edits.of(key, row, 0, old, "4"), user="ada", reason="=spike")
    return key


def test_each_source_file_comes_back_with_its_flags(part, data, tmp_path):
    change_a_flag(part)
    path = written(part, "ODV spreadsheet")
    zipfile.ZipFile(path).extractall(tmp_path / "out")
    names = [s["name"] for s in part.desk.data.manifest["sources"]]
    sources = [(data / "odv" / name).read_bytes().splitlines() for name in names]
    saved = [(tmp_path / "out" / name).read_bytes().splitlines() for name in names]
    assert saved[1] == sources[1]
    new = [line for line in saved[0] if line not in sources[0]]
    assert len(new) == 2 and new[0].startswith(b"//<History>")
    again = import_files([tmp_path / "out" / names[0]], tmp_path / "again")
    assert again.stations == part.desk.data.manifest["sources"][0]["stations"]


def test_the_change_log_has_a_row_for_each_flag_and_no_formula(part):
    change_a_flag(part)
    path = written(part, "Change log (CSV)")
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [(r["operator"], r["flag_new"]) for r in rows] == [("ada", "4")]
    assert rows[0]["reason"] == "'=spike"


@pytest.mark.parametrize("title", [t for t in SAVES if SAVES[t][1] in (".nc", ".csv")])
def test_a_file_for_others_keeps_the_changed_flag(part, tmp_path, title):
    key = change_a_flag(part)
    import_files([written(part, title)], tmp_path / "again")
    flags = open_collection(tmp_path / "again").parameter(key).flags
    before = dict(part.desk.data.parameter(key).flags)
    assert flags["4"] == before["4"]


def test_it_says_how_much_is_written_and_from_where(part):
    part.open()
    assert "0 changed flags" in part._what.object
    change_a_flag(part)
    part.scope.value = "What Explore shows: its filters and selection"
    assert "1 changed flag." in part._what.object
    part.desk.session.months = (part.desk.data.time[0].astype(object).month,)
    part.open()
    assert not part._write.disabled
