"""What bottles tell of each other."""

from __future__ import annotations

import gsw
import numpy as np
import pytest
from made_stations import Made, made_collection, row_of

from sdcviz.errors import BadRequest
from sdcviz.observations import import_files, open_collection
from sdcviz.qc.checks.chemistry import TO_UMOL, saturation
from sdcviz.qc.checks.runner import plan_checks, run_checks
from sdcviz.qc.checks.thresholds import read_thresholds


def found_in(c, check: str, thresholds=None) -> set[tuple[int, int, str, str]]:
    f = run_checks(c, [check], thresholds)
    return {
        (int(s), int(n), f.keys[p], chr(flag))
        for s, n, p, flag in zip(f.station, f.sample, f.parameter, f.flag, strict=True)
    }


def test_saturation_in_every_unit():
    # Garcia and Gordon (1992), table: 274.61 µmol/kg at 10 °C and 35
    assert abs(gsw.O2sol_SP_pt(35.0, 10.0) - 274.61) < 0.05
    water = (
        np.array([35.0]),
        np.array([10.0]),
        np.array([0.0]),
        np.array([-30.0]),
        np.array([40.0]),
    )
    sigma = 26.952
    amounts = {
        "oxygen_umol_kg": 274.61,
        "oxygen": 274.61 * (1 + sigma / 1000),
        "oxygen_ml_l": 274.61 * (1 + sigma / 1000) / 44.6596,
        "oxygen_mg_l": 274.61 * (1 + sigma / 1000) / 31.2512,
    }
    assert set(amounts) == set(TO_UMOL)
    for key, amount in amounts.items():
        assert abs(saturation(np.array([amount]), *water, key)[0] - 100) < 0.05, key


def test_oxygen_that_water_can_not_hold(tmp_path):
    made = Made(
        values={
            "TEMP": [20.0, 20.0, 20.0, np.nan, 5.0],
            "PSAL": [35.0] * 5,
            "DOXY": [230.0, 345.0, 355.0, 355.0, 355.0],  # 225 is saturation at 20 °C
        }
    )
    c = made_collection(tmp_path, [made])
    assert found_in(c, "oxygen_saturation") == {(0, 2, "oxygen", "3")}
    f = run_checks(c, ["oxygen_saturation"])
    np.testing.assert_allclose(f.value, c.values("derived:o2_saturation")[2], rtol=1e-6)
    assert f.threshold.tolist() == [150]


def test_nitrate_is_no_more_than_nitrate_and_nitrite(tmp_path):
    made = Made(
        values={
            "NTRA": [1.0, 1.05, 1.2, 20.5, 9.0],
            "NTRI": [0.1, 0.1, 0.1, 0.1, 0.1],
            "NTRZ": [1.1, 1.0, 1.0, 20.0, np.nan],
        }
    )
    c = made_collection(tmp_path, [made])
    assert found_in(c, "nitrogen_sum") == {
        (0, 2, "nitrate", "3"),
        (0, 2, "nitrate_nitrite", "3"),
    }


def test_values_below_detection_are_not_compared(tmp_path):
    made = Made(
        values={"NTRA": [5.0] * 5, "NTRZ": [1.0] * 5}, flags={"NTRA": "16QQ6", "NTRZ": "61111"}
    )
    assert not found_in(made_collection(tmp_path, [made]), "nitrogen_sum")


def test_the_ratio_is_reported_below_the_light_but_not_in_the_black_sea(tmp_path):
    deep = {"depth": [10, 300, 400, 500, 600]}
    values = {"NTRA": [50.0, 8.0, 50.0, 1.0, 0.1], "PHOS": [0.5, 0.5, 0.5, 0.5, 0.5]}
    c = made_collection(
        tmp_path, [Made(values=values, **deep), Made(lon=31, lat=43, values=values, **deep)]
    )
    here = row_of(c, 0)
    assert found_in(c, "nitrogen_to_phosphorus") == {
        (here, n, key, "0") for n in (2, 3) for key in ("nitrate", "phosphate")
    }


def test_sulfide_and_oxygen_exclude_each_other(tmp_path):
    made = Made(values={"H2S": [0.0, 4.0, 40.0, 40.0, 40.0], "DOXY": [250, 250, 250, 5, np.nan]})
    c = made_collection(tmp_path, [made])
    assert found_in(c, "sulfide_and_oxygen") == {
        (0, 2, "hydrogen_sulfide", "3"),
        (0, 2, "oxygen", "3"),
    }


def test_concentrations_below_zero_but_not_temperatures(tmp_path):
    made = Made(
        values={
            "TEMP": [-1.0] * 5,
            "CHL": [0.0, -0.01, 2.0, -3.0, np.nan],
            "PHOS": [0.1, 0.1, -0.5, 0.1, 0.1],
        },
        flags={"CHL": "11141"},
    )
    c = made_collection(tmp_path, [made])
    assert found_in(c, "negative") == {(0, 1, "chlorophyll", "3"), (0, 2, "phosphate", "3")}


def test_values_at_the_limit_of_quantification_get_q(tmp_path):
    made = Made(values={"PHOS": [0.01, 0.02, 0.03, 0.0, 0.0]}, flags={"PHOS": "1116Q"})
    c = made_collection(tmp_path, [made])
    path = tmp_path / "mine.yaml"
    path.write_text(
        "based_on: checks\nchecks:\n  below_loq:\n    phosphate:\n"
        "      - {loq: 0.02, source: proposal of our laboratory}\n"
    )
    expected = {(0, 0, "phosphate", "Q"), (0, 1, "phosphate", "Q")}
    assert found_in(c, "below_loq", read_thresholds(path)) == expected
    assert "give it as 'loq' in the thresholds" in plan_checks(c).skipped["below_loq"]


def test_what_is_missing_is_one_sentence(tmp_path):
    c = made_collection(tmp_path, [Made(values={"NTRA": [1.0] * 5})])
    with pytest.raises(BadRequest, match="needs nitrate and phosphate in the same unit"):
        run_checks(c, ["nitrogen_to_phosphorus"])
    with pytest.raises(BadRequest, match=r"needs nitrate \+ nitrite"):
        run_checks(c, ["nitrogen_sum"])


def test_little_is_found_in_real_bottles(tmp_path, data):
    """Coastal chemistry that its data centres have checked: next to nothing is wrong."""
    import_files([data / "odv" / "ODV_timeseries_chemical_data.txt"], tmp_path / "c")
    c = open_collection(tmp_path / "c")
    checks = [n for n in ("negative", "nitrogen_to_phosphorus") if n not in plan_checks(c).skipped]
    assert "negative" in checks
    found = run_checks(c, checks)
    assert len(found) < 0.001 * sum(p.n_values for p in c.parameters)
