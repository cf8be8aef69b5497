"""The table of formats: whole, lazy, and right for every real file."""

import subprocess
import sys

import pytest

from sdcviz.formats import FORMATS, find_sources, formats, recognise

EXPECTED = {
    "argo": "argo",
    "wod/wod_classic.dat": "wod_ascii",
    "wod/wod_quota_subset.dat": "wod_ascii",
    "wod/ocldb1570984477.6279_OSD.nc": "wod_netcdf",
    "ctd_raw": "seabird",
    "medatlas": "medatlas",
    "odv": "odv",
    "odv_bio": "odv",
    "sdn_netcdf": "sdn_netcdf",
    "tabular": "delimited",
    "darwin_core": "darwin_core",
    "derived/odv_netcdf_layout_ctd.nc": "odv_netcdf",
}


def test_every_module_of_the_table_gives_its_format():
    assert [f.name for f in formats()] == [name for name, _ in FORMATS]
    assert len({f.title for f in formats()}) == len(FORMATS)


@pytest.mark.parametrize(("place", "name"), EXPECTED.items())
def test_real_files_are_recognised_whatever_their_name(data, place, name):
    with find_sources([data / place]) as sources:
        assert {recognise(source).name for source in sources} == {name}


def test_a_text_file_never_loads_netcdf(data):
    code = (
        "import sys\n"
        "from sdcviz.formats import Source, Doctor, read\n"
        f"list(read(Source.of({str(data / 'odv' / 'sample_ODV.txt')!r}), Doctor('x')))\n"
        "print([m for m in ('netCDF4', 'xarray', 'pyarrow', 'polars', 'wodpy', 'ctd')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
