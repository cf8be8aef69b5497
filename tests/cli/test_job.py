"""``sdcviz job`` and ``sdcviz usage``: what is given, what is shown."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result
from world import World, world

from sdcviz import jobs
from sdcviz.cli import app
from sdcviz.cli.job_given import seconds_of, size_of
from sdcviz.cli.job_words import in_full
from sdcviz.errors import BadRequest
from sdcviz.jobs import State


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made, made.keeper():
        yield made


def call(*words: Any) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


def document(*words: Any) -> Any:
    said = call(*words[:2], "--json", *words[2:])
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def test_a_job_from_its_start_to_its_account(here: World) -> None:
    limits = ["--cpu", "0.5", "--memory", "1G", "--walltime", "10m", "--title", "=Trial"]
    id = document("job", "submit", *limits, "--workspace", "=med", "--", "job", "trial")["id"]
    assert document("job", "wait", id)["state"] == "done"
    shown = document("job", "show", id[:8])
    assert shown["id"] == id and shown["reason"] == "" and shown["progress"]["done"] == 3
    assert shown["usage"]["cpu"] > 0 and shown["title"] == "=Trial"
    assert jobs.get(id).spec.limits == jobs.Limits(0.5, 10**9, 600)
    assert '"steps": 3' in call("job", "log", id, "--follow").stdout
    assert call("job", "log", id, "--offset", "-2").stdout == "}\n"
    [line] = call("job", "list", "--state", "done").stdout.splitlines()[1:]
    assert line.split("\t")[:4] == [id[:8], "done", "100 %", "local"]
    [row] = csv.DictReader(io.StringIO(call("usage", "--by", "workspace", "--csv").stdout))
    assert row["workspace"] == "'=med" and float(row["cpu_seconds"]) > 0  # no formula
    assert "local" in call("job", "engines").stdout


def test_wishes_have_commands(here: World) -> None:
    job = here.progressed(here.trial("--steps", 1000, "--kept", "steps"))
    for word, state in [
        ("pause", State.PAUSED),
        ("resume", State.RUNNING),
        ("hibernate", State.HIBERNATED),
        ("wake", State.RUNNING),
        ("stop", State.CANCELLED),
    ]:
        document("job", word, job.id)
        here.seen(job, state)
    said = call("job", "wait", job.id)
    assert said.exit_code == 1 and "cancelled" in said.stdout
    actions = [line["action"] for line in jobs.service_log(job=job.id)]
    assert {"submit", "pause", "resume", "hibernate", "wake", "cancel"} <= set(actions)


def test_what_can_not_be_is_one_sentence(here: World) -> None:
    for words, sentence in [
        (["show", "ffff"], "There is no job ffff"),
        (["submit", "--", "fly"], "There is no command 'fly' to run"),
        (["submit", "--", "divand", "--fast"], "divand: No such option"),
        (["submit", "--memory", "much", "--", "job", "trial"], "--memory much: expected a size"),
        (["list", "--state", "odd"], "known are queued, starting"),
        (["submit", "--engine", "moon", "--", "job", "trial"], "'moon' is not offered"),
    ]:
        said = call("job", *words)
        assert said.exit_code == 2 and sentence in said.stderr, said.output
        assert "Traceback" not in said.output


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("90", 90), ("90m", 5400), ("1:30:00", 5400), ("2h", 7200)]
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("500M", 5 * 10**8), ("1.5GB", 15 * 10**8), ("4096", 4096)]
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert size_of(text) == count


def test_paths_are_given_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").touch()
    words, reads, writes = in_full(["divand", "r.yaml", "--out=p.nc", "--time", "r.yaml2"])
    assert words == ["divand", f"{tmp_path}/r.yaml", f"--out={tmp_path}/p.nc", "--time", "r.yaml2"]
    assert (reads, writes) == ({tmp_path / "r.yaml"}, {tmp_path})
    words, reads, _ = in_full(["import", "r.yaml", "--into", "c", "--name", "x"])
    assert words == ["import", f"{tmp_path}/r.yaml", "--into", f"{tmp_path}/c", "--name", "x"]
    with pytest.raises(BadRequest, match="There is no command ''"):
        in_full([])


def test_commands_tell_their_job_of_progress_and_result(tmp_path: Path) -> None:
    env = {**os.environ, "SDCVIZ_EVENTS": str(tmp_path / "events.jsonl")}
    (tmp_path / "t.csv").write_text("time,lon,lat,depth,temp\n2001-05-06,3.5,42.5,10,13.25\n")
    words = ["import", str(tmp_path / "t.csv"), "--into", str(tmp_path / "c"), "--json"]
    command = [sys.executable, "-m", "sdcviz.cli", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert {line["event"] for line in lines} == {"progress", "result"}
    assert all(line["time"] for line in lines)
    assert lines[-1]["report"] == json.loads(done.stdout)
