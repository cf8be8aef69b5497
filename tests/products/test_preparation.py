"""Preparing: whole or not at all, going on where it was, within the disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import hand_made
import made_files
import numpy as np
import pytest
from netCDF4 import Dataset
from reference import same

from sdcviz.errors import ProductBusy, StorageError
from sdcviz.products import open_product, plan, preparation
from sdcviz.products.store import folder_of_copies


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a product of 6 x 4 layers of 30 x 40 points."""
    lon, lat = np.linspace(0, 20, 40), np.linspace(30, 45, 30)
    return made_files.write(
        tmp_path / "p.nc", lon=lon, lat=lat, depth=(0, 10, 20, 50), time=np.arange(6) * 30.0
    )


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in pieces as large products do."""
    monkeypatch.setattr(preparation, "BLOCK_BYTES", 20_000)
    monkeypatch.setattr(preparation, "LAYER_BYTES", 20_000)
    monkeypatch.setattr(preparation, "_SYNC_BYTES", 10_000)


def content() -> list[str]:
    return sorted(p.name for p in folder_of_copies().iterdir() if not p.name.startswith("."))


def test_copies_hold_the_field(path: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    product = open_product(path).prepare(progress=lambda *step: steps.append(step))
    field: Any = product.field()
    with Dataset(path) as file:
        expected = np.asarray(file["Temperature"][:])
    np.testing.assert_array_equal(field.maps, expected)
    np.testing.assert_array_equal(field.by_column, expected.transpose(2, 3, 0, 1))
    assert not field.maps.flags.writeable
    done = [d for d, _, _ in steps]
    assert done == sorted(done) and len(steps) > 10
    assert {text for _, _, text in steps} == {"Temperature: maps", "Temperature: columns"}
    # Another process, or a later session, finds them.
    assert open_product(path).prepared
    told = plan(product)
    assert told.bytes == 2 * expected.nbytes and told.variables == ("Temperature",)
    assert "take" in told.sentence() and "are free" in told.sentence()


@pytest.mark.parametrize("chunks", [(3, 2, 10, 40), (6, 4, 5, 5), None])
def test_any_chunks_give_the_same(tmp_path: Path, chunks: tuple[int, ...] | None) -> None:
    lon, lat = np.linspace(0, 20, 40), np.linspace(30, 45, 30)
    storage = {"chunksizes": chunks, "zlib": True} if chunks else {"contiguous": True}
    path = made_files.write(
        tmp_path / "p.nc", lon=lon, lat=lat, depth=(0, 10, 20, 50), time=np.arange(6) * 30.0,
        **storage,
    )  # fmt: skip
    field: Any = open_product(path).prepare().field()
    expected = made_files.truth(range(6), (0, 10, 20, 50), lat, lon)
    np.testing.assert_array_equal(field.maps, expected)
    np.testing.assert_array_equal(field.by_column, expected.transpose(2, 3, 0, 1))


@pytest.mark.parametrize("stop", [1, 3, 8, 11, 13])
def test_it_goes_on_where_it_was_broken_off(path: Path, stop: int) -> None:
    calls = 0

    def broken_off(done: int, total: int, text: str) -> None:
        nonlocal calls
        calls += 1
        if calls == stop:
            raise KeyboardInterrupt

    product = open_product(path)
    with pytest.raises(KeyboardInterrupt):
        product.prepare(progress=broken_off)
    assert not open_product(path).prepared
    # Until then it is served from the file.
    same(
        product.layer(10, 2),
        made_files.truth([2], [10], product.grid().lat, product.grid().lon)[0, 0],
    )
    left = 0

    def counted(*_: object) -> None:
        nonlocal left
        left += 1

    fresh = open_product(path).prepare(progress=counted)
    assert fresh.prepared
    whole = 0

    def again(*_: object) -> None:
        nonlocal whole
        whole += 1

    shutil.rmtree(folder_of_copies() / plan(fresh).folder.name)
    open_product(path).prepare(progress=again)
    assert left < whole if stop > 1 else left <= whole
    with Dataset(path) as file:
        np.testing.assert_array_equal(fresh.field().maps, file["Temperature"][:])  # type: ignore[attr-defined]


KILLED = """
import os, signal, sys
from sdcviz.products import open_product, preparation
preparation.BLOCK_BYTES = preparation.LAYER_BYTES = 20_000
preparation._SYNC_BYTES = 10_000
calls = 0
def tell(*_):
    global calls
    calls += 1
    if calls == 9:
        os.kill(os.getpid(), signal.SIGKILL)
open_product(sys.argv[1]).prepare(progress=tell)
"""


def test_a_kill_leaves_nothing_half_made(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    product = open_product(path)
    assert not product.prepared
    product.prepare()
    with Dataset(path) as file:
        expected = np.asarray(file["Temperature"][:])
    np.testing.assert_array_equal(product.field().maps, expected)  # type: ignore[attr-defined]
    columns = product.field().by_column  # type: ignore[attr-defined]
    np.testing.assert_array_equal(columns, expected.transpose(2, 3, 0, 1))


def test_a_disk_that_is_too_small(tmp_path: Path) -> None:
    """A file that declares more than the disk has; nothing was ever written into it."""
    free = shutil.disk_usage(tmp_path).free
    layer = 2000 * 3000 * 4
    path = tmp_path / "huge.nc"
    with Dataset(path, "w") as file:
        sizes = (("time", free // layer // 10 + 1), ("depth", 10), ("lat", 2000), ("lon", 3000))
        for name, n in sizes:
            file.createDimension(name, n)
            v = file.createVariable(name, "f8", (name,))
            v[:] = np.arange(n) / 100
            v.units = {"lat": "degrees_north", "lon": "degrees_east", "depth": "m",
                       "time": "days since 2000-01-01"}[name]  # fmt: skip
        file.createVariable("T", "f4", [n for n, _ in sizes], chunksizes=(1, 1, 2000, 3000))
    product = open_product(path)
    with pytest.raises(StorageError, match=r"huge.nc can't be prepared: its copies take .* only"):
        product.prepare()
    assert not any("huge" in name for name in os.listdir(tmp_path) if name != "huge.nc")
    # It goes on from the file.
    assert product.profile(1, 1, 0).attrs["answer"] == "land"


def test_a_disk_that_fills_up(path: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    command = [sys.executable, "-m", "sdcviz.cli", "prepare", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=little)
    assert done.returncode == 2 and "is full" in done.stderr, done.stderr
    assert not open_product(path).prepared
    assert open_product(path).prepare().prepared


def test_two_at_once(path: Path) -> None:
    product = open_product(path)

    def other(*_: object) -> None:
        with pytest.raises(ProductBusy, match="being prepared by another process"):
            open_product(path).prepare()

    assert product.prepare(progress=other).prepared


def test_what_replaced_files_left_is_swept(path: Path) -> None:
    open_product(path).prepare()
    before = content()
    made_files.write(path)
    os.utime(path, ns=(1, 1))
    open_product(path).prepare()
    after = content()
    assert len(after) == len(before) and set(after) != set(before)


def test_further_variables_are_added(tmp_path: Path) -> None:
    ours = hand_made.product(tmp_path / "ours.nc")
    product = open_product(ours).prepare(variables=["Temperature_deepest"])
    assert product.prepared
    assert type(product.field("Temperature")).__name__ == "SourceField"
    assert type(product.field("Temperature_deepest")).__name__ == "PreparedField"
    whole = product.prepare()
    for name in product.variables:
        assert type(whole.field(name)).__name__ == "PreparedField"
