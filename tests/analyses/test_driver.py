"""Runs: products, slices that are kept, processes that die."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from analysis_runs import recipe, scatter, write_recipe_file

from sdcviz.analyses import run
from sdcviz.analyses.budget import memory_budget, within_memory
from sdcviz.analyses.driver import analyse_points
from sdcviz.analyses.parts import parts_of
from sdcviz.analyses.plan import Plan, make_plan
from sdcviz.analyses.pool import in_processes
from sdcviz.analyses.recipe import Recipe
from sdcviz.demo import make_demo
from sdcviz.errors import BadRequest, StorageError

POINTS = scatter(3000)
MED = {"box": [-6, 30, 36.5, 46], "resolution": 0.5}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("runs") / "demo", stations=600)


def settled(asked: Recipe) -> Plan:
    """Plan a run as `run` does."""
    plan = make_plan(asked, POINTS)
    return replace(plan, problem=within_memory(plan.problem, 2, memory_budget(None))[0])


def contents(path: Path) -> dict[str, Any]:
    """Read all of a product but for when it was made."""
    import netCDF4

    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        found: dict[str, Any] = {name: v[:] for name, v in file.variables.items()}
        for name in file.ncattrs():
            if name not in ("date_created", "history", "product_id"):
                found[f":{name}"] = file.getncattr(name)
    return found


def same(a: Path, b: Path) -> bool:
    one, two = contents(a), contents(b)
    assert one.keys() == two.keys()
    for name, value in one.items():
        if isinstance(value, np.ndarray):
            assert value.dtype == two[name].dtype and value.tobytes() == two[name].tobytes(), name
        else:
            assert value == two[name], name
    return True


def test_a_product_holds_what_the_slices_gave(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    report = run(recipe(), tmp_path / "p.nc", points=POINTS, tell=events.append, workers=2)
    found = contents(tmp_path / "p.nc")
    alone = list(analyse_points(POINTS, recipe()))
    assert found["temperature"].shape == (12, 4, 11, 13)
    for k, result in enumerate(alone):
        mine = found["temperature"][k].transpose(2, 1, 0)
        sea = np.isfinite(result.field)
        assert np.array_equal(mine[sea], result.field[sea])
        under = found["temperature_background"][k].transpose(2, 1, 0)
        assert result.background is not None
        assert np.array_equal(under[sea], result.background[sea])
    assert report["used"] == sum(int(r.used.sum()) for r in alone)
    squares = np.concatenate([r.residuals[r.used] ** 2 for r in alone])
    assert report["rmse"] == pytest.approx(np.sqrt(squares.mean()))
    json.dumps(report, allow_nan=False)
    # twelve slices, each told once; the result last; nothing is left behind
    assert [e["event"] for e in events].count("slice") == 12
    assert events[-1]["event"] == "result" and events[-1]["used"] == report["used"]
    steps = [(e["done"], e["total"]) for e in events if e["event"] == "progress"]
    assert steps == sorted(steps, key=lambda s: (s[1] > 0, s[0])) and steps[-1] == (12, 12)
    assert [p.name for p in tmp_path.iterdir()] == ["p.nc"]


def test_as_many_processes_as_one_likes_give_the_same(tmp_path: Path) -> None:
    for workers in (1, 3):
        run(recipe(), tmp_path / f"{workers}.nc", points=POINTS, workers=workers)
    assert same(tmp_path / "1.nc", tmp_path / "3.nc")


def test_running_windows_without_depth(tmp_path: Path) -> None:
    windows = {"first": "2000-01-15", "last": "2010-01-15", "every": 730.5, "length": 1500}
    asked = recipe(time={"windows": windows}, levels={"top": 0, "bottom": 20})
    report = run(asked, tmp_path / "p.nc", points=POINTS)
    assert [s["label"] for s in report["slices"]][:2] == ["2000-01-15", "2002-01-14"]
    found = contents(tmp_path / "p.nc")
    assert found["temperature"].shape == (6, 11, 13)
    # neighbours share observations: each counts as often as windows hold it
    assert report["used"] > report["observations"]
    days = np.diff(found["climatology_bounds"], axis=1)
    assert days.ravel() == pytest.approx(np.full(6, 1500))


# ---- broken off -------------------------------------------------------------
def start(*arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sdcviz.cli", "divand", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def events_of(process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{"):
            yield json.loads(line)


def break_off(process: subprocess.Popen[str], how: int) -> list[psutil.Process]:
    """Send a signal as the first slice is there; give the workers that ran then."""
    next(e for e in events_of(process) if e["event"] == "slice")
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    os.kill(process.pid, how)
    process.communicate(timeout=180)
    return workers


def test_a_killed_run_goes_on_and_gives_the_same(demo: Path, tmp_path: Path) -> None:
    path = write_recipe_file(tmp_path, demo, domain=MED)
    whole, out = tmp_path / "whole.nc", tmp_path / "out.nc"
    assert start(path, "--out", whole, "--json").wait(300) == 0
    process = start(path, "--out", out, "--json", "--workers", 1)
    workers = break_off(process, signal.SIGKILL)
    # workers end with the one that started them
    _, alive = psutil.wait_procs(workers, timeout=180)
    assert not alive and process.returncode == -signal.SIGKILL
    kept = sorted(p.name for p in (tmp_path / "out.nc.parts").glob("*/slice_*.npz"))
    assert 1 <= len(kept) < 12 and not out.exists()
    again = start(path, "--out", out, "--json")
    events = list(events_of(again))
    assert again.wait(300) == 0
    assert [e["event"] for e in events].count("slice") == 12 - len(kept)
    assert any(e.get("text", "").startswith("Goes on with") for e in events)
    assert same(whole, out)
    assert not (tmp_path / "out.nc.parts").exists()


def test_ctrl_c_keeps_finished_slices_and_no_process(demo: Path, tmp_path: Path) -> None:
    path = write_recipe_file(tmp_path, demo, domain=MED)
    out = tmp_path / "out.nc"
    out.write_bytes(b"an older product")
    process = start(path, "--out", out, "--json", "--workers", 2)
    workers = break_off(process, signal.SIGINT)
    _, alive = psutil.wait_procs(workers, timeout=180)
    assert not alive and process.returncode == 130
    assert out.read_bytes() == b"an older product"
    assert 1 <= len(list((tmp_path / "out.nc.parts").glob("*/slice_*.npz"))) < 12
    assert not list(tmp_path.glob("**/*.part"))


def test_slices_of_another_recipe_are_never_mixed(tmp_path: Path) -> None:
    out = tmp_path / "p.nc"
    first = settled(recipe())
    with parts_of(out, first.key) as parts:
        for done in in_processes(list(first.tasks([0, 1])), 1):
            done.result.save(parts.path(done.number))
    events: list[dict[str, Any]] = []
    run(recipe(epsilon2=0.6), out, points=POINTS, tell=events.append)
    assert [e["event"] for e in events].count("slice") == 12
    run(recipe(epsilon2=0.6), tmp_path / "alone.nc", points=POINTS)
    assert same(out, tmp_path / "alone.nc")


def test_everything_that_decides_the_numbers_is_in_the_key() -> None:
    plain = make_plan(recipe(), POINTS).key
    assert make_plan(recipe(), POINTS).key == plain
    assert make_plan(recipe(run={"workers": 1}, metadata={"title": "t"}), POINTS).key == plain
    other = scatter(3000)
    other.value[np.argmin(np.hypot(other.lon - 5, other.lat - 40) + other.depth)] += 0.001
    changed = [make_plan(recipe(), other)]
    for change in (
        {"epsilon2": 0.51}, {"lengths": {"horizontal": "121 km", "vertical": "60 m"}},
        {"background": "mean"}, {"error": "none"}, {"clamp": {"min": 0}},
        {"domain": {"box": [2, 38, 8, 43], "resolution": 0.5, "margin": False}},
        {"time": {"years": [1991, 2019]}},
    ):  # fmt: skip
        changed.append(make_plan(recipe(**change), POINTS))
    keys = {p.key for p in changed}
    assert len(keys) == len(changed) and plain not in keys


def test_a_damaged_slice_is_made_again(tmp_path: Path) -> None:
    out = tmp_path / "p.nc"
    plan = settled(recipe())
    with parts_of(out, plan.key) as parts:
        for done in in_processes(list(plan.tasks([0, 1, 2])), 1):
            done.result.save(parts.path(done.number))
        parts.path(1).write_bytes(parts.path(1).read_bytes()[:500])
    events: list[dict[str, Any]] = []
    run(recipe(), out, points=POINTS, tell=events.append)
    assert [e["event"] for e in events].count("slice") == 10
    run(recipe(), tmp_path / "alone.nc", points=POINTS)
    assert same(out, tmp_path / "alone.nc")


def test_two_runs_do_not_write_one_product(tmp_path: Path) -> None:
    plan = settled(recipe())
    with (
        parts_of(tmp_path / "p.nc", plan.key),
        pytest.raises(BadRequest, match="Another run is writing"),
    ):
        run(recipe(), tmp_path / "p.nc", points=POINTS)


def test_a_run_that_finished_nothing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError), parts_of(tmp_path / "p.nc", "0" * 64):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


# ---- processes --------------------------------------------------------------
def workers() -> list[psutil.Process]:
    """Return the processes of analyses that belong to this one; others may just be ending."""
    found = []
    for process in psutil.Process().children():
        with suppress(psutil.Error):
            found += [process] if "sdcviz.analyses.worker" in process.cmdline() else []
    return found


def test_a_slice_whose_process_dies_is_tried_again() -> None:
    plan = make_plan(recipe(), POINTS)
    tasks = list(plan.tasks())
    came = in_processes(tasks, 2)
    first = next(came)
    victims = workers()
    victims[0].kill()
    numbers = [first.number, *(done.number for done in came)]
    assert sorted(numbers) == list(range(12))
    assert not workers()


def test_a_slice_that_kills_every_process_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    task = next(make_plan(recipe(), POINTS).tasks())
    # a process that ends before it answers, as one that gets no memory
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(BadRequest, match="January: its process ended with code 1; take fewer"):
        list(in_processes([task], 2))


def test_a_sentence_of_the_engine_names_its_slice(tmp_path: Path) -> None:
    plan = make_plan(recipe(), POINTS)
    bad = replace(next(plan.tasks()), problem=replace(plan.problem, epsilon2=-1.0))
    with pytest.raises(BadRequest, match="January: epsilon2 is -1 at observation 0"):
        list(in_processes([bad], 1))


def test_processes_end_when_their_user_stops_early() -> None:
    came = in_processes(list(make_plan(recipe(), POINTS).tasks()), 2)
    next(came)
    came.close()
    assert not workers()


# ---- places -----------------------------------------------------------------
def test_a_product_that_can_not_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="is a folder; name a file"):
        run(recipe(), tmp_path, points=POINTS)
    with pytest.raises(BadRequest, match="There is no folder"):
        run(recipe(), tmp_path / "no" / "p.nc", points=POINTS)
    (tmp_path / "p.nc.parts").write_text("in the way")
    with pytest.raises(StorageError, match=r"p\.nc\.parts can't be written"):
        run(recipe(), tmp_path / "p.nc", points=POINTS)
