"""Damaged NetCDF files: a sentence, never a crash, and never zeros for what is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from sdcviz.errors import UnreadableFile
from sdcviz.formats.base import ReadOptions
from sdcviz.formats.model import Doctor
from sdcviz.formats.netcdf import decimal
from sdcviz.formats.netcdf_size import expected_size
from sdcviz.formats.netcdf_time import decode_time
from sdcviz.formats.sources import Source
from sdcviz.formats.table import recognise

FILES = [
    "sdn_netcdf/octopus_diap_withNoRef.nc",
    "sdn_netcdf/netCDF_trajectory_tsg_with_instrument.nc",
    "argo/4901079_prof.nc",
    "insitu_tac/cmems_testfile1.nc",
    "wod/ocldb1570984477.6279_OSD.nc",
    "derived/odv_netcdf_layout_diap.nc",
]


def read(path: Path) -> tuple[int, Doctor]:
    source, doctor = Source.of(path), Doctor(path.name)
    batches = recognise(source).read(source, doctor, ReadOptions())
    return sum(batch.n_samples for batch in batches), doctor


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("part", [0.002, 0.1, 0.5, 0.9, 0.999])
def test_cut_off_file_is_refused(data, tmp_path, file, part):
    content = (data / file).read_bytes()
    if file.startswith("sdn") and "octopus" in file:
        # This one has spare bytes at its end.
        content = content[:14819]
    path = tmp_path / "cut.nc"
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(UnreadableFile, match="fetch it again"):
        read(path)


def test_sentence_of_a_cut_off_file(data, tmp_path):
    path = tmp_path / "cut.nc"
    path.write_bytes((data / "argo/4901079_prof.nc").read_bytes()[:700_000])
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    assert str(caught.value) == (
        "cut.nc: the NetCDF file is cut off, 700\u202f000 of 1\u202f550\u202f204 bytes are there; "
        "fetch it again."
    )


MUTATE = """
import random, sys
from pathlib import Path
from test_netcdf_damage import read
from sdcviz.errors import SdcvizError

source, folder = Path(sys.argv[1]), Path(sys.argv[2])
content = source.read_bytes()
for seed in range(40):
    rng = random.Random(seed)
    bad = bytearray(content)
    # Headers are where damage bites; every second file is hit there.
    end = min(len(bad), 20_000) if seed % 2 else len(bad)
    for _ in range(rng.randint(1, 12)):
        bad[rng.randrange(8, end)] = rng.randrange(256)
    # A new name each time: the HDF5 library keeps damaged files open.
    path = folder / f"{seed}.nc"
    path.write_bytes(bad)
    try:
        samples, doctor = read(path)
    except SdcvizError as error:
        assert str(error).startswith(path.name), error
    else:
        assert doctor.rows == samples + sum(doctor.left_out.values()), seed
print("survived")
"""


@pytest.mark.parametrize("file", FILES)
def test_garbled_file_never_crashes(data, tmp_path, file):
    # In a process of its own: the HDF5 library may crash on garbage.
    run = subprocess.run(
        [sys.executable, "-c", MUTATE, str(data / file), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=False,
    )
    assert run.stdout.strip() == "survived", run.stderr[-2000:]


def test_file_without_permission_says_so(data, tmp_path, monkeypatch):
    path = tmp_path / "secret.nc"
    shutil.copyfile(data / "insitu_tac/cmems_testfile1.nc", path)
    source = Source.of(path)
    assert source.head

    def refuse(self, *args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableFile, match="no permission"):
        recognise(source)


@pytest.mark.parametrize("file", FILES)
def test_good_file_in_the_place_of_a_cut_off_one_is_read(data, tmp_path, file):
    path = tmp_path / "same.nc"
    content = (data / file).read_bytes()
    path.write_bytes(content[:9000])
    with pytest.raises(UnreadableFile):
        read(path)
    path.write_bytes(content)
    assert read(path)[0] > 0


@pytest.mark.parametrize("kind", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"])
@pytest.mark.parametrize("records", [0, 1, 5])
@pytest.mark.parametrize("types", [("i1",), ("i1", "f8"), ("S1", "i2", "f4")])
def test_expected_size_of_classic_files(tmp_path, kind, records, types):
    path = tmp_path / "c.nc"
    with netCDF4.Dataset(path, "w", format=kind) as file:
        file.note = "text"
        file.createDimension("n", None)
        file.createDimension("m", 3)
        file.createVariable("fixed", "i2", ("m",))[:] = [1, 2, 3]
        for i, t in enumerate(types):
            variable = file.createVariable(f"v{i}", t, ("n", "m"))
            variable.units = "1"
            if records:
                variable[:records] = np.full((records, 3), b"a" if t == "S1" else 1, t)
    size = path.stat().st_size
    with path.open("rb") as stream:
        needed = expected_size(stream)
    assert size - 3 <= needed <= size


@pytest.mark.parametrize(
    ("value", "units", "calendar", "expected"),
    [
        (0.0, "days since 1950-01-01 00:00:00 UTC", "", "1950-01-01T00:00:00"),
        (60117.00416666666, "days since 1770-01-01 00:00:00 UTC", "", "1934-08-07T00:06:00"),
        (1.5, "days since 0190-01-01 00:00:00 UTC", "proleptic_gregorian", "0190-01-02T12:00:00"),
        (2453880.602778, "days since -4713-01-01T00:00:00Z", "julian", "2006-05-24T14:28:00"),
        (730120.0, "days since 0001-01-01 00:00:00", "gregorian", "1999-12-31T00:00:00"),
        (0.25, "seconds since 1970-01-01T00:00:00Z", "", "1970-01-01T00:00:00.250"),
        (2000.5, "years since 0000-01-01", "", "2000-07-02T00:00:00"),
        (36.5, "hours since 2000-02-28 12:30", "", "2000-03-01T01:00:00"),
    ],
)
def test_times(value, units, calendar, expected):
    found = decode_time(np.array([value, np.nan]), units, calendar)
    assert found[0] == np.datetime64(expected, "ms") and np.isnat(found[1])


@pytest.mark.parametrize(
    ("units", "calendar"),
    [
        ("metres", ""),
        ("months since 2000-01-01", ""),
        ("days since 2000-01-01", "360_day"),
        ("days since 2000-13-01", ""),
    ],
)
def test_what_is_no_time(units, calendar):
    with pytest.raises(ValueError, match=r"no time units|no real days|month"):
        decode_time(np.zeros(1), units, calendar)


def test_single_precision_keeps_its_decimals():
    values = decimal(np.array([10.7, -0.1, np.nan, 350.25], np.float32))
    assert values.tolist()[:2] == [10.7, -0.1] and np.isnan(values[2])
