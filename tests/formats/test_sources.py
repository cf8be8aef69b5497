"""Files, folders and archives, also those made to do harm."""

import bz2
import gzip
import io
import json
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from whole import problems

from sdcviz.errors import UnreadableFile
from sdcviz.formats import Problem, Source, find_sources, recognise
from sdcviz.formats.archives import Limits

GOOD = b"lon,lat,time,depth,temp\n5,43,2010-01-01,0,13.1\n5,43,2010-01-01,10,13.0\n"


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def found(*paths, limits=None):
    """Names and contents of all sources, and all sentences."""
    contents, sentences = {}, []
    with find_sources(paths, limits) as sources:
        for item in sources:
            if isinstance(item, Problem):
                sentences.append(item.reason)
            else:
                assert item.path.read_bytes() == item.read_bytes() == item.head
                contents[item.name] = item.read_bytes()
                item.release()
    return contents, sentences


def test_plain_files_keep_their_path(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(GOOD)
    with find_sources([path]) as sources:
        (source,) = sources
        assert source.path == path and source.name == "a.csv" and source.size == len(GOOD)
        assert source.share == sources.total_bytes == len(GOOD)
        source.release()
    assert path.exists()


def test_folders_are_walked_in_order(tmp_path):
    for name in ("b.csv", "a.csv", "below/c.csv", ".DS_Store"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(GOOD)
    (tmp_path / "below" / "up").symlink_to(tmp_path)
    contents, sentences = found(tmp_path)
    top = tmp_path.name
    assert list(contents) == [f"{top}/a.csv", f"{top}/b.csv", f"{top}/below/c.csv"]
    assert not sentences


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_compressed_files_by_content(tmp_path, pack):
    path = tmp_path / "without_ending"
    path.write_bytes(pack(GOOD))
    assert found(path) == ({"without_ending": GOOD}, [])


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_archives(tmp_path, mode):
    path = tmp_path / "basket.data"
    with tarfile.open(path, mode) as archive:
        for name in ("x/b.csv", "a.csv"):
            info = tarfile.TarInfo(name)
            info.size = len(GOOD)
            archive.addfile(info, io.BytesIO(GOOD))
    contents, sentences = found(path)
    assert contents == {"basket.data/x/b.csv": GOOD, "basket.data/a.csv": GOOD}
    assert not sentences


def test_nested_archives_one_level(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"c.csv": GOOD}).read_bytes()
    middle = zipped(tmp_path / "middle.zip", {"inner.zip": inner}).read_bytes()
    outer = zipped(
        tmp_path / "outer.zip",
        {"a.csv.gz": gzip.compress(GOOD), "inner.zip": inner, "middle.zip": middle},
    )
    contents, sentences = found(outer)
    assert contents == {"outer.zip/a.csv.gz": GOOD, "outer.zip/inner.zip/c.csv": GOOD}
    assert sentences == [
        "outer.zip/middle.zip/inner.zip: an archive in an archive in an archive; unpack it and "
        "import again."
    ]


def test_members_that_leave_the_archive(tmp_path):
    path = zipped(
        tmp_path / "basket.zip",
        {
            "../evil.csv": GOOD,
            "/etc/evil": GOOD,
            "C:\\evil": GOOD,
            "x/../../e": GOOD,
            "ok.csv": GOOD,
        },
    )
    contents, sentences = found(path)
    assert contents == {"basket.zip/ok.csv": GOOD}
    outside = "the archive wants this file outside its own folder; it was left out."
    assert sentences == [
        f"basket.zip/../evil.csv: {outside}",
        f"basket.zip//etc/evil: {outside}",
        f"basket.zip/C:/evil: {outside}",
        f"basket.zip/x/../../e: {outside}",
    ]
    assert not (tmp_path / "evil.csv").exists()


def test_links_in_archives(tmp_path):
    tar = tmp_path / "links.tar"
    with tarfile.open(tar, "w") as archive:
        link = tarfile.TarInfo("passwd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    info = zipfile.ZipInfo("shadow")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr(info, "/etc/shadow")
    assert problems(tar, tmp_path / "links.zip") == [
        "links.tar/passwd: is a link or a device, not a file; it was left out.",
        "links.zip/shadow: is a link or a device, not a file; it was left out.",
    ]


def bomb_sentence(name):
    return (
        f"{name}: unpacks to more than 200 times its size, as an archive made to do harm does; if "
        "it is real, unpack it yourself and import the files."
    )


def test_bombs_of_1000_to_1(tmp_path):
    zeros = bytes(32 * 1024**2)
    packed = zipped(tmp_path / "bomb.zip", {"a.txt": b"x", "zeros.txt": zeros})
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(zeros))
    with tarfile.open(tmp_path / "bomb.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = len(zeros)
        archive.addfile(info, io.BytesIO(zeros))
    assert packed.stat().st_size * 500 < len(zeros)
    for name in ("bomb.zip", "bomb.gz", "bomb.tgz"):
        assert problems(tmp_path / name) == [bomb_sentence(name)]


def test_a_bomb_in_an_archive_and_one_of_many_members(tmp_path):
    zeros = bytes(24 * 1024**2)
    inner = zipped(tmp_path / "inner.zip", {"zeros": zeros}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"a.csv": GOOD, "inner.zip": inner, "z.csv": GOOD})
    contents, sentences = found(outer)
    assert sentences and "unpacks to more than 200 times its size" in sentences[0]
    assert contents["outer.zip/a.csv"] == GOOD
    many = zipped(tmp_path / "many.zip", {f"{i}": bytes(1024**2) for i in range(24)})
    assert problems(many) == [bomb_sentence("many.zip")]


def test_limits_of_size_and_number(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a": GOOD * 10, "b": GOOD, "c": GOOD})
    _, sentences = found(path, limits=Limits(total=1024**2, members=2))
    assert sentences == ["a.zip: holds more than 2 files; unpack it yourself and import folders."]
    _, sentences = found(path, limits=Limits(total=500))
    assert sentences == ["a.zip: holds more than 0 GiB; unpack it yourself and import the files."]


def test_empty_damaged_and_locked_archives(tmp_path):
    empty = zipped(tmp_path / "empty.zip", {})
    whole = zipped(tmp_path / "whole.zip", {"a.csv": os.urandom(5000)}).read_bytes()
    (tmp_path / "short.zip").write_bytes(whole[:3000])
    (tmp_path / "short.gz").write_bytes(gzip.compress(os.urandom(5000))[:3000])
    wrong = bytearray(whole)
    wrong[200] ^= 255
    (tmp_path / "wrong.zip").write_bytes(wrong)
    locked = bytearray(whole)
    locked[6] |= 1  # the flag "encrypted", here and in the directory
    locked[locked.rindex(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    assert problems(empty) == ["empty.zip: the archive is empty."]
    again = "download or copy it again."
    (sentence,) = problems(tmp_path / "short.zip")
    assert sentence.startswith("short.zip: the zip is damaged or cut short (") and again in sentence
    for name, member in (("short.gz", "short.gz"), ("wrong.zip", "wrong.zip/a.csv")):
        (sentence,) = problems(tmp_path / name)
        assert sentence.startswith(f"{member}: is damaged or cut short (") and again in sentence
    assert problems(tmp_path / "locked.zip") == [
        "locked.zip/a.csv: is locked with a password; unpack it yourself."
    ]


def test_what_is_not_there_or_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    (tmp_path / "gone.csv").symlink_to(tmp_path / "nowhere")
    assert problems(tmp_path / "no.csv", tmp_path / "pipe", tmp_path / "empty") == [
        f"{tmp_path / 'no.csv'}: there is no such file or folder.",
        "pipe: not a file that can be read (a device or a pipe).",
        "empty: the folder is empty.",
    ]
    assert any("gone.csv: there is no such file" in p for p in problems(tmp_path))


def test_no_permission_and_the_others_still_import():
    folder = Path(tempfile.mkdtemp(prefix="sdcviz-test-"))
    try:
        folder.chmod(0o755)
        for name in ("a.csv", "closed.csv"):
            (folder / name).write_bytes(GOOD)
        (folder / "closed.csv").chmod(0)
        (folder / "shut").mkdir(mode=0)
        names, sentences = as_nobody(folder)
    finally:
        (folder / "shut").chmod(0o700)
        shutil.rmtree(folder)
    assert names == [f"{folder.name}/a.csv"]
    assert sentences == [
        f"{folder.name}/closed.csv: no permission to read this file.",
        f"{folder.name}/shut: no permission to open this folder.",
    ]


def as_nobody(folder):
    """Look at a folder without the rights of root, who may read everything."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setuid(65534)
            with find_sources([folder]) as sources:
                items = list(sources)
            names = [i.name for i in items if isinstance(i, Source)]
            sentences = [i.reason for i in items if isinstance(i, Problem)]
            os.write(write, json.dumps([names, sentences]).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    return json.loads(told)


def test_nothing_of_an_archive_stays_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tmp").mkdir()
    big = os.urandom(5 * 1024**2)
    path = zipped(tmp_path / "a.zip", {"big": big, "small": GOOD})
    with find_sources([path]) as sources:
        for source in sources:
            assert source.path.stat().st_size == source.size
            assert (tmp_path / "tmp") in source.path.parents
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty: the file has no bytes."),
        (b" \n\n\t", "is empty: the file holds nothing but blanks."),
        (bytes(100), "is empty: the file holds nothing but zeros."),
        (
            b"\n<!DOCTYPE html>\n<html><body>Please log in</body></html>",
            "is an HTML page, probably the error or log-in page of a web site; download the data "
            "again.",
        ),
        (b"%PDF-1.7\n...", "is a PDF document; ask the data centre for the data file."),
        (b'{"type": "FeatureCollection"}', "is JSON; sdcviz reads tables, so export it as CSV."),
        (
            b'<?xml version="1.0"?><a/>',
            "is an XML document, which holds metadata and no table.",
        ),
        (b"\x89PNG\r\n\x1a\n", "is a picture, not data."),
        (bytes(range(256)) * 9, "is a binary file of a kind that sdcviz does not know."),
        (
            b"Dear colleague,\nplease find the data\nin the attachment.\n",
            "is text without a table that sdcviz knows; ODV, MEDATLAS, Sea-Bird, WOD, Darwin Core "
            "and CSV with columns for longitude and latitude are read.",
        ),
        (
            b"x" * 10_000_000,
            "is text without a table that sdcviz knows; ODV, MEDATLAS, Sea-Bird, WOD, Darwin Core "
            "and CSV with columns for longitude and latitude are read.",
        ),
    ],
)
def test_what_a_file_looks_like(tmp_path, content, sentence):
    path = tmp_path / "data.txt"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as error:
        recognise(Source.of(path))
    assert str(error.value) == f"data.txt: this {sentence}"


def test_an_office_document_is_no_archive(tmp_path):
    path = zipped(tmp_path / "a.csv", {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": ""})
    with find_sources([path]) as sources:
        (source,) = sources
        with pytest.raises(UnreadableFile, match="this is an office document; save it as CSV"):
            recognise(source)
