"""The page for newcomers: its code runs, its pictures can be made again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from sdcviz import divand
from sdcviz.divand import pictures

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "sdcviz" / "divand" / "README.md"


def test_the_python_lines_run() -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S):
        exec(block, names)
    field, error, mask = names["field"], names["error"], names["domain"].mask
    assert np.isfinite(field[mask]).all()
    assert 14 < np.nanmin(field) < np.nanmax(field) < 16.5
    assert 0 < np.nanmin(error) < 0.15
    assert 0 < names["west"].size < names["domain"].size


def test_figures_and_modules_named_are_there() -> None:
    text = PAGE.read_text()
    for path in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (PAGE.parent / path).stat().st_size < 150_000
    for module in re.findall(r"`(\w+\.py)`", text):
        assert (PAGE.parent / module).is_file(), module
    kernels = [divand.Kernel.of(n, divand.kernel.default_alpha(n)) for n in (1, 2, 3)]
    assert [round(float(k(k.len_scale)), 3) for k in kernels] == [0.602] * 3
    assert [round(float(k(2 * k.len_scale)), 2) for k in kernels] == [0.24, 0.28, 0.24]


@pytest.mark.parametrize("draw", [pictures.kernel_picture, pictures.analysis_picture])
def test_pictures_are_made(data: Path, tmp_path: Path, draw: Any) -> None:
    target = tmp_path / "picture.png"
    draw(data / "derived" / "dtm_layout_etopo5_med_blacksea.nc", target)
    assert target.stat().st_size < 150_000
    picture = imread(target)
    assert picture.shape[1] > 1300
    assert len(np.unique(picture[::4, ::4].reshape(-1, picture.shape[2]), axis=0)) > 60
