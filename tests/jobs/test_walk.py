"""From the command line to the end of a job, all for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def sdcviz(folder: Path, *words: str) -> Any:
    env = {**os.environ, "SDCVIZ_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "sdcviz.cli", *words]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_command_runs_in_the_background(tmp_path: Path) -> None:
    said = sdcviz(tmp_path, "job", "submit", "--json", "--", "job", "trial", "--steps", "2")
    id = json.loads(said)["id"]
    ended = json.loads(sdcviz(tmp_path, "job", "wait", id[:6], "--json"))
    assert (ended["state"], ended["reason"]) == ("done", "")
    assert ended["progress"] == {"done": 2, "total": 2, "text": "Step 2"}
    assert ended["result"] == {"steps": 2, "begun": 0}
    assert ended["usage"]["cpu"] > 0 and ended["usage"]["wall"] > 0
    assert '"steps": 2' in sdcviz(tmp_path, "job", "log", id)
    assert [job["id"] for job in json.loads(sdcviz(tmp_path, "job", "list", "--json"))] == [id]
    [row] = json.loads(sdcviz(tmp_path, "usage", "--json"))
    assert row["jobs"] == 1 and row["cpu_seconds"] > 0
    header, line = sdcviz(tmp_path, "usage", "--by", "job", "--csv").splitlines()
    assert header.startswith("job,owner,") and line.startswith(id) and line.endswith(",done,,")
