"""The layout checker finds each defect of damaged copies, and none in a good product."""

from __future__ import annotations

import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import hand_made
import numpy as np
import pytest

from sdcviz.analyses import check_layout
from sdcviz.analyses.names import FILL
from sdcviz.errors import UnreadableFile

if TYPE_CHECKING:
    from netCDF4 import Dataset

Defect = Callable[["Dataset"], object]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hand_made.product(tmp_path_factory.mktemp("layout") / "good.nc", background=True)


def test_a_good_product_has_no_findings(good: Path) -> None:
    assert check_layout(good) == []
    assert check_layout(str(good)) == []


def _put(name: str, index: object, value: object) -> Defect:
    def spoil(file: Dataset) -> None:
        file[name][index] = value

    return spoil


def _copy(target: str, source: str) -> Defect:
    def spoil(file: Dataset) -> None:
        file[target][:] = file[source][:]

    return spoil


def _attribute(name: str, key: str, value: object) -> Defect:
    def spoil(file: Dataset) -> None:
        thing = file[name] if name else file
        thing.setncattr(key, value)

    return spoil


def _without(name: str, key: str) -> Defect:
    def spoil(file: Dataset) -> None:
        (file[name] if name else file).delncattr(key)

    return spoil


def _renamed(old: str, new: str) -> Defect:
    return lambda file: file.renameVariable(old, new)


def _dimension(old: str, new: str) -> Defect:
    return lambda file: file.renameDimension(old, new)


SEA = (0, 0, 4, 4)  # a sea point; its relative error is above 0.3
T = "Temperature"

