import numpy as np
import pytest

from sdcviz.errors import BadRequest
from sdcviz.geo.projection import (
    distance_km,
    forward,
    inverse,
    inverse_mercator,
    mercator,
)


@pytest.mark.parametrize(("name", "south"), [("mercator", -85.0), ("arctic", 36.0)])
def test_inverse_undoes_forward(name, south):
    random = np.random.default_rng(1)
    lon, lat = random.uniform(-180, 180, 500), random.uniform(south, 85, 500)
    back = inverse(name, *forward(name, lon, lat))
    assert np.allclose(back[0], lon, atol=1e-8)
    assert np.allclose(back[1], lat, atol=1e-8)


@pytest.mark.parametrize("name", ["mercator", "arctic"])
def test_agrees_with_cartopy(name):
    import cartopy.crs as ccrs

    lon, lat = np.array([5.0, -120.0, 179.0]), np.array([43.0, 71.0, 84.0])
    x, y = forward(name, lon, lat)
    theirs = {
        "mercator": ccrs.Mercator.GOOGLE,
        "arctic": ccrs.NorthPolarStereo(central_longitude=0.0, true_scale_latitude=71.0),
    }
    there = theirs[name].transform_points(ccrs.PlateCarree(), lon, lat)
    assert np.allclose(np.column_stack([x, y]), there[:, :2], atol=0.01)


def test_mercator_of_the_world_is_a_square():
    x, y = mercator([180.0, 180.0], [90.0, -90.0])
    assert np.allclose(x, 20_037_508.342789244)
    assert np.allclose(y, [20_037_508.342789244, -20_037_508.342789244])


def test_single_precision_stays_single_and_is_good_to_some_metres():
    lon, lat = np.linspace(-179, 179, 999), np.linspace(-80, 80, 999)
    x, y = mercator(lon.astype("f4"), lat.astype("f4"))
    assert x.dtype == y.dtype == np.float32
    exact = mercator(lon, lat)
    assert np.abs(x - exact[0]).max() < 5
    assert np.abs(y - exact[1]).max() < 20
    assert inverse_mercator(x, y)[0].dtype == np.float32


def test_integers_and_nan():
    x, y = mercator([0, 10], [0, 45])
    assert x.dtype == np.float64 and y[0] == 0
    assert np.isnan(mercator(np.nan, np.nan)).all()


def test_arctic_leaves_out_the_south():
    x, _ = forward("arctic", [0.0, 0.0, 0.0], [-90.0, 20.0, 89.0])
    assert np.isnan(x[:2]).all() and np.isfinite(x[2])


def test_unknown_projection_names_the_known_ones():
    with pytest.raises(BadRequest, match="'lambert'; choose one of: mercator, arctic"):
        forward("lambert", [0.0], [0.0])


def test_distance():
    # A degree of the meridian, half around the Earth, nothing.
    assert distance_km(0, 0, 0, 1) == pytest.approx(111.195, abs=1e-3)
    assert distance_km(0, 0, 180, 0) == pytest.approx(20015.1, abs=0.1)
    assert distance_km(179.5, 60, -179.5, 60) == pytest.approx(55.597, abs=0.01)
    assert distance_km(5, 5, 5, 5) == 0
