"""The SQLite file of a journal: where it lies, who may write it, what happens when it changes."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import need
from journalled import first_good, flag, make_collection, use_journal
from synthetic import batch, sha

from sdcviz.errors import BadRequest, StorageError
from sdcviz.observations import build_collection, open_collection
from sdcviz.qc.journal_runs import find_rows
from sdcviz.settings import get_settings, load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "home"))
    with use_journal(None, monkeypatch):
        yield make_collection(tmp_path / "c")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take away the right to write; root has it always, except where the mount says no."""
    if os.getuid():
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
        return
    bind = subprocess.run(["mount", "--bind", folder, folder], capture_output=True)
    need(bind.returncode == 0, "No right to mount a folder read-only here.")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # its columns are still mapped


def now(folder: Path, place: tuple[int, int]) -> str:
    return chr(open_collection(folder).flag_at("temperature", *place)[0])


def test_reading_makes_no_file_and_loads_no_database(folder):
    code = (
        "import sys; from sdcviz.observations import open_collection\n"
        "c = open_collection(sys.argv[1]); c.catch_up(); c.flags('temperature')\n"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, folder], check=True)
    assert not (folder / "journal.sqlite").exists()


def test_every_commit_is_on_the_disk(folder):
    c = open_collection(folder)
    flag(c, *first_good(c), "4")
    store = c.journal.store(c)
    asked = [
        store.read(lambda db, name=name: db.exec_driver_sql(f"PRAGMA {name}").scalar())
        for name in ("journal_mode", "synchronous")
    ]
    assert asked == ["wal", 2]


def test_the_journal_goes_where_the_folder_goes(folder, tmp_path):
    c = open_collection(folder)
    place = first_good(c)
    flag(c, *place, "4")
    c.journal.store(c).engine.dispose()
    shutil.move(folder, tmp_path / "moved")
    assert now(tmp_path / "moved", place) == "4"


def test_a_collection_in_a_read_only_folder(folder):
    """Flags go to the user's own folder where there is no journal yet."""
    place = first_good(open_collection(folder))
    with read_only(folder):
        c = open_collection(folder)
        flag(c, *place, "4")
        assert now(folder, place) == "4"
        assert not (folder / "journal.sqlite").exists()
        assert (get_settings().data_dir / "journals" / f"{c.id}.sqlite").exists()
        assert not c.journal.compact(c)


def test_who_may_only_read_sees_the_flags_and_is_told_why_he_can_not_change_them(folder):
    code = (
        "import sys; from journalled import first_good, flag\n"
        "from sdcviz.errors import StorageError\n"
        "from sdcviz.observations import open_collection\n"
        "c = open_collection(sys.argv[1]); row, sample = int(sys.argv[2]), int(sys.argv[3])\n"
        "print(chr(c.flag_at('temperature', row, sample)[0]))\n"
        "try: flag(c, row, sample, '3')\n"
        "except StorageError as error: print(error)\n"
    )
    c = open_collection(folder)
    place = first_good(c)
    flag(c, *place, "4")
    c.journal.store(c).engine.dispose()
    here = Path(__file__).parent
    path = f"{here}:{here.parent / 'observations'}"
    with read_only(folder):
        done = subprocess.run(
            [sys.executable, "-c", code, folder, *map(str, place)],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path},
        )  # fmt: skip
    assert done.stderr == ""
    code, sentence = done.stdout.splitlines()
    assert code == "4"
    assert sentence.startswith(f"{folder / 'journal.sqlite'} may not be written, no flag was chan")


def test_a_file_that_was_replaced_is_followed(folder, tmp_path):
    """Nothing is written into a file that nobody can find any more."""
    c = open_collection(folder)
    place = first_good(c)
    flag(c, *place, "4")
    c.journal.store(c).engine.dispose()
    shutil.rmtree(folder)
    make_collection(folder)
    again = open_collection(folder)
    assert now(folder, place) == "1"
    flag(again, *place, "3")
    with sqlite3.connect(folder / "journal.sqlite") as db:
        assert db.execute("SELECT new FROM edit").fetchall() == [("3",)]


def test_a_damaged_file_is_said(folder):
    (folder / "journal.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StorageError) as caught:
        open_collection(folder)
    assert str(caught.value).startswith(f"{folder / 'journal.sqlite'}: the journal can't be read")
    assert open_collection(folder, flags="source").n_stations == 150


@pytest.mark.parametrize("url", ["mysql://host/name", "host"])
def test_an_address_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv("SDCVIZ_JOURNAL_URL", url)
    with pytest.raises(BadRequest, match="should begin with postgresql:// or sqlite:///") as caught:
        load_settings()
    assert url not in str(caught.value)


def test_all_journals_can_share_one_file(folder, tmp_path, monkeypatch):
    with use_journal(f"sqlite:///{tmp_path}/all.sqlite", monkeypatch):
        one = open_collection(folder)
        other = open_collection(make_collection(tmp_path / "other"))
        place = first_good(one)
        flag(one, *place, "4")
        flag(other, *place, "3")
        assert (now(one.path, place), now(other.path, place)) == ("4", "3")
        assert [len(c.journal.batches(c)) for c in (one, other)] == [1, 1]


def test_a_journal_that_the_settings_pass_over_is_named(folder, tmp_path, monkeypatch, caplog):
    c = open_collection(folder)
    place = first_good(c)
    flag(c, *place, "4")
    with use_journal(f"sqlite:///{tmp_path}/all.sqlite", monkeypatch):
        assert [now(folder, place) for _ in range(2)] == ["1", "1"]
    told = [m for m in caplog.messages if str(folder / "journal.sqlite") in m]
    assert len(told) == 1


def test_stations_are_found_by_identity_also_where_numbers_have_gaps(tmp_path):
    """As in a file that holds the stations 7 and 1 000 000 007 of another one."""
    sparse, dense = batch(40, 1), batch(30, 2)
    sparse.stations.index = (sparse.stations.index * 25_000_000 + 7).astype("int32")
    for name, first in (("sparse", sparse), ("dense", batch(40, 1))):
        files = [(n, sha(n), [b]) for n, b in (("one", first), ("two", dense))]
        build_collection(files, tmp_path / name)
        c = open_collection(tmp_path / name)
        ids = [c.station_id(row) for row in range(c.n_stations)]
        assert find_rows(c, ids).tolist() == list(range(c.n_stations))
        strange = [f"{sha('one')[:16]}:6", f"{sha('none')[:16]}:7", "7", "", f"{ids[0]}000000"]
        strange += [
            f"{sha('one')[:16]}:999999999",
            f"{sha('two')[:16]}:30",
            f"{sha('one')[:16]}:-1",
        ]
        expected = [ids.index(i) if i in ids else -1 for i in strange]
        assert find_rows(c, strange).tolist() == expected
