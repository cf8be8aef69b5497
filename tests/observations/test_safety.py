"""Whatever happens to an import, the collection stays as it was."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from sdcviz.errors import (
    BadRequest,
    CollectionBusy,
    CollectionError,
    NewerCollection,
    NotFound,
    UnreadableFile,
)
from sdcviz.observations import build_collection, import_files, open_collection

from .synthetic import batch, sha

ENDLESS = Path(__file__).with_name("endless.py")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a collection of ten stations."""
    build_collection([("old", sha("old"), [batch(10, 1)])], tmp_path / "c")
    return tmp_path / "c"


@pytest.fixture
def running(old: Path):
    """Start an import that never ends, and wait until it has written."""
    process = subprocess.Popen(
        [sys.executable, str(ENDLESS), str(old)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"importing\n"
    yield process
    process.kill()
    process.communicate()


def content(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_killed_import_leaves_the_old_snapshot(old, running):
    running.kill()
    running.wait()
    assert any(name.startswith(".building-") for name in content(old))
    assert open_collection(old).n_stations == 10
    build_collection([("new", sha("new"), [batch(5, 2)])], old)
    assert open_collection(old).n_stations == 15
    assert content(old) == [".lock", "collection.json", "s0001", "s0002"]


def test_ctrl_c_leaves_nothing_half_made(old, running):
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate()
    assert running.returncode != 0
    assert b"KeyboardInterrupt" in errors
    assert content(old) == [".lock", "collection.json", "s0001"]
    assert open_collection(old).n_stations == 10


def test_a_second_import_is_told_to_wait(old, running):
    with pytest.raises(CollectionBusy, match=f"process {running.pid}.*Wait until it is done"):
        build_collection([("new", sha("new"), [batch(5, 2)])], old)
    assert open_collection(old).n_stations == 10


def run_limited(folder: Path, limit: int) -> str:
    """Import with a bound on the size of files; return the sentence of the error."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from observations.synthetic import batch, sha\n"
        "from sdcviz.errors import StorageError\n"
        "from sdcviz.observations import build_collection\n"
        "import sdcviz.observations.duplicates\n"
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)\n"
        "try: build_collection([('n', sha('n'), [batch(4000, 2)])], sys.argv[2])\n"
        "except StorageError as error: print(error)\n"
    )
    tests = str(ENDLESS.parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script, tests, str(folder), str(limit)],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_full_disk_leaves_the_old_snapshot(old):
    sentence = run_limited(old, 20_000)
    assert sentence.startswith(f"The disk that holds {old} is full, nothing was imported")
    assert content(old) == [".lock", "collection.json", "s0001"]
    assert open_collection(old).n_stations == 10


def test_a_full_disk_leaves_no_new_collection(tmp_path):
    assert "is full" in run_limited(tmp_path / "new", 20_000)
    assert not (tmp_path / "new").exists()


def test_a_full_file_system_leaves_the_old_snapshot(tmp_path):
    """The real thing, where mounting is allowed; a bound on file sizes stands for it elsewhere."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True
    )
    limit = resource.RLIM_INFINITY if mounted.returncode == 0 else 20_000
    try:
        build_collection([("old", sha("old"), [batch(10, 1)])], disk / "c")
        assert "is full" in run_limited(disk / "c", limit)
        assert content(disk / "c") == [".lock", "collection.json", "s0001"]
        assert open_collection(disk / "c").n_stations == 10
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_without_permission_is_named():
    script = (
        "import os, sys\n"
        "from sdcviz.errors import StorageError\n"
        "from sdcviz.observations import build_collection\n"
        # nothing is read-only for root
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: build_collection([], sys.argv[1])\n"
        "except StorageError as error: print(error)\n"
    )
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o555)
        target = Path(home) / "c"
        done = subprocess.run(
            [sys.executable, "-c", script, str(target)], capture_output=True, text=True
        )
        assert f"{target} may not be written" in done.stdout, done.stderr
        assert "write permission" in done.stdout
        assert not target.exists()


def test_a_newer_collection_is_refused(old):
    about = json.loads((old / "collection.json").read_text())
    (old / "collection.json").write_text(json.dumps({**about, "schema": 99}))
    with pytest.raises(NewerCollection, match=r"newer version of sdcviz.*Update sdcviz"):
        open_collection(old)
    with pytest.raises(NewerCollection):
        build_collection([("new", sha("new"), [batch(5, 2)])], old)
    assert content(old) == [".lock", "collection.json", "s0001"]


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": "one"}', ""])
def test_a_damaged_collection_is_named(old, damage):
    (old / "collection.json").write_text(damage)
    with pytest.raises(CollectionError, match=r"collection\.json is damaged"):
        open_collection(old)


def test_a_missing_or_short_column_is_named(old):
    column = old / "s0001" / "depth.npy"
    column.write_bytes(column.read_bytes()[:-4])
    with pytest.raises(CollectionError, match=r"damaged \(depth\.npy has"):
        open_collection(old)
    column.unlink()
    with pytest.raises(CollectionError, match="damaged"):
        open_collection(old)


def test_what_is_no_collection_is_named(tmp_path):
    with pytest.raises(NotFound, match="There is no collection"):
        open_collection(tmp_path / "nowhere")
    with pytest.raises(CollectionError, match="is not a collection"):
        open_collection(tmp_path)
    (tmp_path / "letter.txt").write_text("Dear all")
    with pytest.raises(CollectionError, match=r"it holds letter\.txt"):
        build_collection([], tmp_path)
    with pytest.raises(CollectionError, match="is a file"):
        build_collection([], tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "Dear all"


def test_nothing_to_import_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="nothing to import"):
        import_files([], tmp_path / "c")
    page = tmp_path / "page.txt"
    page.write_text("<!DOCTYPE html><html><body>Error 404</body></html>")
    with pytest.raises(UnreadableFile, match=r"Nothing was imported. page\.txt: .*HTML"):
        import_files([page], tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_an_unreadable_file_does_not_hold_up_the_others(tmp_path, data):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("<html>not data</html>")
    shutil.copy(data / "odv" / "octopus_diap.txt", folder / "b.txt")
    report = import_files([folder], tmp_path / "c")
    assert (report.files, report.stations) == (1, 13)
    assert [name for name, _ in report.skipped] == ["in/a.txt"]


def test_a_reader_that_fails_half_way_leaves_no_stations(tmp_path, data):
    """Stations already read of a file that breaks off are not in the collection."""
    (tmp_path / "good.txt").write_bytes((data / "odv" / "octopus_diap.txt").read_bytes())

    from sdcviz.formats import odv

    def breaks_off(source, doctor, options):
        yield batch(20, 3)
        raise UnreadableFile(f"{source.name}: line 99 breaks off.")

    broken = tmp_path / "broken.txt"
    broken.write_bytes((data / "odv" / "sample_ODV.txt").read_bytes())
    real = odv.FORMAT.read
    object.__setattr__(
        odv.FORMAT,
        "read",
        lambda s, d, o: (breaks_off if s.name == "broken.txt" else real)(s, d, o),
    )
    try:
        report = import_files([broken, tmp_path / "good.txt"], tmp_path / "c")
    finally:
        object.__setattr__(odv.FORMAT, "read", real)
    assert report.skipped == [("broken.txt", "broken.txt: line 99 breaks off.")]
    c = open_collection(tmp_path / "c")
    assert c.n_stations == report.stations == 13
    assert [s["name"] for s in c.manifest["sources"]] == ["good.txt"]
    assert np.unique(c.source).tolist() == [0]


def test_an_open_collection_outlives_two_more_imports(old):
    first = open_collection(old)
    before = first.values("temperature").tolist()
    for n in range(2):
        build_collection([(f"f{n}", sha(str(n)), [batch(10, 5 + n)])], old)
    assert not (old / "s0001").exists()
    assert np.array_equal(first.values("temperature"), before, equal_nan=True)
    assert first.where(depth=(0, 500)).n_samples > 0
