"""``sdcviz review`` as a job runs it, of a field without time, depth and error."""

from __future__ import annotations

import json

from small_sea import field
from typer.testing import CliRunner

from sdcviz.cli import app
from sdcviz.notifications.summary import _of_result
from sdcviz.products import read_residuals


def test_a_review_tells_its_job(seas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDCVIZ_EVENTS", str(tmp_path / "events"))
    product = field(tmp_path / "p.nc", months=(), depth=())
    words = ["review", str(product), str(seas.clean / "demo"), "--out", "r", "--json"]
    ran = CliRunner().invoke(app, words, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    document = json.loads((tmp_path / "r/review.json").read_text("utf-8"))
    told = [json.loads(line) for line in (tmp_path / "events").read_text("utf-8").splitlines()]
    result = told[-1]["report"]
    assert result == json.loads(ran.stdout)
    assert result["used"] == document["samples"] and result["first"] == document["first"][:12]
    facts = dict(_of_result(result))
    assert {"Observations", "RMSE of residuals", "Worst residual"} <= set(facts)
    progress = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert progress[0]["text"] == "Collocating"
    assert progress[-1]["done"] == progress[-1]["total"] == 7
    assert 5_000 < (tmp_path / "picture.png").stat().st_size < 100_000

    residuals = read_residuals(tmp_path / "r/residuals.csv")
    assert len(residuals) == document["samples"]
    assert abs(residuals["residuals"].mean() - document["skill"]["rows"][-1]["bias"]) < 1e-3

    assert document["skill"]["layers"] == ["All depths"]
    assert all(check["sentence"] for check in document["physical"])
    report = (tmp_path / "r/report.html").read_text("utf-8")
    assert report.count("<svg") >= 7 and "not looked at" in report
