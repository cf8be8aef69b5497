"""Bad input through the real command: the sentence the user sees, and that nothing breaks.

The rooms test their own errors in detail; here each kind of bad input is met
once as the user meets it: `sdcviz import`, its words, its exit code, the other
files that still import, and no trace of what failed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from sdcviz.cli import app
from sdcviz.observations import open_collection

COMMAND = [sys.executable, "-m", "sdcviz.cli"]
GOOD = "odv/octopus_diap.txt"
SMALL = "odv/BlackSea_2profiles.txt"
IMPORTED = "imported 13 stations with 110 samples from 1 file.\n"
LABELS = "station,time,longitude,latitude,depth [m],temperature [degC]\n"


def call(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def half(path: Path) -> bytes:
    content = path.read_bytes()
    return content[: len(content) // 2]


def zipped(*members: tuple[str, bytes]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)

    return write


# ---- files that are refused -------------------------------------------------
def without_labels(data: Path, *, comments: bool) -> bytes:
    lines = (data / GOOD).read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if not line.startswith(b"//"))
    return b"".join((lines[:at] if comments else []) + lines[at + 1 :])


ROW = r"'DIAPALIS 2\t1\tB\t2001-12-10T17:29:00.000\t+166.747000\t-21.95166'"
REFUSED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "classic.nc": (
        lambda data: half(data / "argo/1900857_prof.nc"),
        "classic.nc: the NetCDF file is cut off, 748\u202f774 of 1\u202f497\u202f548 bytes are "
        "there; fetch it again.",
    ),
    "hdf5.nc": (
        lambda data: half(data / "argo/3902131_Sprof.nc"),
        "hdf5.nc: the NetCDF file is cut off, 1\u202f592\u202f735 of 3\u202f185\u202f470 bytes are "
        "there; fetch it again.",
    ),
    "page.txt": (
        lambda _: b"<!DOCTYPE html>\n<html><head><title>404</title></head><body>Gone</body></html>",
        "page.txt: this is an HTML page, probably the error or log-in page of a web site; "
        "download the data again.",
    ),
    "rows.txt": (
        lambda data: without_labels(data, comments=False),
        "rows.txt: this is a table without the line of column labels, as it begins with the row "
        f"{ROW}; put the labels (Cruise, Station, Type, time, Longitude, Latitude, ...) before "
        "the rows.",
    ),
    "no_labels.txt": (
        lambda data: without_labels(data, comments=True),
        "no_labels.txt: line 106 should hold the column labels (Cruise, Station, Type, time, "
        f"Longitude, Latitude) but reads {ROW}; put the label line before the rows.",
    ),
    "long.csv": (
        lambda _: f"{LABELS}A,2001-01-01,1.5,40.5,0,{'1' * 10_000_000}\n".encode(),
        "long.csv: line 2 is longer than 1\u202f000\u202f000 characters, so the file is "
        "damaged or no table of observations; correct or delete that line, or download the "
        "file again.",
    ),
    "long.txt": (
        lambda _: b"x" * 10_000_000,
        "long.txt: this is text without a table that sdcviz knows; ODV, MEDATLAS, Sea-Bird, WOD, "
        "Darwin Core and CSV with columns for longitude and latitude are read.",
    ),
}


@pytest.fixture(params=REFUSED)
def refused(request: pytest.FixtureRequest, tmp_path: Path, data: Path) -> tuple[Path, str]:
    make, sentence = REFUSED[request.param]
    path = tmp_path / request.param
    path.write_bytes(make(data))
    return path, sentence


ARCHIVES = {
    "empty.zip": (zipped(), "empty.zip: the archive is empty."),
    "bomb.zip": (
        zipped(("zeros.txt", bytes(32 * 1024**2))),
        "bomb.zip: unpacks to more than 200 times its size, as an archive made to do harm does; "
        "if it is real, unpack it yourself and import the files.",
    ),
}


def refused_alone_and_beside(path: Path, sentence: str, data: Path) -> None:
    """A bad file alone fails; beside a good one, it is named and the good one imports."""
    home = path.parent
    before = everything_in(home)
    alone = call("import", path, "--into", home / "alone")
    assert (alone.exit_code, alone.stdout) == (2, "")
    assert alone.stderr == f"sdcviz: Nothing was imported. {sentence}\n"
    assert everything_in(home) == before
    beside = call("import", path, data / GOOD, "--into", home / "beside")
    assert beside.exit_code == 0
    assert beside.stderr == f"  not imported: {sentence}\n"
    assert beside.stdout == f"{home / 'beside'}: {IMPORTED}"
    about = open_collection(home / "beside").info()
    assert [file["name"] for file in about["files"]] == ["octopus_diap.txt"]
    assert (about["stations"], about["samples"]) == (13, 110)
    assert not [name for name in os.listdir(home / "beside") if name.startswith(".building")]


def test_a_bad_file_is_named_and_the_others_import(refused: tuple[Path, str], data: Path) -> None:
    refused_alone_and_beside(*refused, data)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_bad_archive_is_named_and_the_others_import(
    name: str, tmp_path: Path, data: Path
) -> None:
    make, sentence = ARCHIVES[name]
    make(tmp_path / name)
    refused_alone_and_beside(tmp_path / name, sentence, data)


def test_a_zip_that_wants_out_of_its_folder(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "tmp").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "a" / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    good = (data / GOOD).read_bytes()
    absolute = tmp_path / "evil.txt"
    members = ("../evil.txt", good), (str(absolute), good), ("fine.txt", good)
    zipped(*members)(tmp_path / "a" / "evil.zip")
    result = call("import", tmp_path / "a" / "evil.zip", "--into", tmp_path / "c")
    assert result.exit_code == 0
    outside = "the archive wants this file outside its own folder; it was left out."
    assert result.stderr == (
        f"  not imported: evil.zip/../evil.txt: {outside}\n"
        f"  not imported: evil.zip/{absolute}: {outside}\n"
    )
    assert result.stdout == f"{tmp_path / 'c'}: {IMPORTED}"
    assert not list(tmp_path.rglob("evil.txt"))
    assert not list((tmp_path / "a" / "tmp").iterdir())


# ---- files that are read, with a remark -------------------------------------
def remarks(path: Path) -> tuple[list[str], Path]:
    """Import one file; return what the command remarks, and the collection."""
    into = path.with_name("c")
    result = call("import", path, "--into", into)
    assert result.exit_code == 0, result.stderr
    return [line.strip() for line in result.stderr.splitlines()], into


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        (
            "cp1252",
            "line 107: not UTF-8; read as Windows-1252 (Latin-1); if names look wrong, save it as "
            "UTF-8.",
        ),
        ("utf-16", "file: the text is UTF-16; read; an ODV export of it is UTF-8."),
    ],
)
def test_wrong_encoding(tmp_path: Path, data: Path, encoding: str, told: str) -> None:
    text = (data / GOOD).read_text("utf-8").replace("DIAPALIS", "DÉPARTÀ")
    (tmp_path / "cruise.txt").write_bytes(text.encode(encoding))
    said, into = remarks(tmp_path / "cruise.txt")
    assert said == [f"cruise.txt, {told}"]
    collection = open_collection(into)
    assert (collection.n_stations, collection.n_samples) == (13, 110)
    assert set(collection.text("cruise").texts()) == {"DÉPARTÀ 2"}
    # The copy of the source is good for an export, whatever its encoding was.
    assert call("export", into, "--out", tmp_path / "out.txt", "--depth", "0:50").exit_code == 0
    again = call("import", tmp_path / "out.txt", "--into", tmp_path / "again")
    assert again.stdout == f"{tmp_path / 'again'}: {IMPORTED.replace('110', '76')}"


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_latitude_200_and_year_0190(tmp_path: Path, data: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.txt":
        text = (data / SMALL).read_text()
        text = text.replace("43.167\t36", "200\t36").replace("1991-09-03T21", "0190-09-03T21")
        expected = [
            "a.txt, line 12: latitude '200' is not possible; the position is unknown; the text is "
            "kept.",
            "a.txt, line 16: the year 0190 is hard to believe; the time is kept.",
        ]
    else:
        text = (
            LABELS + "A,1991-09-03T16:25,28.3,200,0,22.2\nA,1991-09-03T16:25,28.3,200,10,22.3\n"
            "B,0190-09-03T21:10,28.8,43.1,0,21.9\nB,0190-09-03T21:10,28.8,43.1,10,21.9\n"
        )
        expected = [
            "a.csv, line 2: latitude 200 is impossible; the position is missing.",
            "a.csv, line 4: the year 0190 is hard to believe; the time is kept.",
        ]
    path.write_text(text)
    said, into = remarks(path)
    assert set(expected) <= set(said)
    collection = open_collection(into)
    first, second = np.argsort(collection.station_index)
    assert np.isnan(collection.lat[first])
    assert str(collection.time[second])[:16] == "0190-09-03T21:10"
    assert collection.n_samples == (15 if name == "a.txt" else 4)


def test_a_row_of_ten_million_characters(tmp_path: Path, data: Path) -> None:
    (tmp_path / "a.txt").write_text(
        (data / SMALL).read_text().replace("CoMSBlack91", "C" * 10_000_000, 1)
    )
    said, into = remarks(tmp_path / "a.txt")
    assert (
        "a.txt, line 12: a row of more than 1\u202f000\u202f000 characters; read as it is, but "
        "the file is probably damaged: look at that line or download the file again."
    ) in said
    assert max(map(len, said)) < 300
    assert open_collection(into).n_samples == 15


# ---- the machine and the folder ---------------------------------------------
@pytest.fixture
def old(tmp_path: Path, data: Path) -> Path:
    """Return a collection of two stations."""
    assert call("import", data / SMALL, "--into", tmp_path / "c").exit_code == 0
    return tmp_path / "c"


def is_as_it_was(folder: Path) -> bool:
    collection = open_collection(folder)
    whole = np.isfinite(collection.values("temperature")).all()
    left = sorted(path.name for path in folder.iterdir())
    return (collection.n_stations, collection.n_samples, bool(whole), left) == (
        *(2, 15, True),
        [".lock", "collection.json", "s0001", "sources"],
    )


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a table of 300 000 rows, which take a while."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    rows = (f"A{i // 50},2001-01-01,1.5,40.5,{i % 50},{i % 977 / 40}\n" for i in range(300_000))
    path.write_text(LABELS + "".join(rows))
    return path


BEFORE_EXEC = """
import ctypes, json, os, resource, sys
limit, capabilities, *command = json.loads(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for capability in capabilities:
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.execv(command[0], command)
"""
MAY_READ_ALL = [1, 2]  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: what root has beyond file modes


def run(
    *words: object, file_limit: int = 0, capabilities: list[int] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, with less than this one may."""
    command = [file_limit, capabilities or [], *COMMAND, *map(str, words)]
    return subprocess.run(
        [sys.executable, "-c", BEFORE_EXEC, json.dumps(command)], capture_output=True, text=True
    )


def test_no_permission_to_read(tmp_path: Path, data: Path) -> None:
    for name in ("closed.txt", "closed.nc", "good.txt"):
        (tmp_path / name).write_bytes((data / GOOD).read_bytes())
    (tmp_path / "closed.nc").write_bytes(half(data / "argo/1900857_prof.nc"))
    (tmp_path / "folder").mkdir()
    closed = [tmp_path / name for name in ("closed.txt", "closed.nc", "folder")]
    for path in closed:
        path.chmod(0)
    files = [*closed, tmp_path / "good.txt"]
    try:
        result = run("import", *files, "--into", tmp_path / "c", capabilities=MAY_READ_ALL)
    finally:
        (tmp_path / "folder").chmod(0o700)
    assert result.returncode == 0, result.stderr
    assert result.stderr == (
        "  not imported: closed.txt: no permission to read this file.\n"
        "  not imported: closed.nc: no permission to read this file.\n"
        "  not imported: folder: no permission to open this folder.\n"
    )
    assert result.stdout == f"{tmp_path / 'c'}: {IMPORTED}"


def test_no_permission_to_read_a_collection(old: Path) -> None:
    for path in (old, old / "collection.json", old / "s0001" / "depth.npy"):
        mode = path.stat().st_mode
        path.chmod(0)
        try:
            result = run("info", old, capabilities=MAY_READ_ALL)
        finally:
            path.chmod(mode)
        named = old / "collection.json" if path == old else path
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            f"sdcviz: The collection {old} can't be opened: no permission to read {named}. Ask its "
            "owner for the right to read the folder and its files.\n"
        )


