"""Plain tables: guessing, adjusting and remembering what the columns are."""

import gzip
import json

import numpy as np
import pytest
from whole import read_file

from sdcviz.errors import BadRequest, UnreadableFile
from sdcviz.formats import ReadOptions, Source
from sdcviz.formats.delimited import mapping_of
from sdcviz.formats.grouping import legs
from sdcviz.formats.mapping import ColumnMapping, recall, remember


@pytest.fixture(autouse=True)
def own_memory(tmp_path, monkeypatch):
    from sdcviz.settings import get_settings

    monkeypatch.setenv("SDCVIZ_DATA_DIR", str(tmp_path / "kept"))
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def table(tmp_path, text, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def roles(path):
    return {use.label: use.role for use in mapping_of(Source.of(path)).columns}


def test_columns_of_a_tide_gauge(data):
    # The manifest counts the header line too; there are 744 hours in a January.
    whole = read_file(data / "tabular" / "diva_data.txt")
    assert (whole.n_stations, whole.n_samples) == (1, 744)
    batch = whole.only
    assert batch.time[0] == np.datetime64("2004-01-01T00:00")
    assert batch.time[-1] == np.datetime64("2004-01-31T23:00")
    assert whole.values("sea-level-height")[:2].tolist() == [0.297, 0.302]
    # flag1 holds 0.003: it is no flag, and so flag2 beside it is none either.
    assert {"flag1", "flag2"} < {c.parameter.name for c in batch.columns}
    assert np.isnan(batch.stations.lon[0]) and batch.stations.position_flag[0] == ord("9")
    assert "no position at all" in whole.notes()
    assert "the table is taken for: time series" in whole.notes()


def test_a_shore_station_that_is_called_a_glider(data):
    path = data / "tabular" / "glider_20363_1000427.csv.gz"
    whole = read_file(path)
    lines = gzip.decompress(path.read_bytes()).splitlines()
    assert (whole.n_stations, whole.n_samples) == (1, len(lines) - 1) == (1, 89_717)
    batch = whole.only
    assert (batch.stations.lon[0], batch.stations.lat[0]) == (-124.19652, 40.7775)
    assert batch.depth[0] == 1.0  # "depth" is -1 throughout: a height
    assert whole.values("value")[:3].tolist() == [645.5, 1139.4, 754.0]
    assert batch.time[-1] == np.datetime64(lines[-1].split(b",")[0].decode().rstrip("Z"))
    assert set(batch.stations.feature) == {1}


def test_sightings_without_a_header(data):
    whole = read_file(data / "tabular" / "turtles.dat")
    points = np.loadtxt(data / "tabular" / "turtles.dat")
    assert whole.n_stations == whole.n_samples == len(points) == 2494
    np.testing.assert_array_equal(whole.only.stations.lon, points[:, 0])
    np.testing.assert_array_equal(whole.only.stations.lat, points[:, 1])


def test_a_water_level_without_position(data):
    path = data / "tabular" / "water_level_example.csv"
    whole = read_file(path)
    assert (whole.n_stations, whole.n_samples) == (1, 7241)
    assert roles(path)["timestamp"] == "ignore" and roles(path)["z"] == "height"
    assert whole.values("sea_surface_height_above_sea_level")[0] == 0.4785


CASTS = (
    "Cruise;Station;Lon;Lat;Date;Time;Depth (m);Temperature [degC];Temperature_QC;Salinity;Note\n"
    "C1;1;5,5;43,25;31/12/2009;23:30;0;13,1;1;38,1;a\n"
    "C1;1;5,5;43,25;31/12/2009;23:30;10;-999;9;38,2;a\n"
    "C1;2;6,0;43,50;01/01/2010;02:00;0;13,3;4;x38;b\n"
)


def test_semicolons_decimal_commas_and_split_dates(tmp_path):
    path = table(tmp_path, CASTS)
    whole = read_file(path)
    assert (whole.n_stations, whole.n_samples) == (2, 3)
    stations = whole.only.stations
    assert stations.time.tolist() == [
        np.datetime64("2009-12-31T23:30", "ms").item(),
        np.datetime64("2010-01-01T02:00", "ms").item(),
    ]
    assert stations.lon.tolist() == [5.5, 6.0] and stations.station.texts() == ["1", "2"]
    temperature = whole.column("Temperature")
    assert temperature.parameter.unit == "degC"
    np.testing.assert_array_equal(temperature.values, [13.1, np.nan, 13.3])
    assert bytes(temperature.flags) == b"194"
    assert whole.only.raw_text == [(2, 1, "x38")]
    assert "Salinity: 'x38' is no number" in whole.notes()
    assert stations.extra["Note"].texts() == ["a", "b"]
    assert whole.only.depth.tolist() == [0, 10, 0] and whole.only.row.tolist() == [2, 3, 4]


def test_guess_is_shown_adjusted_and_remembered(tmp_path):
    path = table(tmp_path, CASTS)
    guess = mapping_of(Source.of(path))
    assert {"Lon": "longitude", "Depth (m)": "depth", "Note": "text"}.items() <= roles(path).items()
    assert ColumnMapping.from_json(json.loads(json.dumps(guess.to_json()))) == guess
    chosen = guess.adjust(
        {"Salinity": "ignore", "Temperature [degC]": {"name": "TEMP"}}, layout="points"
    )
    whole = read_file(path, ReadOptions(mapping=chosen))
    assert [c.parameter.name for c in whole.only.columns] == ["TEMP"] and whole.n_stations == 3
    assert recall(guess.signature) == chosen
    again = table(tmp_path, CASTS.replace("13,1", "14,1"), "b.csv")
    assert [c.parameter.name for c in read_file(again).only.columns] == ["TEMP"]
    remember(guess)
    assert read_file(again).n_stations == 2


def test_a_position_for_the_whole_table(tmp_path):
    path = table(tmp_path, "time,level\n2010-01-01 00:00,1\n2010-01-01 01:00,2\n")
    mapping = mapping_of(Source.of(path)).adjust(longitude=0.0, latitude=50.5)
    stations = read_file(path, ReadOptions(mapping=mapping)).only.stations
    assert (stations.lon[0], stations.lat[0]) == (0.0, 50.5)


def test_wrong_mappings(tmp_path):
    mapping = mapping_of(Source.of(table(tmp_path, CASTS)))
    with pytest.raises(BadRequest, match="The table has no column 'Temp'; it has Cruise, Station"):
        mapping.adjust({"Temp": "ignore"})
    with pytest.raises(BadRequest, match="The column 'Lon' can't be a 'x'; choose one of"):
        mapping.adjust({"Lon": "x"})
    with pytest.raises(BadRequest, match="There is no layout 'cast'; choose one of auto, profile"):
        mapping.adjust(layout="cast")
    with pytest.raises(BadRequest, match="This is no column mapping"):
        ColumnMapping.from_json({"columns": [{"labels": 1}]})
    other = table(tmp_path, "lon,lat\n1,2\n", "c.csv")
    with pytest.raises(UnreadableFile, match=r"c\.csv: has 2 columns, but the .* has 11"):
        read_file(other, ReadOptions(mapping=mapping))


def test_ragged_rows_comments_and_blank_lines(tmp_path):
    text = "# made by hand\nlon,lat,temp\n1,2,3\n\n1,2\n# more\n3,4,5,6\n"
    whole = read_file(table(tmp_path, text))
    assert whole.doctor.rows == 3 and whole.only.row.tolist() == [3, 5, 7]
    np.testing.assert_array_equal(whole.values("temp"), [3, np.nan, 5])
    assert "line 5: too few cells" in whole.notes()
    assert "line 7: too many cells" in whole.notes()


@pytest.mark.parametrize("separator", ["\t", ";", ",", "|", "   "])
def test_separators_and_line_ends(tmp_path, separator):
    rows = [["lon", "lat", "depth", "temp"], ["1", "2", "0", "3.5"], ["1", "2", "9", "3.0"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    whole = read_file(table(tmp_path, text))
    assert (whole.n_stations, whole.n_samples) == (1, 2)
    assert whole.values("temp").tolist() == [3.5, 3.0]


def test_encodings(tmp_path):
    text = "lon,lat,place\n1,2,Ålesund\n3,4,Brønnøysund\n"
    for number, encoding in enumerate(("utf-8-sig", "cp1252", "utf-16")):
        whole = read_file(table(tmp_path, text.encode(encoding), f"{number}.csv"))
        assert whole.only.stations.extra["place"].texts() == ["Ålesund", "Brønnøysund"]


def test_impossible_positions_and_dates(tmp_path):
    text = "lon,lat,time,temp\n1,200,2010-02-30,3\n190,2,2010-02-28,4\n1,3,0190-01-05,5\n"
    whole = read_file(table(tmp_path, text))
    stations = whole.only.stations
    assert np.isnan(stations.lat[0]) and stations.position_flag[0] == ord("9")
    assert np.isnat(stations.time[0]) and stations.time_flag[0] == ord("9")
    assert stations.lon[1] == -170 and stations.time[2] == np.datetime64("0190-01-05")
    assert "line 2: latitude 200 is impossible -> the position is missing" in whole.notes()
    assert "line 2: time: '2010-02-30' is no time" in whole.notes()


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2010-03-04T05:06:07Z", "2010-03-04T05:06:07"),
        ("2010-03-04 05:06", "2010-03-04T05:06"),
        ("2010/03/04 05:06:07.250", "2010-03-04T05:06:07.250"),
        ("04/03/2010 05:06", "2010-03-04T05:06"),
        ("04-Mar-2010 05:06:07", "2010-03-04T05:06:07"),
        ("20100304", "2010-03-04"),
        ("2010-03-04T05:06:07+02:00", "2010-03-04T03:06:07"),
        ("1851-01-01", "1851-01-01"),
    ],
)
def test_spellings_of_time(tmp_path, text, time):
    whole = read_file(table(tmp_path, f"time,lon,lat,temp\n{text},1,2,3\n"))
    assert whole.only.stations.time[0] == np.datetime64(time)


def test_month_before_day_where_only_that_fits(tmp_path):
    whole = read_file(table(tmp_path, "date,lon,lat,t\n03/04/2010,1,2,3\n03/31/2010,1,2,3\n"))
    assert whole.only.stations.time.tolist()[0] == np.datetime64("2010-03-04", "ms").item()


def test_seconds_since_1970(tmp_path):
    whole = read_file(table(tmp_path, "epoch,lon,lat,t\n1440111600,1,2,3\n"))
    assert whole.only.stations.time[0] == np.datetime64("2015-08-20T23:00")


def test_flags_of_other_scales_keep_their_code(tmp_path):
    text = "lon,lat,oxygen,oxygen_flag_w,temp,qartod_temp_flag\n1,2,3,2,4,2\n1,3,3,3,4,1\n"
    path = table(tmp_path, text)
    mapping = mapping_of(Source.of(path)).adjust(
        {"qartod_temp_flag": {"role": "flag", "of": "temp", "scale": "QARTOD"}}
    )
    whole = read_file(path, ReadOptions(mapping=mapping))
    oxygen, temp = whole.column("oxygen"), whole.column("temp")
    assert (oxygen.scale, bytes(oxygen.flags), bytes(oxygen.source_flags)) == (
        "WOCE_BOTTLE", b"13", b"23",
    )  # fmt: skip
    assert (temp.scale, bytes(temp.flags), bytes(temp.source_flags)) == ("QARTOD", b"01", b"21")


def glider(dives, n=40):
    z = np.tile(np.r_[np.linspace(0, 200, n), np.linspace(195, 5, n)], dives)
    times = np.datetime64("2020-01-01T00:00:00") + 60 * np.arange(len(z))
    rows = [
        f"{t}Z,{5 + i * 0.001:.4f},43.0,{d:.2f},{15 - d / 50:.2f}"
        for i, (t, d) in enumerate(zip(times, z, strict=True))
    ]
    return "time,longitude,latitude,depth,temperature\n" + "\n".join(rows) + "\n", z


def test_dives_of_a_glider(tmp_path):
    text, z = glider(5)
    whole = read_file(table(tmp_path, text))
    assert whole.n_stations == 10 and whole.n_samples == len(z)
    assert "the table is taken for: dives" in whole.notes()
    assert whole.only.time is not None and len(np.unique(whole.only.time)) == len(z)
    for a, b in zip(whole.only.offsets[:-1], whole.only.offsets[1:], strict=True):
        steps = np.diff(whole.only.depth[a:b])
        assert (steps > 0).all() or (steps < 0).all()


def test_small_waves_are_no_dives():
    z = np.r_[np.linspace(0, 100, 50), np.linspace(99, 1, 50)]
    waves = z + 1.4 * np.sin(np.arange(100))
    assert legs(waves, np.zeros(100, np.int64)).max() == 1
    ids = np.repeat([0, 1], 50)
    assert np.flatnonzero(np.diff(legs(waves, ids))).tolist() == [49]


def test_a_ship_track(tmp_path):
    rows = [f"2020-01-01T00:{i:02d}:00Z,{5 + i * 0.01:.2f},43,{15 + i / 10}" for i in range(60)]
    whole = read_file(table(tmp_path, "time,lon,lat,sst\n" + "\n".join(rows) + "\n"))
    assert whole.n_stations == 60 and set(whole.only.stations.feature) == {2}


def test_station_names_repeat_in_other_cruises(tmp_path):
    text = "cruise,station,lon,lat,temp\nA,1,1,2,3\nB,1,1,2,4\nA,1,1,2,5\n"
    whole = read_file(table(tmp_path, text))
    assert whole.n_stations == 2 and whole.values("temp").tolist() == [3, 5, 4]


def test_stations_are_never_split_between_batches(tmp_path):
    rows = [f"{i // 7},1,{i // 7 / 100},{i % 7}" for i in range(700)]
    path = table(tmp_path, "station,lon,lat,depth\n" + "\n".join(rows) + "\n")
    whole = read_file(path, ReadOptions(batch_samples=50))
    assert len(whole.batches) > 10 and whole.n_stations == 100
    assert all((np.diff(b.offsets) == 7).all() for b in whole.batches)


def test_quoted_cells(tmp_path):
    text = 'lon,lat,gear,temp\n1,2,"Trawl, 5 m",3\n3,4,"a ""b""",5\n'
    whole = read_file(table(tmp_path, text))
    assert whole.only.stations.extra["gear"].texts() == ["Trawl, 5 m", 'a "b"']
    assert whole.values("temp").tolist() == [3, 5]


ERDDAP = (
    "time,latitude,longitude,depth,sea_water_temperature,TEMP_SEADATANET_QC\n"
    "UTC,degrees_north,degrees_east,m,degree_C,\n"
    "2010-01-01T00:00:00Z,43.0,5.0,0.0,13.1,49\n"
    "2010-01-01T00:00:00Z,43.0,5.0,10.0,NaN,57\n"
)


def test_erddap_with_a_row_of_units(tmp_path):
    whole = read_file(table(tmp_path, ERDDAP))
    assert whole.format.name == "erddap_csv" and (whole.n_stations, whole.n_samples) == (1, 2)
    column = whole.column("sea_water_temperature")
    assert column.parameter.unit == "degree_C" and bytes(column.flags) == b"19"
    assert whole.only.row.tolist() == [3, 4]


def test_erddap_with_units_in_the_labels(tmp_path):
    first, units, *rows = ERDDAP.splitlines()
    labels = [f"{a} ({b})" for a, b in zip(first.split(","), units.split(","), strict=True)]
    whole = read_file(table(tmp_path, "\n".join([",".join(labels), *rows]) + "\n"))
    assert whole.format.name == "erddap_csv"
    assert whole.column("sea_water_temperature").parameter.unit == "degree_C"


def test_tables_that_are_none(tmp_path):
    only_header = table(tmp_path, "lon,lat,temp\n")
    with pytest.raises(UnreadableFile, match=r"a\.csv: a table with a header and no rows"):
        read_file(only_header)
    long_line = table(tmp_path, "lon,lat,temp\n1,2,3\n1,2," + "3" * 10_000_000 + "\n", "b.csv")
    with pytest.raises(
        UnreadableFile, match=r"b\.csv: line 3 is longer than 1\u202f000\u202f000 characters"
    ):
        read_file(long_line)
