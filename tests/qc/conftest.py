from __future__ import annotations

import pytest
from synthetic import OXYGEN, SPECIES, batch, sha

from sdcviz.observations import Collection, build_collection, open_collection


@pytest.fixture(scope="session")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """Open a collection of profiles and time series, with texts, gaps and unknown places."""
    path = tmp_path_factory.mktemp("qc") / "mixed"
    build_collection(
        [
            ("one.txt", sha("one"), [batch(60, 1)]),
            ("two.txt", sha("two"), [batch(30, 3, parameters=(OXYGEN, SPECIES))]),
            ("series.nc", sha("series"), [batch(30, 4, series=True)]),
        ],
        path,
    )
    return open_collection(path)
