"""Jobs over HTTP, from the order to the results: a real server, a real keeper, real processes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from conftest import ROOT, need
from serving import Running, Visitor, revoke_all, running, sign_on
from waiting import until

from sdcviz.jobs import Job, JobSpec, Keeper
from sdcviz.jobs.store import Store
from sdcviz.settings import get_settings, load_settings
from sdcviz.workspaces.tokens import local_user
from sdcviz_app.server import job_events
from sdcviz_app.server.health import _troubles

CASTS = "time,lon,lat,depth,temperature\n" + "".join(
    f"2001-05-{day:02d},{3 + day / 10},42.5,{depth},{15 - depth / 50}\n"
    for day in range(1, 10)
    for depth in (0, 10, 50)
)
IMPORT = ["import", "--json", "--into", "casts", "casts.csv"]
OVER = {"done", "failed", "cancelled", "lost"}


class Client:
    """A program that uses the service."""

    def __init__(self, server: Running, *scopes: str, **how: Any) -> None:
        headers = sign_on(server, *scopes, **how)
        self.http = httpx.Client(base_url=server.address, headers=headers)

    def ask(self, arguments: list[str], status: int = 201, **more: Any) -> dict[str, Any]:
        headers = more.pop("headers", {})
        answer = self.http.post("api/jobs", json={"arguments": arguments, **more}, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def end(self, job: dict[str, Any]) -> dict[str, Any]:
        def over() -> Any:
            found = self.get(f"api/jobs/{job['id']}")
            return found if found["state"] in OVER else None

        return until(over)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[Running]:
    with running(
        tmp_path_factory.mktemp("service"),
        job_folders=str(data),
        jobs_waiting_per_user="3",
        jobs_running="2",
    ) as server:
        yield server


@pytest.fixture(scope="module")
def ann(service: Running) -> Client:
    return Client(service, "jobs", owner="ann")


@pytest.fixture(scope="module")
def imported(ann: Client) -> dict[str, Any]:
    """Import a table that comes along."""
    job = ann.ask(IMPORT, files={"casts.csv": CASTS}, title="Casts")
    return ann.end(job)


def test_a_job_is_asked_for_and_done(imported: dict[str, Any]) -> None:
    assert imported["state"] == "done", imported
    assert imported["exit_code"] == 0
    assert (imported["owner"], imported["title"], imported["kind"]) == ("ann", "Casts", "import")
    assert imported["result"]["samples"] == 27
    assert imported["usage"]["wall"] > 0


def test_what_it_imported_is_a_collection_of_the_server(
    service: Running, ann: Client, imported: dict[str, Any]
) -> None:
    (found,) = [c for c in ann.get("api/collections") if c["name"] == "casts"]
    assert found["samples"] == 27
    told = ann.get(f"api/collections/{found['id']}")
    assert [p["key"] for p in told["about"]["parameters"]] == ["temperature"]
    assert str(service.data_dir) not in json.dumps([found, told["about"]["name"]])
    assert "path" not in told["about"]
    ann.get("api/collections/00000000-0000-0000-0000-000000000000", 404)


def test_a_collection_is_named_by_its_id_and_results_are_fetched(
    ann: Client, imported: dict[str, Any]
) -> None:
    found = next(c for c in ann.get("api/collections") if c["name"] == "casts")
    job = ann.end(ann.ask(["export", found["id"], "--out", "casts.csv", "--depth", "0:20"]))
    assert job["state"] == "done", ann.http.get(f"api/jobs/{job['id']}/log").text
    (file,) = ann.get(f"api/jobs/{job['id']}/files")["files"]
    assert file["name"] == "casts.csv"
    answer = ann.http.get(f"api/jobs/{job['id']}/files/casts.csv")
    assert answer.status_code == 200 and len(answer.content) == file["size"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "name",
    ["../job.json", "..%2Fjob.json", "%2e%2e/job.json", "%2e%2e%2fjob.json", "/etc/passwd",
     "%2Fetc%2Fpasswd", "..%5Cjob.json", ".hidden", "link", "%00", "", "a/../../job.json"],
)  # fmt: skip
def test_only_results_are_given_out(
    service: Running, ann: Client, imported: dict[str, Any], name: str
) -> None:
    work = service.data_dir / "jobs" / imported["id"] / "work"
    (work / ".hidden").write_text("x")
    if not (work / "link").is_symlink():
        (work / "link").symlink_to("../job.json")
    # Word for word: other clients tidy such an address before it is sent.
    raw = http.client.HTTPConnection(httpx.URL(service.address).netloc.decode())
    with contextlib.closing(raw):
        headers = {"Authorization": ann.http.headers["authorization"]}
        raw.request("GET", f"/api/jobs/{imported['id']}/files/{name}", headers=headers)
        answer = raw.getresponse()
        text = answer.read().decode()
    assert answer.status in {404, 400}, text
    assert "arguments" not in text and "root:" not in text
    assert ann.get(f"api/jobs/{imported['id']}/files")["files"] == []


def test_the_log_is_read_piece_by_piece(ann: Client, imported: dict[str, Any]) -> None:
    path = f"api/jobs/{imported['id']}/log"
    whole = ann.http.get(path)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    assert '"samples": 27' in whole.text
    read, offset = b"", 0
    while True:
        piece = ann.http.get(path, params={"offset": offset, "limit": 100})
        if not piece.content:
            break
        read, offset = read + piece.content, int(piece.headers["x-next-offset"])
    assert read == whole.content
    assert ann.http.get(path, params={"offset": -10}).content == whole.content[-10:]


def events(client: Client, job: str, since: str = "") -> tuple[int, list[tuple[str, str, Any]]]:
    """Follow a job to its end: status, and (event, id, data)."""
    headers = {"Last-Event-ID": since} if since else {}
    told = []
    with client.http.stream("GET", f"api/jobs/{job}/events", headers=headers) as answer:
        for block in "".join(answer.iter_text()).split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
            if fields:
                told.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return answer.status_code, told


def test_events_come_as_they_happen_and_go_on_where_one_was(service: Running, ann: Client) -> None:
    job = ann.ask([*IMPORT[:3], "followed", "casts.csv"], files={"casts.csv": CASTS})
    status, told = events(ann, job["id"])
    assert status == 200
    names = [name for name, _, _ in told]
    assert names[-1] == "over" and {"state", "start", "progress"} <= set(names), names
    assert told[-1][2]["state"] == "done"
    assert told[-1][1] == str(max(int(i) for _, i, _ in told if i))
    # The job wrote its lines once; who comes again gets those behind the offset that he names.
    lines = (service.data_dir / "jobs" / job["id"] / "events.jsonl").read_bytes().splitlines(True)
    written = [json.loads(line) for line in lines]
    assert [data for name, _, data in told if name not in {"state", "over"}] == written
    later = events(ann, job["id"], str(len(lines[0]) + len(lines[1])))[1]
    assert [data for name, _, data in later if name not in {"state", "over"}] == written[2:]
    assert events(ann, job["id"], told[-1][1]) == (204, [])
    answer = ann.http.get(f"api/jobs/{job['id']}/events", headers={"Last-Event-ID": "-1"})
    assert answer.status_code == 400


def test_a_quiet_stream_stays_open_with_words_that_mean_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    for name, value in {"_SILENCE": 0, "_LOOK": 0, "_RECHECK": -1}.items():
        monkeypatch.setattr(job_events, name, value)
    get_settings.cache_clear()
    job = Job(JobSpec("ab" * 16, ("trial",), tmp_path), created="2026-11-26T12:00:00+00:00")
    Store().add(job)
    asked = iter([True, True, False])

    async def follow() -> list[str]:
        return [news async for news in job_events.stream(job.id, 0, lambda: next(asked))]

    # Playwright, where its tests came first, has a loop of its own in the main thread.
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(anyio.run, follow).result()
    get_settings.cache_clear()
    assert told[0].startswith("id: 0\nevent: state\ndata: {")
    assert told[1:] == [": still here\n\n"] * 2


def test_one_key_starts_one_job(ann: Client, imported: dict[str, Any]) -> None:
    wish = {"files": {"t.csv": CASTS}, "headers": {"Idempotency-Key": "monday"}}
    first = ann.ask(["columns", "t.csv"], **wish)
    again = ann.ask(["columns", "t.csv"], 200, **wish)
    assert again["id"] == first["id"]
    other = ann.ask(["columns", "t.csv", "--json"], 409, **wish)
    assert "another job" in other["detail"]
    ann.end(first)


def test_one_id_starts_one_job(service: Running, ann: Client) -> None:
    identity = "ab" * 16
    wish = {"id": identity, "files": {"t.csv": CASTS}}
    assert ann.ask(["columns", "t.csv"], **wish)["id"] == identity
    ann.ask(["columns", "t.csv"], 200, **wish)
    assert Client(service, "jobs", owner="eve").ask(["columns", "t.csv"], 409, **wish)["detail"]
    ann.end({"id": identity})
    ann.ask(["columns", "t.csv"], 400, **{**wish, "id": "../../etc"})


def test_jobs_are_listed_in_pages(ann: Client, imported: dict[str, Any]) -> None:
    pages, offset = [], 0
    while offset is not None:
        page = ann.get(f"api/jobs?limit=2&offset={offset}")
        pages += page["jobs"]
        offset = page["next"]
    assert imported["id"] in [job["id"] for job in pages]
    assert len({job["id"] for job in pages}) == len(pages)
    kinds = {j["kind"] for j in ann.get("api/jobs?kind=import&state=done&state=failed")["jobs"]}
    assert kinds == {"import"}
    assert ann.get("api/jobs?workspace=none")["jobs"] == []


def test_jobs_of_others_are_not_there(
    service: Running, ann: Client, imported: dict[str, Any]
) -> None:
    eve = Client(service, "jobs", "edit", owner="eve")
    assert eve.get("api/jobs?owner=ann")["jobs"] == []
    identity = imported["id"]
    unknown = eve.get("api/jobs/" + "0" * 32, 404)["detail"].replace("0" * 32, identity)
    for path in ("", "/log", "/events", "/files", "/files/x"):
        assert eve.get(f"api/jobs/{identity}{path}", 404)["detail"] == unknown, path
    assert eve.http.post(f"api/jobs/{identity}/stop").status_code == 404
    # Nor do their files get into a job of hers.
    file = service.data_dir / "jobs" / identity / "inputs" / "casts.csv"
    assert file.exists()
    eve.ask(["columns", str(file)], 403)
    assert [j["id"] for j in Client(service, "admin").get("api/jobs?kind=import&owner=ann")["jobs"]]


def command(service: Running, *words: str) -> Any:
    """Run a command of sdcviz beside the server, on its data."""
    done = subprocess.run(
        [sys.executable, "-m", "sdcviz.cli", *words],
        capture_output=True, text=True, check=True,
        env=os.environ | {"SDCVIZ_DATA_DIR": str(service.data_dir)},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_a_job_is_stopped_paused_and_hibernated(service: Running) -> None:
    """One that was asked for on the command line; the server sees it as its own."""
    admin = Client(service, "admin")
    words = ["job", "trial", "--steps", "10000", "--seconds", "0.05"]
    job = command(service, "job", "submit", "--json", "--", *words)
    path = f"api/jobs/{job['id']}"

    def steer(action: str, *states: str) -> None:
        answer = admin.http.post(f"{path}/{action}")
        assert answer.status_code == 200, answer.text
        until(lambda: admin.get(path)["state"] in states)

    until(lambda: admin.get(path)["state"] == "running")
    steer("pause", "paused")
    steer("resume", "running")
    steer("hibernate", "hibernated")
    steer("wake", "queued", "starting", "running")
    steer("stop", "cancelled")
    assert admin.http.post(f"{path}/explode").status_code == 404
    told = admin.http.post(f"{path}/resume")
    assert told.status_code == 400 and "cancelled already" in told.json()["detail"]


def test_too_many_that_wait_are_refused(service: Running, data: Path) -> None:
    bob = Client(service, "jobs", owner="bob")
    files = [str(data / "odv")] * 40
    made = []
    for number in range(20):
        answer = bob.http.post(
            "api/jobs",
            json={"arguments": ["import", "--into", f"many{number}", *files],
                  "limits": {"cpu": 2}},
        )  # fmt: skip
        if answer.status_code != 201:
            break
        made.append(answer.json()["id"])
    assert answer.status_code == 429, answer.text
    assert answer.json()["detail"].endswith(".")
    left = len(list((service.data_dir / "jobs").iterdir()))
    bob.http.post("api/jobs", json={"arguments": ["columns", "t"], "files": {"t": "x"}})
    assert len(list((service.data_dir / "jobs").iterdir())) == left, "a refused job leaves nothing"
    for identity in made:
        bob.http.post(f"api/jobs/{identity}/stop")
        bob.end({"id": identity})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"arguments": []}, 400),
        ({"arguments": ["info", "x"], "env": {"PATH": "/tmp"}}, 400),
        ({"arguments": ["info", "x"], "image": "evil"}, 400),
        ({"arguments": ["info", "x"], "reads": ["/etc"]}, 400),
        ({"arguments": ["info", "x"], "title": "a\r\nBcc: all@example.org"}, 400),
        ({"arguments": ["info", "x"], "limits": {"cpu": True}}, 400),
        ({"arguments": ["serve"]}, 403),
        ({"arguments": ["info", "/etc"]}, 403),
        ({"arguments": ["columns", "t"], "files": {"t": "x"}, "engine": "moon"}, 400),
        ({"arguments": ["columns", "t"], "files": {"t": "x"}, "limits": {"cpu": -1}}, 400),
        ({"arguments": ["columns", "t"], "files": {"t": "x" * 1_000_001}}, 400),
        ({"arguments": ["columns", "t"], "files": {f"t{n}": "x" for n in range(21)}}, 400),
    ],
)
def test_bad_orders_are_told_in_a_sentence(ann: Client, body: dict, status: int) -> None:
    answer = ann.http.post("api/jobs", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"].endswith(".")


def test_a_body_that_is_too_large_is_refused(ann: Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"arguments": ["'
        for _ in range(100):
            yield b"x" * 100_000

    for body in (b"x" * 5_000_000, endless()):
        answer = ann.http.post("api/jobs", content=body)
        assert answer.status_code == 413
        assert "larger than 4.0 MB" in answer.json()["detail"]


def test_a_body_that_is_too_deep_is_refused(ann: Client) -> None:
    body = b'{"arguments": ' + b"[" * 1_000_000
    assert ann.http.post("api/jobs", content=body).status_code == 400


RECIPE = """
recipe: 1
collection: {collection}
parameter: temperature
flags: ["0"]
domain: {{box: [3, 42, 4, 43], resolution: 0.5}}
levels: [0, 10]
lengths: {{horizontal: 80 km, vertical: 50 m}}
epsilon2: 0.1
error: none
"""


def test_a_product_is_made_by_a_recipe_that_comes_along(
    service: Running, ann: Client, imported: dict[str, Any]
) -> None:
    known = next(c for c in ann.get("api/collections") if c["name"] == "casts")["id"]
    wish = ["divand", "recipe.yaml", "--out", "sea.nc", "--workers", "1", "--json"]
    job = ann.ask(wish, files={"recipe.yaml": RECIPE.format(collection=known)})
    job = ann.end(job)
    assert job["state"] == "done", ann.http.get(f"api/jobs/{job['id']}/log").text
    (service.data_dir / "products").mkdir(exist_ok=True)
    (service.data_dir / "products" / "kept.nc").write_bytes(b"CDF")
    (service.data_dir / "products" / "trap.nc").symlink_to("/etc/passwd")
    made, kept = ann.get("api/products")
    assert (made["name"], made["parameter"], made["job"]) == ("sea.nc", "temperature", job["id"])
    assert made["size"] > 1000
    assert (kept["name"], kept["parameter"], kept["job"], kept["size"]) == (
        "kept.nc",
        None,
        None,
        3,
    )
    assert made["id"] != kept["id"]
    assert [p["name"] for p in Client(service, "read", owner="eve").get("api/products")] == [
        "kept.nc"
    ]


def test_usage_is_told(service: Running, ann: Client, imported: dict[str, Any]) -> None:
    month = imported["created"][:7]
    rows = ann.get(f"api/usage?month={month}&by=job")
    assert imported["id"] in str(rows)
    assert Client(service, "read", owner="eve").get(f"api/usage?month={month}&by=owner") == []
    ann.get("api/usage?month=2026-13", 400)


def test_the_server_says_whether_it_is_ready(service: Running) -> None:
    answer = httpx.get(f"{service.address}api/ready")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "detail": ""})


def test_it_says_what_is_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path))
    get_settings.cache_clear()
    keeper = Keeper()
    assert list(_troubles(get_settings(), None)) == [
        "Nobody looks after the jobs: the keeper is not there; restart the server."
    ]
    keeper.start()
    try:
        assert list(_troubles(get_settings(), keeper)) == []
        (full,) = _troubles(load_settings(min_free_bytes=2**60), keeper)
        assert re.fullmatch(r"The disk of the data folder has .* left; free some space.", full)
        (tmp_path / "file").touch()
        (away,) = _troubles(load_settings(data_dir=tmp_path / "file"), keeper)
        assert away.startswith("The data folder can't be written") and str(tmp_path) not in away
        monkeypatch.setenv("SDCVIZ_JOBS_URL", f"sqlite:///{tmp_path}/file/jobs.sqlite")
        get_settings.cache_clear()
        assert "The database of jobs does not answer." in list(_troubles(get_settings(), keeper))
    finally:
        keeper.stop()
        get_settings.cache_clear()


def test_the_page_asks_without_a_token(service: Running, imported: dict[str, Any]) -> None:
    cookies = {"sdc_sid": Visitor(service).cookie}
    answer = httpx.get(f"{service.address}api/jobs", cookies=cookies)
    assert imported["id"] in [job["id"] for job in answer.json()["jobs"]]


def test_the_lines_of_the_readme_run(service: Running, tmp_path: Path) -> None:
    need(shutil.which("curl"), "curl is missing: apt-get install curl")
    text = (ROOT / "README.md").read_text().partition("## HTTP service")[2]
    lines = text.partition("```sh\n")[2].partition("```")[0]
    assert lines.count("http://localhost:5006/") == 5
    lines = lines.replace("http://localhost:5006/", service.address)
    env = os.environ | {
        "SDCVIZ_DATA_DIR": str(service.data_dir),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        capture_output=True, text=True, cwd=tmp_path, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "event: over" in done.stdout and '"state":"done"' in done.stdout


def test_whoever_follows_with_a_token_that_is_revoked_is_let_go(service: Running) -> None:
    admin, other = Client(service, "admin"), Client(service, "read", owner=local_user())
    words = ["job", "trial", "--steps", "10000", "--seconds", "0.05"]
    job = command(service, "job", "submit", "--json", "--", *words)
    with other.http.stream("GET", f"api/jobs/{job['id']}/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        revoke_all(service)
        told = list(lines)  # ends, though the job goes on
    assert not any("event: over" in line for line in told)
    assert admin.http.get("api/jobs").status_code == 401
    command(service, "job", "stop", job["id"], "--json")
