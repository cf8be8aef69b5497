"""CF NetCDF: what is written is read back the same; foreign ragged files; refusals."""

from pathlib import Path

import cf_xarray  # noqa: F401 (gives datasets their .cf)
import netCDF4
import numpy as np
import pytest
import xarray
from netcdf_files import Whole, read_whole

from sdcviz.errors import StorageError, UnreadableFile
from sdcviz.formats.base import ReadOptions, WriteContext
from sdcviz.formats.cf_netcdf import FORMAT
from sdcviz.formats.model import Batch, Coded, Column, Doctor, Parameter, Stations
from sdcviz.formats.sources import Source
from sdcviz.formats.table import recognise

FILES = [
    "argo/1900857_prof.nc",
    "argo/3902131_Sprof.nc",
    "insitu_tac/CO_DMQCGL01_19511210_PR_SH.nc",
    "insitu_tac/cmems_testfile1.nc",
    "wod/ocldb1570984477.6279_OSD.nc",
    "derived/odv_netcdf_layout_ctd.nc",
    "derived/odv_netcdf_layout_diap.nc",
    "sdn_netcdf/netCDF_timeseries_tidegauge.nc",
    "sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc",
    "sdn_netcdf/netCDF_vertical_profiles_ctd.nc",
    "sdn_netcdf/netCDF_vertical_profiles_xbt_with_fall_rate_and_instruments.nc",
    "sdn_netcdf/octopus_diap_withNoRef.nc",
]


def read_any(path: Path, **options) -> Whole:
    source, doctor = Source.of(path), Doctor(path.name)
    form = recognise(source)
    return Whole(list(form.read(source, doctor, ReadOptions(**options))), doctor)


def assert_same(ours: Whole, theirs: Whole) -> None:
    """Everything but the number of a station and the row in its file is the same."""
    np.testing.assert_array_equal(ours.counts(), theirs.counts())
    for name in (
        "lon", "lat", "time", "edmo", "bottom_depth", "position_flag", "time_flag", "feature",
    ):  # fmt: skip
        np.testing.assert_array_equal(ours.station(name), theirs.station(name), err_msg=name)
    for name in ("cruise", "station", "type", "platform", "local_cdi_id"):
        assert ours.text(name) == theirs.text(name)
    for label, texts in theirs.batches[0].stations.extra.items():
        if texts.labels:
            assert ours.extra(label) == theirs.extra(label)
    np.testing.assert_array_equal(ours.sample("depth"), theirs.sample("depth"))
    np.testing.assert_array_equal(ours.sample("depth_flag"), theirs.sample("depth_flag"))
    if theirs.batches[0].time is None:
        assert ours.batches[0].time is None
    else:
        np.testing.assert_array_equal(ours.sample("time"), theirs.sample("time"))
        np.testing.assert_array_equal(ours.sample("time_flag"), theirs.sample("time_flag"))
    for column in theirs.batches[0].columns:
        name = column.parameter.name
        assert ours.parameter(name) == column.parameter
        if column.parameter.kind == "text":
            continue
        assert ours.values(name).dtype == theirs.values(name).dtype
        np.testing.assert_array_equal(ours.values(name), theirs.values(name))
        assert ours.flags(name) == theirs.flags(name)
        if column.source_flags is not None:
            assert ours.source_flags(name) == theirs.source_flags(name)
            assert ours._column(ours.batches[0], name).scale == column.scale


@pytest.mark.parametrize("file", FILES)
def test_written_and_read_back_is_the_same(data, tmp_path, file):
    theirs = read_any(data / file, batch_samples=5000)
    path = tmp_path / "out.nc"
    FORMAT.write(path, iter(theirs.batches), WriteContext(title="a test", history=["2026: made"]))
    assert recognise(Source.of(path)) is FORMAT
    assert_same(read_whole(FORMAT, path), theirs)
    assert_same(read_whole(FORMAT, path, batch_samples=20_000), theirs)


def stations_of(n: int) -> Stations:
    stations = Stations.blank(n)
    stations.lon, stations.lat = np.linspace(1, 2, n), np.linspace(40, 41, n)
    stations.time = np.array(["2001-02-03T04:05:06.050"] * n, "datetime64[ms]")
    stations.cruise = Coded.of(["Été", "", "B"][:n])
    stations.extra["PI / name"] = Coded.of(["x", "y", ""][:n])
    return stations


def batch_of(columns: list[Column], n: int = 3, m: int = 4) -> Batch:
    return Batch(
        stations_of(n),
        np.array([0, 1, 1, m]),
        columns,
        np.arange(m) * 1.5,
        np.full(m, ord("1"), np.uint8),
        np.arange(m) + 7,
    )


def column(name: str, values, p01: str = "", flags: str = "1234") -> Column:
    kind = "text" if isinstance(values, Coded) else "number"
    parameter = Parameter(name, p01=p01, kind=kind)
    return Column(parameter, values, np.frombuffer(flags.encode(), np.uint8).copy())


