"""A small sea, as it is and spoilt; made once, with the reviews of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_sea


class Seas(NamedTuple):
    """Folders with collection ``demo`` and the products, and the spoilt cruise."""

    clean: Path
    spoilt: Path
    cruise: str


@pytest.fixture(scope="session")
def seas(tmp_path_factory: pytest.TempPathFactory) -> Seas:
    """Make the sea and spoil a copy."""
    clean = small_sea.make(tmp_path_factory.mktemp("clean"))
    spoilt = tmp_path_factory.mktemp("spoilt")
    return Seas(clean, spoilt, small_sea.spoil(spoilt, clean))


@pytest.fixture(scope="session")
def drawn(seas: Seas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a review with its report; to be copied before it is changed."""
    from sdcviz.reviews import review

    folder = tmp_path_factory.mktemp("drawn") / "review"
    review(seas.clean / "oxygen_umol_kg.nc", seas.clean / "demo", folder)
    return folder


@pytest.fixture(scope="session")
def reviewed(seas: Seas, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Review both products of both seas, that of the clean temperature with a comparison."""
    from sdcviz.reviews import read, review

    found = {"clean/oxygen_umol_kg": read(drawn)}
    for name, sea in (("clean", seas.clean), ("spoilt", seas.spoilt)):
        for quantity in ("temperature", "oxygen_umol_kg"):
            key = f"{name}/{quantity}"
            if key in found:
                continue
            whole = key == "clean/temperature"
            found[key] = review(
                sea / f"{quantity}.nc",
                sea / "demo",
                tmp_path_factory.mktemp("reviews") / "one",
                previous=seas.spoilt / "temperature.nc" if whole else None,
                report=False,
            )
    return found
