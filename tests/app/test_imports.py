"""Uploads and imports as the page starts them, with real files and processes."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import httpx
import pytest
from serving import Running, Visitor

from sdcviz.errors import BadRequest
from sdcviz.observations import open_collection
from sdcviz_app import uploads
from sdcviz_app.imports import ImportJob, Outcome, folder_for


def run(job: ImportJob) -> Outcome:
    ended = threading.Event()
    job.start(lambda _: ended.set())
    assert ended.wait(120)
    while job.outcome is None:
        ended.wait(0.01)
    return job.outcome


def test_a_file_becomes_a_collection(data: Path, tmp_path: Path) -> None:
    job = ImportJob([data / "odv" / "BlackSea_2profiles.txt"], tmp_path / "new", "Black Sea")
    outcome = run(job)
    assert outcome.error == ""
    assert outcome.report["stations"] == 2
    assert open_collection(tmp_path / "new").name == "Black Sea"
    assert job.total > 0 and job.done == job.total


def test_what_can_not_be_read_is_told_in_one_sentence(tmp_path: Path) -> None:
    page = tmp_path / "profile.txt"
    page.write_text("<!DOCTYPE html><html><body>Log in first</body></html>")
    outcome = run(ImportJob([page], tmp_path / "new"))
    assert "profile.txt" in outcome.error and "\n" not in outcome.error
    assert not (tmp_path / "new" / "collection.json").exists()


def test_a_cancelled_import_leaves_nothing(data: Path, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    text = (data / "odv" / "ODV_vertical_profiles_ctd.txt").read_bytes()
    for number in range(60):
        # Files with the same content would be taken once.
        (many / f"{number}.txt").write_bytes(b"//%d\r\n" % number + text)
    job = ImportJob([many], tmp_path / "new")
    ended = threading.Event()
    job.start(lambda _: ended.set())
    while job.total == 0 and not ended.is_set():
        ended.wait(0.01)
    job.cancel()
    assert ended.wait(60)
    assert job.process.returncode != 0
    assert not (tmp_path / "new" / "collection.json").exists()


def test_a_new_collection_never_takes_the_place_of_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from sdcviz.settings import get_settings

    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    try:
        first = folder_for("Été 2001 / ../x")
        assert first == tmp_path / "collections" / "ete-2001-x"
        first.mkdir(parents=True)
        assert folder_for("Été 2001 / ../x").name == "ete-2001-x-2"
    finally:
        get_settings.cache_clear()


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/", "", "a\\b", "a\nb", "x" * 300])
def test_a_name_never_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        uploads.safe_target(tmp_path, name)


def put(server: Running, visitor: Visitor, path: str, body: bytes) -> httpx.Response:
    return httpx.put(
        f"{server.address}api/uploads/{path}",
        content=body,
        headers={"Origin": server.origin, "Cookie": f"sdc_sid={visitor.cookie}"},
    )


def test_an_upload_goes_to_the_visitors_own_folder(server: Running) -> None:
    visitor, other = Visitor(server), Visitor(server)
    delivery = uploads.new_delivery()
    body = gzip.compress(b"profile" * 100_000)
    assert put(server, visitor, f"{delivery}/a/b.gz", body).status_code == 201
    files = [p for p in (server.data_dir / "uploads").rglob("*") if p.is_file()]
    assert [p.name for p in files] == ["b.gz"]
    assert files[0].read_bytes() == body
    url = f"{server.address}api/uploads/{delivery}"
    for who in (other, visitor):
        httpx.delete(
            url, headers={"Origin": server.origin, "Cookie": f"sdc_sid={who.cookie}"}
        ).raise_for_status()
        assert files[0].exists() == (who is other)


def test_an_upload_out_of_the_folder_is_refused(server: Running) -> None:
    delivery = uploads.new_delivery()
    answer = put(server, Visitor(server), f"{delivery}/%2e%2e/%2e%2e/secret_key", b"x")
    assert answer.status_code in {400, 404}
    assert (server.data_dir / "secret_key").read_bytes() != b"x"


def test_an_upload_without_a_page_is_refused(server: Running) -> None:
    answer = put(server, Visitor(server), "not-a-delivery/a.txt", b"x")
    assert answer.status_code == 400
    assert "reload the page" in answer.json()["detail"]