DEFECTS: dict[str, tuple[Defect, str]] = {
    "no lon dimension": (_dimension("lon", "x"), "There is no dimension lon."),
    "no lat variable": (_renamed("lat", "y"), "There is no coordinate variable lat(lat)."),
    "no nv": (_dimension("nv", "two"), "There is no dimension nv of length 2"),
    "lon units": (
        _attribute("lon", "units", "m"),
        "the units 'm'; expected 'degrees_east'",
    ),
    "depth upwards": (_attribute("depth", "positive", "up"), "positive = 'down'"),
    "time units": (_attribute("time", "units", "months"), "time has the units 'months'"),
    "no calendar": (_without("time", "calendar"), "no attribute calendar"),
    "standard name": (_attribute("lat", "standard_name", "y"), "standard_name 'latitude'"),
    "lat turns round": (_put("lat", 3, 40.0), "lat does not increase at its element 3."),
    "depth unsorted": (_put("depth", slice(None), [0, 50, 10]), "depth does not increase at"),
    "lat beyond the pole": (_put("lat", -1, 95.0), "lat has values outside -90 to 90 degrees."),
    "time missing": (_put("time", 1, np.nan), "time has missing or infinite values."),
    "no climatology": (_without("time", "climatology"), "no attribute climatology"),
    "bounds named, not there": (
        _attribute("time", "climatology", "limits"),
        "names the bounds limits",
    ),
    "bounds reversed": (
        _put("climatology_bounds", 1, [40000, 30000]),
        "bounds of slice 1 in climatology_bounds end before",
    ),
    "time outside its bounds": (_put("time", 2, 99999.0), "The time of slice 2 lies outside"),
    "no L1": (_renamed(f"{T}_L1", "other"), "There is no variable Temperature_L1."),
    "no error": (_renamed(f"{T}_relerr", "other"), "There is no variable VAR_relerr"),
    "no deepest": (_renamed(f"{T}_deepest", "other"), "There is no variable Temperature_deepest."),
    "no depth of the deepest": (
        _renamed(f"{T}_deepest_depth", "other"),
        "There is no variable Temperature_deepest_depth.",
    ),
    "no units": (_without(T, "units"), "Variable Temperature has no attribute units."),
    "no cell methods": (_without(T, "cell_methods"), "has no attribute cell_methods"),
    "other cell methods": (
        _attribute(T, "cell_methods", "time: mean"),
        "has not the cell_methods",
    ),
    "missing value": (
        _attribute(T, "missing_value", np.float32(-99)),
        "a missing_value other than its _FillValue",
    ),
    "error in percent": (_attribute(f"{T}_relerr", "units", "%"), "has the units '%'"),
    "error above 1": (
        _put(f"{T}_relerr", SEA, 1.5),
        "has values outside 0 to 1 in slice 0.",
    ),
    "error of -0.1": (_put(f"{T}_relerr", SEA, -0.1), "relerr has values outside 0 to 1"),
    "deviation": (_put(f"{T}_background_sd", (0, 0), -1), "are no standard deviation"),
    "error missing": (_put(f"{T}_relerr", SEA, FILL), "missing at different points in slice 0"),
    "NaN for fill": (_put(T, (2, 0, 0, 0), np.nan), "NaN or infinity instead of the fill value"),
    "L1 not masked": (_copy(f"{T}_L1", T), "Temperature_L1 is not Temperature masked where"),
    "L1 of other values": (_put(f"{T}_L1", (1, 0, 4, 4), 3.0), "Temperature_L1 is not Temperature"),
    "L2 masked too much": (
        _copy(f"{T}_L2", f"{T}_L1"),
        "Temperature_relerr is above 0.5 in slice 0 and 2 more.",
    ),
    "deepest of another level": (
        _put(f"{T}_deepest", (0, 5, 5), 1.0),
        "Temperature_deepest is not Temperature at Temperature_deepest_depth",
    ),
    "deepest depth no level": (_put(f"{T}_deepest_depth", (5, 5), 33.0), "are no levels"),
    "values below the deepest": (
        _put(f"{T}_deepest_depth", (4, 4), 0.0),
        "values below Temperature_deepest_depth",
    ),
    "an empty slice": (_put(T, 1, FILL), "Temperature has no value at all in slice 1."),
    "no ids": (_renamed("obsid", "ids"), "There is no variable obsid."),
    "no values": (_renamed("obsvalue", "v"), "There is no variable obsvalue."),
    "no observations": (_dimension("observations", "n"), "There is no dimension observations"),
    "an id empty": (_put("obsid", 3, b"\0"), "obsid is empty for 1 observation."),
    "far away": (_put("obslon", 0, 30.0), "Outside the grid there are 1 observation: obslon"),
    "too deep": (_put("obsdepth", slice(0, 2), 4000), "there are 2 observations: obsdepth beyond"),
    "no position": (_put("obslat", 1, np.nan), "obslat is missing for 1 observation."),
    "no value": (_put("obsvalue", 1, np.nan), "obsvalue is missing for 1 observation."),
    "observed before": (_put("obstime", slice(None), 1.0), "is outside its slice's bounds."),
    "no residuals": (_renamed("residual", "r"), "There is no variable residual."),
    "residual of nothing": (_put("residual_observation", 0, 5000), "observations or slices that"),
    "residual missing": (_put("residual", 0, np.nan), "residual is missing 1 time."),
    "no residual of one": (
        _put("residual_observation", slice(None), 0),
        "There is no residual of 31 observations.",
    ),
    "ancillary gone": (
        _attribute(T, "ancillary_variables", "Temperature_std"),
        "names Temperature_std in ancillary_variables, and there is none.",
    ),
    "name with blanks": (_renamed("slice_label", "slice label"), "name that CF does not allow"),
    "urn": (_attribute(T, "sdn_uom_urn", "UPAA"), "'UPAA' in sdn_uom_urn; expected the form"),
    "urn of the file": (
        _attribute("", "area_keywords_urn", "Mediterranean"),
        "The file has 'Mediterranean' in area_keywords_urn",
    ),
    "no title": (_without("", "title"), "The file has no attribute title."),
    "blank project": (_attribute("", "project", " "), "The file has no attribute project."),
    "no recipe": (_without("", "recipe"), "The file has no attribute recipe."),
    "conventions": (_attribute("", "Conventions", "ODV"), "names no version of CF"),
    "coverage": (
        _attribute("", "geospatial_lat_max", 50.0),
        "The attribute geospatial_lat_max is 50, and lat has 43.5.",
    ),
    "no time coverage": (_without("", "time_coverage_end"), "no attribute time_coverage_end"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_found(name: str, good: Path, tmp_path: Path) -> None:
    from netCDF4 import Dataset

    spoil, sentence = DEFECTS[name]
    path = tmp_path / "bad.nc"
    shutil.copy(good, path)
    with Dataset(path, "a") as file:
        file.set_auto_maskandscale(False)
        for variable in file.variables.values():
            variable.set_auto_chartostring(False)
        spoil(file)
    findings = check_layout(path)
    assert any(sentence in text for text in findings), findings
    for text in findings:
        assert text.endswith(".") and "\n" not in text


def _chunk(whole: bytes, values: np.ndarray) -> int:
    """Find where a file holds the compressed bytes of an array."""
    for found in re.finditer(b"\x78\x01", whole):
        try:
            unpacked = zlib.decompressobj().decompress(whole[found.start() :])
        except zlib.error:
            continue
        if len(unpacked) == values.nbytes:
            ordered = np.frombuffer(unpacked, np.uint8).reshape(values.itemsize, -1).T
            if (np.ascontiguousarray(ordered).view(values.dtype)[:, 0] == values.ravel()).all():
                return found.start()
    raise AssertionError("the chunk is not in the file")


def test_a_damaged_chunk_is_told_with_its_slice(good: Path, tmp_path: Path) -> None:
    from netCDF4 import Dataset

    with Dataset(good) as file:
        file.set_auto_mask(False)
        values = file[f"{T}_L2"][1]
    whole = bytearray(good.read_bytes())
    at = _chunk(bytes(whole), values) + 100
    whole[at : at + 8] = b"\xff" * 8
    path = tmp_path / "bad.nc"
    path.write_bytes(whole)
    findings = check_layout(path)
    assert len(findings) == 1 and "damaged" in findings[0] and findings[0].endswith("in slice 1.")
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFile, match="can't be opened as NetCDF"):
        check_layout(path)


def test_what_is_no_netcdf_is_one_sentence(tmp_path: Path, data: Path) -> None:
    with pytest.raises(UnreadableFile, match="can't be opened as NetCDF"):
        check_layout(tmp_path / "none.nc")
    text = tmp_path / "text.nc"
    text.write_text("hello")
    with pytest.raises(UnreadableFile, match="can't be opened as NetCDF"):
        check_layout(text)
    # A real grid that is no product: told what is missing, no crash.
    findings = check_layout(data / "grid" / "levitus_climatology.cdf")
    assert "There is no dimension lon." in findings
    assert any("relative error" in text for text in findings)
