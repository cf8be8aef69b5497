"""What can't be analysed gets one sentence: what is wrong, where, what to do."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

from sdcviz import divand

NAN, INF = np.nan, np.inf
MASK, PMN, XI = divand.rectangle(np.arange(6.0), np.arange(5.0))
GOOD: dict[str, Any] = {
    "mask": MASK,
    "pmn": PMN,
    "xi": XI,
    "x": ([1.5, 2.0], [2.0, 3.0]),
    "f": [1.0, 2.0],
    "corr_len": 3.0,
    "epsilon2": 1.0,
}
HOLE = np.where(XI[0] == 2, NAN, 1.0)

ANALYSES: list[tuple[dict[str, Any], str]] = [
    ({"mask": MASK & False}, "has no sea point: all is land"),
    ({"mask": np.zeros((0, 5), bool)}, "has no sea point"),
    ({"mask": MASK * 2}, "mask has values other than 0 and 1; give booleans"),
    ({"mask": np.where(MASK, NAN, 1)}, "mask has values other than 0 and 1"),
    ({"mask": [["a", "b"]]}, "mask can't be read as an array of real numbers"),
    ({"mask": MASK.T}, r"pmn\[0\] has the shape \(6, 5\) and the mask \(5, 6\)"),
    ({"mask": np.ones((6, 5, 2))}, "pmn has 2 entries and the mask 3 dimensions"),
    ({"pmn": (PMN[0][:3], PMN[1])}, r"pmn\[0\] has the shape \(3, 5\) and the mask \(6, 5\)"),
    ({"pmn": PMN[:1]}, "pmn has 1 entries and the mask 2 dimensions; give one a dimension"),
    ({"pmn": (HOLE, PMN[1])}, r"pmn\[0\] is not finite at grid point \(2, 0\); .* also on land"),
    ({"pmn": (-PMN[0], PMN[1])}, r"pmn\[0\] has the value -1; give values that are positive"),
    ({"pmn": (PMN[0], 0)}, r"pmn\[1\] has the value 0; give values that are positive"),
    ({"pmn": None}, r"pmn\[0\] is missing"),
    ({"xi": (XI[0], HOLE)}, r"xi\[1\] is not finite at grid point \(2, 0\)"),
    ({"xi": None}, "Without xi, the coordinates of the grid, give fracindex"),
    ({"xi": (abs(XI[0] - 2), XI[1])}, r"xi\[0\] neither increases nor decreases"),
    ({"xi": (XI[0] + XI[1] / 9, XI[1])}, r"xi\[0\] depends on more than one index; .* fracindex"),
    ({"x": ([1.5, 2.0],)}, "x has 1 entries and the mask 2 dimensions"),
    ({"x": ([1.5, 2.0], [1.0])}, "coordinates x have 2, 1 values; give as many"),
    ({"x": None}, "observations have no places; give x or fracindex"),
    ({"x": 3.0}, "x has 1 entries"),
    ({"x": (["a", "b"], [1, 2])}, r"x\[0\] can't be read as an array of real numbers"),
    ({"f": [1.0]}, "There are 1 values f and 2 places; give as many"),
    ({"f": [1.0, INF]}, "f is infinite at observation 1; remove it, or make it NaN"),
    ({"f": [[1.0, 2], [3, -INF]]}, "f is infinite at observation 1"),
    ({"f": 1.0}, r"f has the shape \(\); give \(nobs,\) or \(nobs, k\)"),
    ({"f": np.ones((2, 1, 1))}, r"f has the shape \(2, 1, 1\)"),
    ({"f": np.ones((2, 0))}, r"f has the shape \(2, 0\)"),
    ({"f": None}, "f is missing"),
    ({"f": [1j, 2]}, "f can't be read as an array of real numbers"),
    ({"corr_len": -1.0}, r"corr_len\[0\] has the value -1; give values that are 0 or more"),
    ({"corr_len": (3, -2)}, r"corr_len\[1\] has the value -2"),
    ({"corr_len": NAN}, r"corr_len\[0\] is not finite"),
    ({"corr_len": (3.0, INF)}, r"corr_len\[1\] is not finite"),
    ({"corr_len": (HOLE, 3.0)}, r"corr_len\[0\] is not finite at grid point \(2, 0\)"),
    ({"corr_len": 0}, "All correlation lengths are 0 .* at least one dimension needs one"),
    ({"corr_len": (1, 2, 3)}, "corr_len has 3 entries and the mask 2 dimensions"),
    ({"corr_len": "wide"}, r"corr_len\[0\] can't be read as an array of real numbers"),
    ({"epsilon2": -1.0}, "epsilon2 is -1 at observation 0; an error variance must be greater"),
    ({"epsilon2": [1.0, 0]}, "epsilon2 is 0 at observation 1"),
    ({"epsilon2": [1.0, NAN]}, "epsilon2 is nan at observation 1"),
    ({"epsilon2": 1e-30}, "greater than 0, and at least 1e-12 to compute with"),
    ({"epsilon2": [1.0, 1, 1]}, r"epsilon2 has the shape \(3,\) for 2 observations"),
    ({"epsilon2": np.ones((2, 1))}, r"epsilon2 has the shape \(2, 1\) for 2 observations"),
    ({"epsilon2": [[1.0, 2], [2, 1]]}, "no covariance matrix: it is not positive definite"),
    ({"epsilon2": [[1.0, 0.2], [0.5, 1]]}, "no covariance matrix: .* not symmetric"),
    ({"epsilon2": [[1.0, NAN], [NAN, 1]]}, "no covariance matrix: it is not finite"),
    ({"moddim": [6]}, r"moddim is \[6.0\]; give one period a dimension \(2\)"),
    ({"moddim": [-6, 0]}, "moddim is .*, 0 where it is not cyclic"),
    ({"moddim": [5, 0]}, r"moddim\[0\] is 5, but xi\[0\] goes from 0 to 5; leave out what is"),
    ({"alpha": [1, 1]}, "need at least 3 coefficients alpha, and 2 .* leave alpha out"),
    ({"alpha": []}, "need at least 3 coefficients alpha, and 0"),
    (
        {"alpha": [1, -2, 1]},
        r"alpha is \[1.0, -2.0, 1.0\]; give a row of coefficients of 0 or more",
    ),
    ({"alpha": [1, NAN, 1]}, "alpha is .*; give a row of coefficients"),
    ({"alphabc": -1}, "alphabc is -1; give a number of 0 or more"),
    ({"alphabc": NAN}, "alphabc is nan"),
    ({"alphabc": [1, 1, 1]}, "alphabc is .* one for each of the 2 dimensions"),
    ({"velocity": (PMN[0],)}, "velocity has 1 entries and the mask 2 dimensions"),
    ({"velocity": (HOLE, 0)}, r"velocity\[0\] is not finite at grid point \(2, 0\)"),
    ({"fracindex": np.ones((2, 3))}, "There are 2 values f and 3 places"),
    ({"fracindex": np.ones((3, 2))}, r"fracindex has the shape \(3, 2\); give \(2, nobs\)"),
    ({"fracindex": np.ones(2)}, r"fracindex has the shape \(2,\)"),
    ({"inequality": NAN}, "inequality is not finite"),
    ({"inequality": np.ones(3)}, r"its shape \(3,\) does not fit; .* each point of the grid"),
    ({"inequality": [(np.eye(4), 0)]}, "has 4 columns; give one for each of the 30 sea points"),
    ({"inequality": [(np.eye(30), [0, 1])]}, r"shape \(2,\) does not fit; .* the 30 rows"),
    ({"inequality": [1, 2]}, r"An inequality is no pair; give \(operator, value\)"),
    ({"inequality": 0.0, "f": np.ones((2, 2))}, "values of one analysis; give f as"),
    ({"solver": "LU"}, r"solver 'LU' is not known; choose 'auto', 'direct', 'iterative' or one of"),
    ({"solver": None}, "The solver None is not known; choose 'auto'"),
    ({"corr_len": 1e9}, "matrix .* is not positive definite, .*; shorten the lengths"),
    ({"corr_len": 1e9, "error": "exact"}, "is not positive definite"),
    ({"corr_len": 1e9, "solver": "cvxopt"}, "is not positive definite"),
    ({"error": "poor"}, "error is 'poor'; choose 'cpme', 'exact' or None"),
]


@pytest.mark.parametrize(("wrong", "sentence"), ANALYSES)
def test_the_analysis_says_what_is_wrong(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(divand.DivandError, match=sentence):
        divand.analyse(**(GOOD | wrong))


@pytest.mark.parametrize(
    ("length", "figure"),
    [(1.5, "dimension 0 spans only 1.5 grid steps"), ((4, 0.7), "dimension 1 spans only 0.7 grid")],
)
def test_lengths_below_two_grid_steps_are_told_with_the_figure(length: Any, figure: str) -> None:
    with pytest.warns(divand.DivandWarning, match=f"{figure}.*at least 2 are needed"):
        divand.analyse(**(GOOD | {"corr_len": length}))


def test_a_norm_without_the_field_needs_an_observation_in_each_basin() -> None:
    free = GOOD | {"alpha": [0, 2, 1]}
    assert np.isfinite(divand.analyse(**free).field).all()
    split = XI[0] != 4
    with pytest.raises(divand.DivandError, match="1 of 2 basins have no observation; begin alpha"):
        divand.analyse(**(free | {"mask": split}))
    with pytest.raises(divand.DivandError, match="1 of 1 basins have no observation"):
        divand.analyse(**(free | {"f": [NAN, NAN]}))


@pytest.mark.parametrize("error", ["cpme", "exact"])
@pytest.mark.parametrize(
    "nothing",
    [
        {"f": [NAN, NAN]},
        {"x": ([], []), "f": []},
        {"x": ([99.0, 1], [1.0, -50])},
        {"epsilon2": INF},
        {"x": ([NAN, 1], [1.0, INF])},
    ],
)
def test_without_observations_the_background_is_left(nothing: dict[str, Any], error: Any) -> None:
    given = GOOD | nothing | {"error": error, "corr_len": 0.7}
    with pytest.warns(divand.DivandWarning) as told:
        got = divand.analyse(**given)
    assert any("No observation has an influence" in str(w.message) for w in told)
    np.testing.assert_array_equal(got.field, 0)
    assert np.isnan(got.residuals).all()
    assert not got.used.any()
    if error == "cpme":
        np.testing.assert_array_equal(got.error, 1)


def test_masked_values_are_missing_values() -> None:
    masked = np.ma.array([1.0, 9.96921e36], mask=[False, True])
    got = divand.analyse(**(GOOD | {"f": masked}))
    want = divand.analyse(**(GOOD | {"f": [1.0, NAN]}))
    np.testing.assert_array_equal(got.field, want.field)


def test_a_dimension_of_one_point_has_no_length() -> None:
    axis = np.arange(12.0)
    line = divand.analyse(*divand.rectangle(axis), ([4.5],), [1.0], 3, 0.1, error="exact")
    for axes, x in (((axis, [7.0]), ([4.5], [7.0])), (([7.0], axis), ([7.0], [4.5]))):
        got = divand.analyse(*divand.rectangle(*axes), x, [1.0], 3, 0.1, error="exact")
        np.testing.assert_allclose(got.field.ravel(), line.field, rtol=1e-10)
        np.testing.assert_allclose(got.error.ravel(), line.error, rtol=1e-10)
    with pytest.raises(divand.DivandError, match="where the grid has more than one point"):
        divand.analyse(*divand.rectangle([1.0], [2.0]), ([1.0], [2.0]), [1.0], 3, 0.1)


def test_axes_of_different_size_may_be_given_as_they_are() -> None:
    want = divand.analyse(**GOOD)
    got = divand.analyse(**(GOOD | {"xi": (np.arange(6), np.arange(5)), "pmn": [1, np.ones(5)]}))
    np.testing.assert_array_equal(got.field, want.field)


# --- Domains ------------------------------------------------------------------------------

LON, LAT = np.arange(0.0, 10), np.arange(40.0, 46)
DOMAINS: list[tuple[dict[str, Any], str]] = [
    ({"lon": []}, r"longitude of the grid has the shape \(0,\)"),
    ({"lon": [0, NAN, 2]}, "longitude of the grid is nan at number 1"),
    ({"lon": [0, 2, 1, 3]}, "neither increases nor decreases throughout: 2 is followed by 1"),
    ({"lon": [0, 1, 1, 3]}, "1 is followed by 1"),
    ({"lon": np.arange(0, 361, 10)}, "from 0 to 360: the last lies on or behind the first"),
    ({"lat": np.arange(60, 91)}, "latitude 90 of the grid is at or beyond a pole"),
    ({"lat": [[1.0], [2]]}, r"latitude of the grid has the shape \(2, 1\)"),
    ({"depth": [0, -10, -20]}, "depths of the grid are negative; give them positive downwards"),
    ({"depth": [0, 10, 5]}, "depth of the grid neither increases nor decreases"),
    ({"time": [0, 0]}, "time of the grid neither increases nor decreases"),
    ({"zlevel": "bottom"}, "zlevel is 'bottom'; choose 'surface' or 'floor'"),
    ({"zlevel": "floor", "depth": [0, 10]}, "Heights above the floor need a bathymetry and depth"),
    ({"land": lambda lon, lat: lon < 99}, "All of the grid is land"),
    ({"land": np.ones((6, 10), bool)}, r"land has the shape \(6, 10\) and the grid \(10, 6\)"),
    ({"mask": np.full((10, 6), 0.5)}, "mask has values other than 0 and 1"),
    ({"mask": np.ones((10, 6)), "land": np.zeros((10, 6))}, "a mask and also a bathymetry or land"),
    ({"variable": "bat"}, "variable can only be given with the path of a bathymetry"),
    ({"bathymetry": "/no/such/file.nc"}, "/no/such/file.nc can't be read as NetCDF"),
    ({"basin": (50, 42)}, "point 50 E, 42 N lies outside the grid, which goes from 0 to 9 E"),
    ({"basin": (2, NAN)}, "lies outside the grid"),
    (
        {"basin": (2, 42), "land": lambda lon, lat: lon < 5},
        "point 2 E, 42 N is on land; choose a point at sea, the nearest is 5 E, 42 N",
    ),
    (
        {"edits": [divand.MaskEdit([(-1, 30), (20, 30), (20, 60), (-1, 60)])]},
        "All of the grid is land after the edits",
    ),
    ({"edits": [divand.MaskEdit([(0, 0), (1, 1)])]}, "mask edit 0 .* at least three pairs"),
    (
        {"edits": [divand.MaskEdit([(0, 40), (5, 45), (5, 40), (0, 45)])]},
        "mask edit 0 can't be used: Self-intersection.*order its corners",
    ),
    ({"edits": [divand.MaskEdit([(0, 40), (5, NAN), (5, 40)])]}, "has a corner that is not finite"),
    ({"edits": [divand.MaskEdit([(0, 40), (5, 45), (5, 40)], "lake")]}, "sets to 'lake'"),
    (
        {"edits": [divand.MaskEdit([(0, 40), (5, 45), (5, 40)], depth=(0, 10))]},
        "limits of depth, but the mask has no depth",
    ),
    (
        {"depth": [0, 9], "edits": [divand.MaskEdit([(0, 40), (5, 45), (5, 40)], depth=(9, 0))]},
        "from the depth 9 to 0; give the smaller first",
    ),
]


@pytest.mark.parametrize(("wrong", "sentence"), DOMAINS)
def test_the_domain_says_what_is_wrong(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(divand.DivandError, match=sentence):
        divand.make_domain(**({"lon": LON, "lat": LAT} | wrong))


def test_a_mask_of_another_shape_than_the_metric_is_told() -> None:
    domain = divand.make_domain(LON, LAT)
    with pytest.raises(divand.DivandError, match=r"shape \(6, 10\) and the grid \(10, 6\)"):
        domain.with_mask(np.ones((6, 10)))


def test_single_rows_and_empty_polygons_are_told() -> None:
    with pytest.warns(divand.DivandWarning, match="The grid has one lat only"):
        domain = divand.make_domain(LON, [42.0])
    assert np.isfinite(domain.pmn).all()
    with pytest.warns(divand.DivandWarning, match="Mask edit 0 changes nothing"):
        domain.edited([divand.MaskEdit([(50, 40), (51, 44), (52, 40)])])


def file_of(path: Path, **variables: tuple[tuple[str, ...], Any, dict[str, str]]) -> Path:
    """Write a file whose dimensions are as long as the first variable needs them."""
    with netCDF4.Dataset(path, "w") as file:
        for name, (dims, values, attributes) in variables.items():
            for dim, size in zip(dims, np.shape(values), strict=True):
                if dim not in file.dimensions:
                    file.createDimension(dim, size)
            variable = file.createVariable(name, "f4", dims, fill_value=-999.0)
            variable.setncatts(attributes)
            variable[:] = values
    return path


EAST = (("lon",), np.arange(-2.0, 13), {"units": "degrees_east"})
NORTH = (("lat",), np.arange(38.0, 48), {"units": "degrees_north"})
DEEP = np.full((10, 15), 100.0)
DOWN = {"standard_name": "sea_floor_depth"}
HOLED = np.where(np.arange(15) == 7, -999.0, DEEP)

BATHYMETRIES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"lat": NORTH, "bat": (("lat",), DEEP[:, 0], {})}, {}, "b.nc has no longitudes"),
    ({"lon": EAST, "bat": (("lon",), DEEP[0], {})}, {}, "b.nc has no latitudes"),
    (
        {"lon": EAST, "lat": NORTH, "sst": (("lat", "lon"), DEEP, {"units": "degC"})},
        {},
        r"no variable that looks like the depth of the sea floor \(it has sst\); give its name",
    ),
    (
        {"lon": EAST, "lat": NORTH},
        {},
        r"no variable that looks like the depth of the sea floor \(it has lon, lat\)",
    ),
    (
        {
            "lon": EAST,
            "lat": NORTH,
            "depth_a": (("lat", "lon"), DEEP, {}),
            "depth_b": (("lat", "lon"), DEEP, {}),
        },
        {},
        "several variables that could be the depth of the sea floor: depth_a, depth_b",
    ),
    (
        {"lon": EAST, "lat": NORTH, "bat": (("lat", "lon"), DEEP, DOWN)},
        {"variable": "bath"},
        "no variable 'bath' of longitude and latitude; there is bat",
    ),
    (
        {
            "lon": (("y", "x"), DEEP, {"units": "degrees_east"}),
            "lat": (("y", "x"), DEEP, {"units": "degrees_north"}),
            "bat": (("y", "x"), DEEP, DOWN),
        },
        {},
        "longitudes that depend on two indices",
    ),
    (
        {"lon": EAST, "lat": NORTH, "bat": (("lat", "lon"), HOLED, DOWN)},
        {},
        "no value at 6 of 60 points of 'bat', the first at 5 E, 40 N; give missing='land'",
    ),
    (
        {"lon": EAST, "lat": NORTH, "bat": (("lat", "lon"), -DEEP, DOWN)},
        {},
        "All of the grid is land .*positive down .standard_name sea_floor_depth.* if the sign",
    ),
    (
        {"lon": EAST, "lat": NORTH, "bat": (("lat", "lon"), DEEP, DOWN)},
        {"positive": "sideways"},
        "positive is 'sideways'",
    ),
    (
        {
            "lon": EAST,
            "lat": (("lat",), np.arange(10.0), NORTH[2]),
            "b": (("lat", "lon"), DEEP, {}),
        },
        {"variable": "b"},
        "reaches out of the bathymetry: the latitudes of b.nc go from 0 to 9, those of the grid "
        "from 40 to 45; take a smaller grid or another",
    ),
    (
        {"lon": (("lon",), 40 + EAST[1], EAST[2]), "lat": NORTH, "z": (("lat", "lon"), DEEP, {})},
        {},
        "reaches out of the bathymetry: the longitudes of b.nc go from 38 to 52",
    ),
    (
        {"lon": (("lon",), np.r_[EAST[1][:-1], 0], EAST[2]), "lat": NORTH}
        | {"z": (("lat", "lon"), DEEP, {})},
        {},
        "longitude in b.nc, the bathymetry neither increases nor decreases throughout",
    ),
]


@pytest.mark.parametrize(("content", "options", "sentence"), BATHYMETRIES)
def test_the_reader_of_bathymetries_says_what_is_wrong(
    tmp_path: Path, content: dict[str, Any], options: dict[str, Any], sentence: str
) -> None:
    path = file_of(tmp_path / "b.nc", **content)
    with pytest.raises(divand.DivandError, match=sentence):
        divand.make_domain(LON, LAT, bathymetry=path, **options)


def test_files_that_are_no_netcdf_are_told(tmp_path: Path) -> None:
    path = tmp_path / "b.nc"
    path.write_text("lon lat depth\n1 2 3\n")
    with pytest.raises(divand.DivandError, match=r"b.nc can't be read as NetCDF"):
        divand.read_bathymetry(path)


def test_missing_values_may_mean_land(tmp_path: Path) -> None:
    bat = (("lat", "lon"), HOLED, DOWN)
    path = file_of(tmp_path / "b.nc", lon=EAST, lat=NORTH, bat=bat)
    domain = divand.make_domain(LON, LAT, bathymetry=path, missing="land")
    np.testing.assert_array_equal(domain.mask, (LON != 5)[:, None] & np.ones(6, bool))


@pytest.mark.parametrize(("values", "said"), [(DEEP, "down"), (-DEEP, "up")])
def test_a_guessed_sign_is_told_and_can_be_corrected(
    tmp_path: Path, values: np.ndarray, said: str
) -> None:
    bat = (("lat", "lon"), values, {"units": "m"})
    path = file_of(tmp_path / "b.nc", lon=EAST, lat=NORTH, bat=bat)
    with pytest.warns(divand.DivandWarning, match=f"values from .* were taken as positive {said}"):
        guessed = divand.read_bathymetry(path, LON, LAT)
    assert guessed.depth.min() == 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other: Any = "down" if said == "up" else "up"
        turned = divand.read_bathymetry(path, LON, LAT, positive=other)
    assert turned.depth.max() == -100
    assert f"positive {other} (as asked for)" in turned.about


def test_a_bathymetry_in_memory_is_checked_too() -> None:
    with pytest.raises(divand.DivandError, match="no depth at 1 E, 40 N; fill it"):
        divand.Bathymetry(LON, LAT, np.where(np.arange(10) == 1, NAN, 1.0)[:, None] * np.ones(6))
    with pytest.raises(divand.DivandError, match=r"shape \(6, 10\) for 10 longitudes and 6"):
        divand.Bathymetry(LON, LAT, np.ones((6, 10)))
    shallow = divand.Bathymetry(LON, LAT, np.ones((10, 6)))
    with pytest.raises(divand.DivandError, match="longitudes go from 0 to 20, those of the bathy"):
        divand.make_domain(np.arange(0.0, 21), LAT, bathymetry=shallow)
