"""What was planted comes up first, and where nothing was planted nothing does."""

from __future__ import annotations

from typing import Any

import pytest

PLANTED = {"bias", "cruise", "tile", "negative"}


def major(review: dict[str, Any]) -> list[dict[str, Any]]:
    return [f for f in review["first"] if f["severity"] == "major"]


@pytest.mark.parametrize("quantity", ["temperature", "oxygen_umol_kg"])
def test_a_clean_product_has_no_major_finding(reviewed, quantity):
    review = reviewed[f"clean/{quantity}"]
    assert review["samples"] > 10_000
    assert not major(review)


def test_bias_cruise_and_tile_come_first(reviewed, seas):
    review = reviewed["spoilt/temperature"]
    found = {f["kind"]: f for f in reversed(review["first"][:4])}
    assert {f["kind"] for f in major(review)} == {"bias", "cruise", "tile"}

    bias = found["bias"]
    assert bias["bias"] == pytest.approx(-0.5, abs=0.03)
    assert "higher than the observations" in bias["sentence"]
    assert "July to September, from 100 m down" in bias["sentence"]
    # Planted at 30-38 N, 18-36.5 E; the last cruise there lies at 31.4 E.
    assert bias["view"]["box"] == pytest.approx([18, 30, 32, 38], abs=1.1)
    assert bias["view"]["step"] == 2
    assert bias["pick"]["level"] == list(range(6, 13))  # 100 to 800 m

    # Those in the biased areas are not named.
    assert [f["view"]["cruise"] for f in review["first"] if f["kind"] == "cruise"] == [seas.cruise]
    assert seas.cruise in found["cruise"]["sentence"]
    assert "above the product" in found["cruise"]["sentence"]

    tile = found["tile"]
    assert "longitude 6.75° E" in tile["sentence"]
    assert tile["view"]["step"] == 0 and tile["view"]["depth"] >= 100

    top = review["cruises"][0]
    assert top["cruise"] == seas.cruise and 1.5 < top["bias"] < 2.5


def test_a_negative_area_comes_first(reviewed):
    review = reviewed["spoilt/oxygen_umol_kg"]
    one = review["first"][0]
    assert (one["kind"], one["severity"]) == ("negative", "major")
    assert "34–38° N, 16–21° E" in one["sentence"]
    assert one["view"]["depth"] <= 50
    check = next(c for c in review["physical"] if c["check"] == "negative")
    assert check["count"] > 100 and all(w["value"] < 0 for w in check["worst"])
    # What is negative is not told again as beyond what was observed.
    assert len(major(review)) == 1


def test_what_changed_since_the_last_version(reviewed):
    previous = reviewed["clean/temperature"]["previous"]
    whole = previous["rows"][-1]
    assert whole["layer"] is None and whole["step"] is None
    # Only what was planted differs: in the deep of steps 0 and 2, by at most 0.5.
    steps = {r["step"]: r["rms"] for r in previous["rows"] if r["layer"] is None}
    assert steps[1] == steps[3] == 0
    assert 0 < steps[0] < 0.4 and 0 < steps[2] < 0.5
    assert previous["largest"][0]["value"] == pytest.approx(-0.5, abs=1e-3)
