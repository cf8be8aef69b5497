"""Slices are kept on disk whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdcviz.analyses.model import Axes, SliceResult
from sdcviz.errors import StorageError, UnreadableFile


def _result(background: bool) -> SliceResult:
    random = np.random.default_rng(3)
    field = random.normal(15, 2, (4, 3, 2)).astype(np.float32)
    field[0, 0] = np.nan
    return SliceResult(
        field=field,
        error=np.where(np.isnan(field), np.nan, 0.5).astype(np.float32),
        rows=np.array([2, 5, 9]),
        residuals=np.array([0.1, np.nan, -0.2]),
        used=np.array([True, False, True]),
        suspicion=np.full(3, np.nan),
        notes={"solver": "cvxopt", "lengths": [1e5, 1e5, 20], "warnings": ["café"]},
        background=field + 1 if background else None,
    )


@pytest.mark.parametrize("background", [True, False])
def test_a_slice_comes_back_as_it_was(tmp_path: Path, background: bool) -> None:
    result = _result(background)
    path = tmp_path / "slice.npz"
    result.save(path)
    again = SliceResult.load(path)
    for name in ("field", "error", "rows", "residuals", "used", "suspicion"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name))
        assert getattr(again, name).dtype == getattr(result, name).dtype
    assert again.notes == result.notes
    if background:
        np.testing.assert_array_equal(again.background, result.background)
    else:
        assert again.background is None
    assert [p.name for p in tmp_path.iterdir()] == ["slice.npz"]


def test_a_damaged_slice_is_told_from_a_good_one(tmp_path: Path) -> None:
    path = tmp_path / "slice.npz"
    with pytest.raises(UnreadableFile, match="computed again"):
        SliceResult.load(path)
    _result(False).save(path)
    whole = path.read_bytes()
    for cut in (0, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(UnreadableFile, match="computed again"):
            SliceResult.load(path)
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 255
    path.write_bytes(flipped)
    with pytest.raises(UnreadableFile, match="computed again"):
        SliceResult.load(path)


def test_a_slice_that_cant_be_written_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "slice.npz"
    with pytest.raises(StorageError, match="can't be written"):
        _result(False).save(path)


def test_a_product_without_depth_has_one_level() -> None:
    axes = Axes(np.arange(4.0), np.arange(3.0), np.array([]), ())
    assert axes.shape == (4, 3, 1)
    assert Axes(np.arange(4.0), np.arange(3.0), np.arange(5.0), ()).shape == (4, 3, 5)