def test_texts_odd_names_and_columns_that_come_late(tmp_path):
    path = tmp_path / "out.nc"
    species = column("Scientific name", Coded.of(["Calanus", "Größe, µ", "", "Acartia"]))
    first = batch_of([column("T [°C]", np.array([1.0, np.nan, 3, 4])), species])
    late = batch_of(
        [
            column("T °C", np.arange(4.0)),
            column("Same", np.arange(4, dtype=np.float32), "AAAA0001"),
            column("Same", np.arange(4, dtype=np.float32) + 1, "AAAA0001"),
        ]
    )
    late.raw_text = [(2, 1, "<0.1")]
    FORMAT.write(path, [first, late], WriteContext())
    whole = read_whole(FORMAT, path)
    assert whole.text("cruise") == ["Été", "", "B"] * 2
    assert whole.extra("PI / name") == ["x", "y", ""] * 2
    columns = {(c.parameter.name, i): c for i, c in enumerate(whole.batches[0].columns)}
    names = [name for name, _ in columns]
    assert sorted(names) == ["Same", "Same", "Scientific name", "T [°C]", "T °C"]
    by_name = {name: c for (name, _), c in columns.items() if name != "Same"}
    assert by_name["Scientific name"].values.texts() == [
        "Calanus", "Größe, µ", "", "Acartia", "", "", "", "",
    ]  # fmt: skip
    np.testing.assert_array_equal(by_name["T [°C]"].values, [1, np.nan, 3, 4] + [np.nan] * 4)
    assert by_name["T [°C]"].flags.tobytes() == b"19349999"
    same = [c.values for (name, _), c in columns.items() if name == "Same"]
    np.testing.assert_array_equal(same[1][4:] - same[0][4:], 1)
    # Milliseconds survive.
    assert whole.station("time")[0] == np.datetime64("2001-02-03T04:05:06.050")
    ((sample, place, text),) = whole.batches[0].raw_text
    assert (sample, text) == (6, "<0.1")
    np.testing.assert_array_equal(whole.batches[0].columns[place].values[4:], same[0][4:])


def test_file_follows_cf(data, tmp_path):
    path = tmp_path / "out.nc"
    theirs = read_any(data / "sdn_netcdf" / "netCDF_vertical_profiles_ctd.nc")
    context = WriteContext(title="CTD", labels={"TEMPPR01": "Temperature"}, sources=["ctd.nc"])
    FORMAT.write(path, theirs.batches, context)
    with xarray.open_dataset(path) as file:
        assert file.attrs["Conventions"].startswith("CF-1.8")
        assert file.attrs["featureType"] == "profile" and file.attrs["source"] == "ctd.nc"
        assert file.row_size.attrs["sample_dimension"] == "sample"
        assert file.TIME.values[0] == np.datetime64("2006-05-24T14:28:00")
        temperature = file.TEMPPR01
        assert temperature.attrs["long_name"] == "Temperature"
        assert temperature.attrs["units"] == "degree_Celsius"
        assert temperature.attrs["sdn_parameter_urn"] == "SDN:P01::TEMPPR01"
        assert temperature.attrs["sdn_uom_urn"] == "SDN:P06::UPAA"
        assert file.SDN_LOCAL_CDI_ID.values[0] == b"FI35200653001_00001_H10".decode()
        assert file.SDN_EDMO_CODE.values.tolist() == [486] * 10
        assert file.cf["latitude"].size == 10
    with netCDF4.Dataset(path) as file:
        file.set_auto_mask(False)
        flags = file["TEMPPR01_SEADATANET_QC"]
        assert set(flags[:].tolist()) == {49} and flags._FillValue == 57
        assert flags.flag_values.tolist() == [*range(48, 58), 65, 66, 81]
        assert len(flags.flag_meanings.split()) == 13


def test_nothing_is_left_where_writing_fails(tmp_path):
    def batches():
        yield batch_of([])
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        FORMAT.write(tmp_path / "out.nc", batches(), WriteContext())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="there is no folder"):
        FORMAT.write(tmp_path / "no" / "out.nc", [batch_of([])], WriteContext())


def test_empty_selection_makes_a_readable_file(tmp_path):
    path = tmp_path / "out.nc"
    FORMAT.write(path, [], WriteContext())
    assert read_whole(FORMAT, path).n_stations == 0


