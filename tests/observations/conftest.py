from __future__ import annotations

from pathlib import Path

import pytest

from sdcviz.observations import build_collection, open_collection

from .synthetic import OXYGEN, SPECIES, batch, sha


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a collection of two files of profiles."""
    path = tmp_path_factory.mktemp("made") / "profiles"
    build_collection(
        [
            ("one.txt", sha("one"), [batch(60, 1), batch(40, 2, first_index=60)]),
            ("two.txt", sha("two"), [batch(50, 3, parameters=(OXYGEN, SPECIES))]),
        ],
        path,
    )
    return path


@pytest.fixture(scope="session")
def profiles(folder: Path):
    return open_collection(folder)


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory):
    """Open a collection of profiles and time series."""
    path = tmp_path_factory.mktemp("made") / "mixed"
    build_collection(
        [
            ("one.txt", sha("one"), [batch(60, 1)]),
            ("series.nc", sha("series"), [batch(40, 4, series=True)]),
        ],
        path,
    )
    return open_collection(path)
