"""What changed since a product was made: flags, values, places."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import analysed

from sdcviz.analyses.changes import changes_of
from sdcviz.analyses.outdated import KINDS, Outdated, Watch, outdated
from sdcviz.analyses.record import Record, read_record
from sdcviz.analyses.select import select
from sdcviz.cli import app
from sdcviz.errors import BadRequest, NotFound
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import DEPTH, POSITION, Edits


@pytest.fixture(scope="module")
def product(made_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysed(made_demo, tmp_path_factory.mktemp("outdated") / "p.nc")


@pytest.fixture
def demo(made_demo: Path, tmp_path: Path) -> Collection:
    return open_collection(shutil.copytree(made_demo, tmp_path / "demo"))


@pytest.fixture
def record(product: Path) -> Record:
    return read_record(product)


def used(watch: Watch) -> Any:
    """Numbers of the samples that the product used, by station."""
    m = watch._matched
    at = np.flatnonzero(m.observation >= 0)
    return m.station[at], m.sample[at] - watch.collection.offsets[m.station[at]]


def flag(c: Collection, key: str, rows: Any, samples: Any, code: str) -> None:
    rows, samples = np.atleast_1d(rows), np.atleast_1d(samples)
    old = c.flag_at(key, rows, samples)
    c.journal.write(c, Edits.of(key, rows, samples, old, code), user="ada", reason="spike")


def kinds(found: Outdated) -> list[str]:
    return [KINDS[k] for k in found.kind]


def test_nothing_changed_without_a_look_at_the_samples(record: Record, demo: Collection) -> None:
    watch = Watch(record, demo)
    assert watch.same and not watch.compare()
    assert watch.compare().sentence.startswith("Up to date")
    assert "_matched" not in watch.__dict__


def test_the_product_used_what_is_matched(record: Record, demo: Collection) -> None:
    """Those that it left out on land or beside the grid do not count as new ones."""
    m = Watch(record, demo)._matched
    assert len(m.lost) == 0 and not m.moved.any()
    assert sorted(m.observation[m.observation >= 0]) == list(range(len(record.points)))
    chosen = select(demo, record.recipe)
    assert len(chosen) > len(record.points)  # so that there were such
    flags = demo.flag_at("temperature", m.station, m.sample - demo.offsets[m.station])
    accepted = np.isin(flags, [ord(code) for code in record.recipe.flags])
    assert not (accepted & (m.observation < 0) & m.counts).any()


def test_flags_of_value_depth_and_position_are_told(record: Record, demo: Collection) -> None:
    watch = Watch(record, demo)
    rows, samples = used(watch)
    first, second, third = (int(np.flatnonzero(rows == row)[0]) for row in np.unique(rows)[:3])
    flag(demo, "temperature", rows[first], samples[first], "4")
    flag(demo, DEPTH, rows[second], samples[second], "3")
    whole = rows == rows[third]
    flag(demo, POSITION, rows[third], -1, "4")
    m = watch._matched
    left = np.flatnonzero((m.observation < 0) & m.counts)[0]
    back = m.station[left], m.sample[left] - demo.offsets[m.station[left]]
    before = chr(demo.flag_at("temperature", [back[0]], [back[1]])[0])
    flag(demo, "temperature", *back, "1")
    found = watch.compare()
    assert found.counts == {
        "left out": 2 + int(whole.sum()), "taken in": 1, "changed": 0, "gone": 0
    }  # fmt: skip
    assert found.sentence.startswith(f"Out of date: {len(found)} observations changed (")
    told = {
        (int(r), int(s)): (what, str(old), str(new))
        for r, s, what, old, new in zip(
            found.station, found.sample, kinds(found), found.old, found.flag, strict=True
        )
    }
    assert told[rows[first], samples[first]][0::2] == ("left out", "4")
    assert told[rows[second], samples[second]][2] == "depth 3"
    assert told[rows[third], samples[third]][2] == "position 4"
    assert told[int(back[0]), int(back[1])] == ("taken in", before, "1")
    # Only the stations with other flags were looked up; all of them give the same.
    assert "_matched" in watch.__dict__ and watch._few is not None
    assert len(watch._few[1].sample) < len(m.sample) // 4
    every = changes_of(record, demo, watch._matched)
    for name in ("kind", "station", "sample", "observation", "old", "flag", "value"):
        np.testing.assert_array_equal(getattr(every, name), getattr(found, name))
    # What was changed and changed back is as it was.
    for _ in range(4):
        demo.journal.undo(demo, "ada")
    assert not watch.compare()


def test_the_box_lies_around_what_changed(record: Record, demo: Collection) -> None:
    watch = Watch(record, demo)
    rows, samples = used(watch)
    flag(demo, "temperature", rows[:1], samples[:1], "4")
    found = watch.compare()
    west, south, east, north = found.box
    lon, lat = found.lon[0], found.lat[0]
    assert south == pytest.approx(max(30, lat - 130 / 111.2), abs=0.01)
    assert north == pytest.approx(min(46, lat + 130 / 111.2), abs=0.01)
    assert west < lon < east
    assert [record.labels[k] for k in found.slices] == [
        record.labels[int(str(found.time[0])[5:7]) > 6]
    ]
    document = json.loads(json.dumps(found.document()))
    assert document["outdated"] and document["observations"][0]["lon"] == lon


def test_a_newer_snapshot_has_other_values_and_fewer_stations(
    record: Record, demo: Collection
) -> None:
    """Of one sample the value differs, another one is gone: as in a corrected file."""
    points = record.points
    value, depth = points.value.copy(), points.depth.copy()
    value[3] += 1.0
    lon = points.lon.copy()
    lon[5] += 0.25
    depth[5] += 1000.0
    older = replace(record, state={})
    older.__dict__["points"] = type(points)(
        lon, points.lat, depth, points.time, value, points.id, points.cruise, points.edmo
    )
    names = record.identities[0].copy()
    names[5] = "9999-nobody"
    older.__dict__["identities"] = names, record.identities[1]
    found = Watch(older, demo).compare()
    assert found.counts == {"left out": 0, "taken in": 1, "changed": 1, "gone": 1}
    changed = found.take(found.kind == KINDS.index("changed"))
    assert changed.observation.tolist() == [3] and changed.value[0] == points.value[3]


def test_sentences_for_what_is_no_product_of_ours(
    product: Path, demo: Collection, tmp_path: Path, data: Path
) -> None:
    with pytest.raises(NotFound, match="no product"):
        outdated(tmp_path / "nothing.nc")
    with pytest.raises(BadRequest, match="only products of sdcviz divand"):
        read_record(next((data / "grid").glob("*.nc")))
    record = read_record(product)
    other = replace(record, state={"collection_id": "another"})
    with pytest.raises(BadRequest, match="was not made of"):
        Watch(other, demo)


def test_the_command_lists_what_changed(product: Path, demo: Collection) -> None:
    from typer.testing import CliRunner

    rows, samples = used(Watch(read_record(product), demo))
    flag(demo, "temperature", rows[:12], samples[:12], "4")
    asked = ["divand", "--outdated", str(product), "--collection", str(demo.path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 1
    assert "Out of date: 12 observations changed (12 left out)." in done.output
    as_json = CliRunner().invoke(app, [*asked, "--json"])
    assert len(json.loads(as_json.stdout)["observations"]) == 12


_BOTH = """
import sys
import gc
from threading import Thread
from sdcviz.analyses.record import read_record
from sdcviz.plots.product import product_picture
from sdcviz.products import open_product

done = []

def records():
    for _ in range(12):
        found = read_record(sys.argv[1])
        done.append(len(found.points.value) + len(found.residuals[0]))

def fields():
    for _ in range(12):
        product = open_product(sys.argv[1])
        done.append(product.values("", 0).size)
        del product  # forgotten open: its end comes by whichever thread collects it
        gc.collect()

def pictures():
    for _ in range(2):
        product_picture(sys.argv[1], "picture.png")

threads = [Thread(target=work) for work in (records, fields, records, fields, pictures)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done))
"""


def test_pages_read_a_product_while_others_look_what_changed(product: Path, tmp_path: Path) -> None:
    """The library for NetCDF bears one thread at a time: two end the process."""
    run = subprocess.run(
        [sys.executable, "-c", _BOTH, str(product)], cwd=tmp_path,
        env={**os.environ, "SDCVIZ_DATA_DIR": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["48"]
