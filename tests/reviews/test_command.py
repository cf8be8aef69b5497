"""``sdcviz review`` as a job runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from sdcviz.notifications.summary import _of_result
from sdcviz.products import read_residuals


def test_a_review_tells_its_job(seas, tmp_path):
    events = tmp_path / "events"
    words = ["review", seas.clean / "oxygen_umol_kg.nc", seas.clean / "demo", "--out", "r"]
    ran = subprocess.run(
        [sys.executable, "-m", "sdcviz.cli", *map(str, words), "--json", "--progress", "json"],
        cwd=tmp_path,
        env={**os.environ, "SDCVIZ_EVENTS": str(events)},
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads((tmp_path / "r/review.json").read_text("utf-8"))
    told = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    result = told[-1]["report"]
    assert result == json.loads(ran.stdout)
    assert result["used"] == document["samples"] and result["first"] == document["first"][:12]
    facts = dict(_of_result(result))
    assert {"Observations", "RMSE of residuals", "Worst residual"} <= set(facts)
    progress = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert progress[0]["text"] == "Collocating" and len(progress) == 7

    residuals = read_residuals(tmp_path / "r/residuals.csv")
    assert len(residuals) == document["samples"]
    assert abs(residuals["residuals"].mean() - document["skill"]["rows"][-1]["bias"]) < 1e-4