def test_no_permission_to_write(old: Path, data: Path) -> None:
    old.chmod(0o555)
    try:
        result = run("import", data / GOOD, "--into", old, capabilities=MAY_READ_ALL)
        new = run("import", data / GOOD, "--into", old / "new", capabilities=MAY_READ_ALL)
    finally:
        old.chmod(0o755)
    right = "Choose a folder in which you have write permission.\n"
    for told, where in ((result, f"{old}/.building-"), (new, f"{old}/new ")):
        assert told.returncode == 2
        assert told.stderr.startswith(f"sdcviz: {where}"), told.stderr
        assert "may not be written (Permission denied), nothing was imported; " in told.stderr
        assert told.stderr.endswith(right)
    assert is_as_it_was(old)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """Give a file system of 2 MB where mounting is allowed, else a bound on file sizes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True).returncode == 0
    yield disk, 0 if mounted else 1_000_000
    if mounted:
        subprocess.run(["umount", str(disk)], check=True)


def test_the_disk_is_full(small_disk: tuple[Path, int], data: Path, big: Path) -> None:
    disk, limit = small_disk
    old = disk / "c"
    assert call("import", data / SMALL, "--into", old).exit_code == 0
    for into, left in ((old, {"c"}), (disk / "new", {"c"})):
        result = run("import", big, "--into", into, file_limit=limit)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == (
            f"sdcviz: The disk that holds {into} is full, nothing was imported; what was there "
            "before is intact. Free some space or choose another folder.\n"
        )
        assert set(os.listdir(disk)) == left
    assert is_as_it_was(old)


def test_a_collection_of_a_newer_version(old: Path, data: Path) -> None:
    about = (old / "collection.json").read_text()
    (old / "collection.json").write_text(json.dumps({**json.loads(about), "schema": 99}))
    for words in (["import", data / GOOD, "--into", old], ["info", old], ["stations", old]):
        result = call(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            f"sdcviz: {old} was made by a newer version of sdcviz (layout 99; this version reads "
            "up to 1). Update sdcviz to open it.\n"
        )
    (old / "collection.json").write_text(about)
    assert is_as_it_was(old)


def importing(big: Path, into: Path) -> subprocess.Popen[str]:
    """Start the real command and wait until it is at work."""
    words = ["import", str(big), "--into", str(into), "--progress", "json"]
    process = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("{")
    return process


def test_two_imports_into_one_folder(old: Path, data: Path, big: Path) -> None:
    first = importing(big, old)
    first.send_signal(signal.SIGSTOP)  # or it might be done before the second one comes
    try:
        second = run("import", data / GOOD, "--into", old)
    finally:
        first.send_signal(signal.SIGCONT)
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"sdcviz: Another import into {old} is running (process {first.pid}). Wait until it is "
        "done, or import into another folder.\n"
    )
    assert first.communicate()[0].startswith(
        f"{old}: imported 6\u202f000 stations with 300\u202f000 samples"
    )
    assert open_collection(old).n_stations == 6002


def test_ctrl_c_leaves_the_old_collection(old: Path, big: Path) -> None:
    process = importing(big, old)
    process.send_signal(signal.SIGINT)
    told = process.communicate()[1]
    assert process.returncode == 130
    assert told.endswith("\nsdcviz: Stopped; what was there before is unchanged.\n")
    assert "Traceback" not in told
    assert is_as_it_was(old)
