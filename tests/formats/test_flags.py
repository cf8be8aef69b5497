"""The tables of notes on flag scales, code by code."""

import numpy as np
import pytest

from sdcviz.formats.flags import LABELS, SCALES, WORST_FIRST, from_l20, scale_of, to_l20, worst
from sdcviz.formats.model import L20


def ascii_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


TO_L20 = {
    "L20": ("0123456789ABQ", "0123456789ABQ"),
    "ARGO": ("0123456789 ", "01234500899"),
    "QARTOD": ("12349", "10349"),
    "OCEANSITES": ("0123456789", "0123456B89"),
    "GTSPP": ("0123459", "0123459"),
    "WOD": ("0123456789", "1333333333"),
    "ODV": ("0148", "1034"),
    "WOCE_CTD": ("12345679", "01349859"),
    "WOCE_BOTTLE": ("123456789", "013491229"),
}

FROM_L20 = {  # in the order 0123456789ABQ
    "L20": "0123456789ABQ",
    "ARGO": "0123451389201",
    "QARTOD": "2113421329321",
    "OCEANSITES": "0123456389276",
    "GTSPP": "0123451309201",
    "WOD": "0003300300300",
    "ODV": "1004800401410",
    "WOCE_CTD": "1223472369322",
    "WOCE_BOTTLE": "1223422329322",
}


@pytest.mark.parametrize("scale", SCALES)
def test_every_code_of_every_scale(scale):
    codes, expected = TO_L20[scale]
    assert bytes(to_l20(ascii_of(codes), scale)).decode() == expected
    assert bytes(from_l20(ascii_of(L20), scale)).decode() == FROM_L20[scale]
    assert set(codes.strip()) == set(SCALES[scale].to_l20)


def test_qartod_2_is_never_probably_good():
    assert chr(to_l20([ord("2")], "QARTOD")[0]) == "0"
    assert chr(from_l20([ord("2")], "QARTOD")[0]) == "1"


@pytest.mark.parametrize("scale", ["L20", "OCEANSITES", "ARGO", "GTSPP"])
def test_round_trip_where_the_mapping_is_invertible(scale):
    invertible = ascii_of("01234589" if scale != "GTSPP" else "0123459")
    np.testing.assert_array_equal(to_l20(from_l20(invertible, scale), scale), invertible)


@pytest.mark.parametrize("scale", SCALES)
def test_good_stays_good_and_bad_never_becomes_good(scale):
    assert chr(to_l20(from_l20([ord("1")], scale), scale)[0]) == "1"
    assert chr(to_l20(from_l20([ord("4")], scale), scale)[0]) in "34"


def test_blank_and_unknown_codes():
    assert bytes(to_l20(np.array([0, 32, ord("X")], np.uint8), "L20")) == b"000"
    assert bytes(to_l20(np.array([0, 32], np.uint8), "ARGO")) == b"99"
    assert SCALES["QARTOD"].knows(ascii_of("1 7")).tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("label", "scale"),
    [
        ("QV:WOD", "WOD"),
        ("QV:SEADATANET", "L20"),
        ("QV:ODV:SAMPLE", "ODV"),
        ("QV:WOCECTD", "WOCE_CTD"),
        ("QV:WOCEBOTTLE:Oxygen", "WOCE_BOTTLE"),
        ("QF", None),
    ],
)
def test_scale_of_a_label(label, scale):
    assert scale_of(label) == scale


def test_worst_wins_in_the_published_order():
    assert WORST_FIRST == "4987BAQ653210" and set(WORST_FIRST) == set(LABELS) == set(L20)
    for better, worse in zip(WORST_FIRST[1:], WORST_FIRST[:-1], strict=True):
        assert chr(worst(ascii_of(better), ascii_of(worse))[0]) == worse
    assert bytes(worst(ascii_of("112"), ascii_of("149"), ascii_of("111"))) == b"149"
