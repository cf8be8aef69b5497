"""How the filter options are spelled."""

from __future__ import annotations

from typing import Any

import pytest

from sdcviz.cli.options import make_filters
from sdcviz.errors import BadRequest
from sdcviz.observations import Filters


@pytest.mark.parametrize(
    ("options", "conditions"),
    [
        ({}, {}),
        ({"box": "-6,30,36.5,46"}, {"box": (-6, 30, 36.5, 46)}),
        ({"box": "170,-50,-170,-40"}, {"box": (170, -50, -170, -40)}),
        ({"polygon": "0,40 10,40 5,45"}, {"polygon": ((0, 40), (10, 40), (5, 45))}),
        ({"time": "1990/2000-06"}, {"time": ("1990", "2000-06")}),
        ({"time": "2005-06-30"}, {"time": ("2005-06-30", "2005-06-30")}),
        ({"time": "2010/"}, {"time": ("2010", None)}),
        ({"months": "6, 7,8"}, {"months": (6, 7, 8)}),
        ({"months": "11-2"}, {"months": (1, 2, 11, 12)}),
        ({"depth": "0:100"}, {"depth": (0, 100)}),
        ({"depth": "200:"}, {"depth": (200, None)}),
        ({"depth": ":1e2"}, {"depth": (None, 100)}),
        (
            {"parameter": "temperature", "value": "-1:4", "flags": "1,2"},
            {"parameter": "temperature", "value": (-1, 4), "flags": ("1", "2")},
        ),
        ({"has": ["salinity", "oxygen"]}, {"parameters": ("salinity", "oxygen")}),
        ({"data_centre": [486], "cruise": ["A B"]}, {"data_centres": (486,), "cruises": ("A B",)}),
        ({"platform": ["X"], "source": ["a.txt"]}, {"platforms": ("X",), "sources": ("a.txt",)}),
    ],
)
def test_option_means_condition(options: dict[str, Any], conditions: dict[str, Any]) -> None:
    assert make_filters(**options) == Filters(**conditions)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"box": "1,2,3"}, "lon0, lat0, lon1, lat1"),
        ({"box": "a,b,c,d"}, "--box a,b,c,d: expected numbers with commas"),
        ({"polygon": "0,40 10,40"}, "at least 3"),
        ({"time": "1990/2000/2010"}, "--time 1990/2000/2010: expected FROM/TO"),
        ({"time": "2005-31"}, "is not a range"),
        ({"time": "2010/2005"}, "is empty; give the earlier first"),
        ({"months": "13"}, "--months 13: expected months 1 to 12"),
        ({"months": "summer"}, "--months summer: expected months 1 to 12"),
        ({"depth": "100"}, "--depth 100: expected FROM:TO"),
        ({"depth": "100:0"}, "is empty; give the smaller bound first"),
        ({"value": "1:2"}, "Name the parameter"),
        ({"parameter": "t", "flags": "77"}, "'77' is no flag"),
    ],
)
def test_wrong_option_is_told(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        make_filters(**options)