@pytest.fixture
def erddap(tmp_path):
    """Layout of an ERDDAP .ncCF file: profiles within time series stations."""
    path = tmp_path / "erddap.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.Conventions, file.featureType = "CF-1.6", "TimeSeriesProfile"
        file.cdm_data_type = "TimeSeriesProfile"
        for name, size in (("timeseries", 2), ("profile", 3), ("obs", 6), ("s_strlen", 3)):
            file.createDimension(name, size)

        def add(name, kind, dimensions, values, **attributes):
            variable = file.createVariable(name, kind, dimensions)
            variable.setncatts(attributes)
            variable[:] = values

        add("station", "S1", ("timeseries", "s_strlen"), [list("AB1"), list("CD2")],
            cf_role="timeseries_id")  # fmt: skip
        add("latitude", "f4", ("timeseries",), [40.1, 41.2], standard_name="latitude")
        add("longitude", "f4", ("timeseries",), [200.5, 3.5], standard_name="longitude")
        add("stationIndex", "i4", ("profile",), [1, 0, 1], instance_dimension="timeseries")
        add("time", "f8", ("profile",), [0.0, 86400.0, 1e9], standard_name="time",
            units="seconds since 1970-01-01T00:00:00Z", cf_role="profile_id")  # fmt: skip
        add("rowSize", "i4", ("profile",), [2, 1, 3], sample_dimension="obs")
        add("altitude", "f8", ("obs",), [-1, -2, -3, -4, -5, -6.0], standard_name="altitude",
            positive="up", axis="Z", units="m")  # fmt: skip
        add("temp", "f4", ("obs",), [10, 11, 12, np.nan, 14, 15], units="degree_C",
            standard_name="sea_water_temperature")  # fmt: skip
        add("temp_qc", "i1", ("obs",), [1, 2, 3, 9, 4, 1], long_name="QARTOD flag",
            flag_values=np.array([1, 2, 3, 4, 9], "i1"),
            flag_meanings="PASS NOT_EVALUATED SUSPECT FAIL MISSING")  # fmt: skip
    return path


def test_profiles_within_time_series(erddap):
    whole = read_whole(FORMAT, erddap, batch_samples=2)
    assert len(whole.batches) == 3
    np.testing.assert_array_equal(whole.counts(), [2, 1, 3])
    assert whole.text("station") == ["CD2", "AB1", "CD2"]
    np.testing.assert_array_equal(whole.station("lat"), [41.2, 40.1, 41.2])
    np.testing.assert_array_equal(whole.station("lon"), [3.5, -159.5, 3.5])
    assert whole.station("time")[1] == np.datetime64("1970-01-02")
    np.testing.assert_array_equal(whole.sample("depth"), [1, 2, 3, 4, 5, 6])
    # In QARTOD 2 is "not evaluated".
    assert whole.flags("temp") == "103941"
    assert whole.source_flags("temp") == "123941"


def flat(path: Path, feature: str, **columns) -> Path:
    with netCDF4.Dataset(path, "w") as file:
        file.featureType = feature
        file.createDimension("row", len(columns["time"]))
        for name, values in columns.items():
            variable = file.createVariable(name, "f8", ("row",))
            variable[:] = values
            variable.standard_name = name
        file["time"].units = "hours since 2000-01-01"
    return path


COLUMNS = {
    "time": [0, 0, 5, 5],
    "longitude": [1, 1, 1, 2],
    "latitude": [40, 40, 40, 41],
    "depth": [0, 10, 0, 0],
    "sea_water_temperature": [10, 11, 12, 13],
}


def test_flat_tables_are_split_by_position_and_time(tmp_path):
    whole = read_whole(FORMAT, flat(tmp_path / "p.nc", "Profile", **COLUMNS))
    np.testing.assert_array_equal(whole.counts(), [2, 1, 1])
    assert whole.station("time")[1] == np.datetime64("2000-01-01T05")
    whole = read_whole(FORMAT, flat(tmp_path / "s.nc", "TimeSeries", **COLUMNS))
    np.testing.assert_array_equal(whole.counts(), [3, 1])
    assert whole.sample("time")[2] == np.datetime64("2000-01-01T05")
    whole = read_whole(FORMAT, flat(tmp_path / "t.nc", "Trajectory", **COLUMNS))
    np.testing.assert_array_equal(whole.counts(), [1, 1, 1, 1])
    assert set(whole.station("feature")) == {2}


def test_flat_table_with_names_of_its_stations(tmp_path):
    path = flat(tmp_path / "p.nc", "Profile", **COLUMNS)
    with netCDF4.Dataset(path, "a") as file:
        file.createDimension("length", 2)
        names = file.createVariable("station_id", "S1", ("row", "length"))
        names[:] = [list("A1"), list("A2"), list("A3"), list("A4")]
        cruise = file.createVariable("cruise", str, ("row",))
        cruise[:] = np.array(["MED"] * 4, object)
    whole = read_whole(FORMAT, path)
    assert whole.text("station") == ["A1", "A2", "A3", "A4"]
    assert whole.text("cruise") == ["MED"] * 4
    assert [c.parameter.name for c in whole.batches[0].columns] == ["sea_water_temperature"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("grid/diva_bath.nc", r"gridded product \(bat on lat x lon\)"),
        ("derived/dtm_layout_etopo5_med_blacksea.nc", r"gridded product \(elevation on"),
        ("grid/ocean_atlas_subset.nc", "gridded product"),
        ("grid/binned_border_l.nc", "has no longitude"),
    ],
)
def test_what_holds_no_stations_is_told(data, file, sentence):
    source = Source.of(data / file)
    with pytest.raises(UnreadableFile, match=sentence):
        list(recognise(source).read(source, Doctor(file), ReadOptions()))
