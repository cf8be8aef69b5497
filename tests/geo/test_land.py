import numpy as np

from sdcviz.geo.land import on_land


def test_known_places():
    places = {
        "Paris": (2.35, 48.86, True),
        "South Pole": (0, -90, True),
        "North Pole": (0, 90, False),
        "Black Sea": (34, 43, False),
        "Caspian Sea": (51, 41, False),
        "Tehran": (51.4, 35.7, True),
        "Kura plain": (48, 40, True),
        "Gibraltar": (-5.6, 35.95, False),
        "Paris, a turn later": (362.35, 48.86, True),
        "date line": (180, 0, False),
        "nowhere": (np.nan, 45, False),
        "latitude 200": (10, 200, False),
    }
    lon, lat, expected = (np.array(v) for v in zip(*places.values(), strict=True))
    wrong = on_land(lon, lat) != expected
    assert not wrong.any(), np.array(list(places))[wrong]


def test_shapes_broadcast():
    assert on_land(np.zeros((3, 1)), np.zeros(4)).shape == (3, 4)
