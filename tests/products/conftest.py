"""Products that several test files share."""

from __future__ import annotations

from pathlib import Path

import analysis_runs
import hand_made
import pytest

from sdcviz.analyses import run


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a product of three months with error, masked copies, deepest layers, land and floor."""
    return hand_made.product(tmp_path_factory.mktemp("ours") / "ours.nc")


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a product that was analysed out of hand-made observations: twelve months."""
    out = tmp_path_factory.mktemp("analysed") / "analysed.nc"
    recipe = analysis_runs.recipe(parameter="temperature")
    run(recipe, out, points=analysis_runs.scatter(400), workers=1)
    return out
