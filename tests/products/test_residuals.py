"""Residual files of DIVAnd's users."""

from __future__ import annotations

from pathlib import Path

import hand_made
import numpy as np
import pandas as pd
import pytest
from netCDF4 import Dataset

from sdcviz.errors import BadRequest, NotFound, UnreadableFile
from sdcviz.products import open_product, read_residuals, residuals_of, write_residuals


def test_both_separators_and_any_order(tmp_path: Path) -> None:
    comma = tmp_path / "a.csv"
    comma.write_text(
        "lon,lat,depth,time,IDs,values,residuals,exclude\n"
        "3.5,41,10,2003-07-16T12:00:00,486-A,13.5,0.25,true\n"
        '4,42,,,"x,y",12,,0\n'
    )
    semicolon = tmp_path / "b.csv"
    semicolon.write_bytes(
        b"\xef\xbb\xbfvalues;residuals;Longitude;lat;depth;time;IDs;exclude\r\n"
        b"13,5;0,25;3,5;41;10;2003-07-16 12:00:00;486-A;TRUE\r\n12;NaN;4;42;;;x,y;\r\n"
    )
    for path in (comma, semicolon):
        found = read_residuals(path)
        assert found["lon"].tolist() == [3.5, 4] and found["values"].tolist() == [13.5, 12]
        assert found["residuals"][0] == 0.25 and np.isnan(found["residuals"][1])
        assert found["time"][0] == pd.Timestamp("2003-07-16T12:00:00") and pd.isna(found["time"][1])
        assert found["IDs"].tolist() == ["486-A", "x,y"]
        assert found["exclude"].tolist() == [True, False]


@pytest.mark.parametrize("apart", [",", ";"])
def test_what_is_written_reads_back(tmp_path: Path, apart: str) -> None:
    product = open_product(hand_made.product(tmp_path / "p.nc"))
    table = residuals_of(product)
    with Dataset(product.path) as file:
        assert len(table) == len(file.dimensions["residuals"]) > 40
        np.testing.assert_array_equal(table["residuals"], np.asarray(file["residual"][:]))
        rows = np.asarray(file["residual_observation"][:])
        np.testing.assert_array_equal(table["lon"], np.asarray(file["obslon"][:])[rows])
    assert table["IDs"][0].startswith("486-é")
    again = read_residuals(write_residuals(tmp_path / "r.csv", table, apart))
    for name in again.columns:
        expected = table[name]
        if name == "time":
            expected = expected.astype("datetime64[s]")
            assert (again[name].astype("datetime64[s]") == expected).all()
        else:
            assert (
                again[name].tolist() == pytest.approx(expected.tolist(), nan_ok=True)
                if (expected.dtype.kind == "f")
                else again[name].tolist() == expected.tolist()
            )
    with pytest.raises(BadRequest, match="by ',' or ';'"):
        write_residuals(tmp_path / "r.csv", table, "|")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file is empty"),
        ("a,b\n1,2\n", "no column 'lon'"),
        ("lon,lat,values,residuals\n1,2,3\n", "line 2: 3 cells where the header has 4"),
        ("lon,lat,values,residuals\n\n1,2,x,4\n", "line 3: 'x' in column values is no number"),
        ("lon,lat,values,residuals,exclude\n1,2,3,4,perhaps\n", "is no true or false"),
        ("lon,lat,values,residuals,time\n1,2,3,4,noon\n", "line 2: 'noon' in column time"),
    ],
)
def test_damaged_files(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(UnreadableFile, match=sentence):
        read_residuals(path)
    with pytest.raises(NotFound):
        read_residuals(tmp_path / "none.csv")


def test_a_product_without_residuals(data: Path) -> None:
    with pytest.raises(NotFound, match="holds no residuals"):
        residuals_of(open_product(data / "grid" / "levitus_climatology.cdf"))
