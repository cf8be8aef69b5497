"""Surroundings of changed observations, analysed again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import analysed, in_this_process

from sdcviz.analyses import check_layout
from sdcviz.analyses.again import prepare_rerun, version_after
from sdcviz.analyses.outdated import Watch, outdated
from sdcviz.analyses.record import read_record
from sdcviz.analyses.rerun import rerun
from sdcviz.errors import BadRequest
from sdcviz.observations import Collection, open_collection
from sdcviz.qc.model import Edits

FIELDS = ("Temperature", "Temperature_relerr")


@pytest.fixture(autouse=True)
def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdcviz.analyses.rerun.in_workers", in_this_process)


@pytest.fixture(scope="module")
def demo(made_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(made_demo, tmp_path_factory.mktemp("rerun") / "demo"))


@pytest.fixture(scope="module")
def product(demo: Path) -> Path:
    return analysed(demo, demo.parent / "p.nc")


@pytest.fixture(scope="module")
def flagged(product: Path, demo: Path) -> Collection:
    """Flag one station of the second half of the year in the west."""
    c = open_collection(demo)
    m = Watch(read_record(product), c)._matched
    there = (m.observation >= 0) & (abs(m.lon - 6) < 3) & (abs(m.lat - 40) < 3)
    there &= m.time.astype("datetime64[M]").astype(int) % 12 >= 6
    mine = np.bincount(m.station[there])
    at = np.flatnonzero(there & (m.station == mine.argmax()))
    rows, samples = m.station[at], m.sample[at] - c.offsets[m.station[at]]
    old = c.flag_at("temperature", rows, samples)
    c.journal.write(c, Edits.of("temperature", rows, samples, old, "4"), user="ada", reason="x")
    return c


def fields(path: Path) -> dict[str, Any]:
    import netCDF4

    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        found = {name: np.where(file[name][:] > 1e36, np.nan, file[name][:]) for name in FIELDS}
        return {
            **found, "lon": file["lon"][:], "lat": file["lat"][:],
            **{name: file.getncattr(name) for name in file.ncattrs()},
        }  # fmt: skip


def background(path: Path) -> Any:
    import netCDF4

    with netCDF4.Dataset(path) as file:
        return np.ma.filled(file["Temperature_background"][:], np.nan)


def part_of(whole: dict[str, Any], part: dict[str, Any], name: str, times: Any) -> Any:
    i, j = (np.searchsorted(whole[axis], part[axis] - 1e-6) for axis in ("lon", "lat"))
    return whole[name][times][:, :, j[0] : j[-1] + 1, i[0] : i[-1] + 1]


def test_without_changes_the_same_numbers_come_out(product: Path, tmp_path: Path) -> None:
    """Of the box alone, and of the whole."""
    report = rerun(product, tmp_path / "box.nc", box=(4, 39, 6, 41))
    box, old = fields(tmp_path / "box.nc"), fields(product)
    assert report["counts"]["left out"] == 0 and report["grid"]["times"] == 2
    assert box["lon"][0] > old["lon"][0] and box["lon"][-1] < old["lon"][-1]
    for name in FIELDS:
        assert np.array_equal(part_of(old, box, name, [0, 1]), box[name], equal_nan=True)
    assert not outdated(tmp_path / "box.nc")
    assert check_layout(tmp_path / "box.nc") == check_layout(product)


def test_after_flags_it_is_the_new_analysis(
    product: Path, flagged: Collection, tmp_path: Path
) -> None:
    new = tmp_path / "new.nc"
    report = rerun(product, new, merge=True)
    whole = fields(analysed(Path(flagged.path), tmp_path / "whole.nc"))
    old, merged = fields(product), fields(new)
    core, k = report["box"], 1
    assert report["times"] == [read_record(product).labels[k]]
    # The mean profile moved, too: by how much is told, since far away nothing moves.
    a, b = (background(path)[k] for path in (product, tmp_path / "whole.nc"))
    assert report["shift"]["value"] == pytest.approx(np.nanmax(np.abs(b - a)), abs=1e-5)
    told = f"{report['shift']['value']:.2g} °C ({report['times'][0]}, "
    assert told in report["shifted"] and report["shifted"] in merged["history"]
    # Half a year that nothing changed in is the same to the last bit, and so is what is far away.
    assert np.array_equal(merged["Temperature"][0], old["Temperature"][0], equal_nan=True)
    far = old["lon"] > core[2] + 12
    assert far.any()
    assert np.array_equal(
        merged["Temperature"][k][..., far], old["Temperature"][k][..., far], equal_nan=True
    )
    near = np.ix_(abs(old["lat"] - core[1]) < 3, abs(old["lon"] - core[0]) < 3)
    for name in FIELDS:
        step = np.nanmax(np.abs(whole[name][k] - old[name][k]))
        assert step > 0.005
        # Nearby it is the whole new analysis; elsewhere nothing worth a seam is left of it.
        off = np.abs(merged[name][k] - whole[name][k])
        assert np.nanmax(off[(slice(None), *near)]) < 0.02 * step, name
        assert np.nanmax(off) < 0.15 * step, name
    assert not outdated(new)
    assert check_layout(new) == check_layout(product)


def test_the_new_product_says_where_it_comes_from(
    product: Path, flagged: Collection, tmp_path: Path
) -> None:
    rerun(product, tmp_path / "new.nc")
    old, new = fields(product), fields(tmp_path / "new.nc")
    n = len(outdated(product))
    assert new["product_version"] == "1.0-r1" and new["product_id"] != old["product_id"]
    first, second = new["history"].splitlines()
    assert first == old["history"]
    assert f"{n} observations changed ({n} left out); previous product p.nc" in second
    assert new["previous_product"] == f"p.nc {old['product_id']}"
    assert int(new["journal_batch"]) == flagged.last_batch


def test_changes_outside_of_the_box_stay_as_they_were(
    product: Path, flagged: Collection, tmp_path: Path
) -> None:
    """And the new product still says that they changed."""
    before = outdated(product)
    again = prepare_rerun(product, box=(28, 32, 30, 34))
    assert again.left == len(before) and not again.changed
    assert len(again.plan.points) == len(again.before.points)
    report = rerun(product, tmp_path / "new.nc", box=(28, 32, 30, 34), merge=True)
    assert report["left"] == len(before)
    assert outdated(tmp_path / "new.nc").counts == before.counts


def test_sentences_where_it_can_not_be(product: Path, flagged: Collection, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"is no part of p\.nc"):
        rerun(product, tmp_path / "new.nc", box=(100, 30, 110, 40))
    with pytest.raises(BadRequest, match="is the product itself"):
        rerun(product, product)
    assert [version_after(v) for v in ("", "1.0", "1.0-r1", "2-r9")] == [
        "1-r1", "1.0-r1", "1.0-r2", "2-r10"
    ]  # fmt: skip
